// Attributes and columns of an HDF5 file: one-dimensional datasets of int64, float64 or text, one
// two-dimensional kind in float32, each with `units` and `description`. Little-endian on disk; text
// is of variable length in UTF-8. All errors are Hdf5Error.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "results/hdf5_handle.h"

namespace isoloss {

void write_attribute(hid_t object, const std::string& name, const std::string& value);
void write_attribute(hid_t object, const std::string& name, std::int64_t value);
void write_attribute(hid_t object, const std::string& name, std::uint64_t value);
void write_attribute(hid_t object, const std::string& name, double value);

bool has_attribute(hid_t object, const std::string& name);
bool has_dataset(hid_t group, const std::string& name);
void read_attribute(hid_t object, const std::string& name, std::string& value);
void read_attribute(hid_t object, const std::string& name, std::int64_t& value);
void read_attribute(hid_t object, const std::string& name, std::uint64_t& value);
void read_attribute(hid_t object, const std::string& name, double& value);

// What a column is called and means.
struct ColumnLabel {
  std::string name;
  std::string units;  // 1 where it has none
  std::string description;
};

void write_column(hid_t group, const ColumnLabel& label, std::span<const std::int64_t> values);
void write_column(hid_t group, const ColumnLabel& label, std::span<const double> values);
void write_column(hid_t group, const ColumnLabel& label, std::span<const std::string> values);
// values [rows, columns], rows one after the other.
void write_matrix(hid_t group, const ColumnLabel& label, std::span<const float> values,
                  std::size_t rows, std::size_t columns);

std::vector<std::int64_t> read_integers(hid_t group, const std::string& name);
std::vector<double> read_reals(hid_t group, const std::string& name);
std::vector<std::string> read_texts(hid_t group, const std::string& name);

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;
};
Matrix read_matrix(hid_t group, const std::string& name);

}  // namespace isoloss
