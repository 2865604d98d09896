#include "results/hdf5_values.h"

#include <array>

namespace isoloss {

namespace {

struct Types {
  hid_t disk;
  hid_t memory;
};
Types types_of(const std::int64_t*) { return {H5T_STD_I64LE, H5T_NATIVE_INT64}; }
Types types_of(const std::uint64_t*) { return {H5T_STD_U64LE, H5T_NATIVE_UINT64}; }
Types types_of(const double*) { return {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE}; }
Types types_of(const float*) { return {H5T_IEEE_F32LE, H5T_NATIVE_FLOAT}; }

Hdf5Handle text_type() {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "text type");
  check_hdf5(H5Tset_size(type.get(), H5T_VARIABLE), "text type");
  check_hdf5(H5Tset_cset(type.get(), H5T_CSET_UTF8), "text type");
  return type;
}

Hdf5Handle scalar() { return {H5Screate(H5S_SCALAR), H5Sclose, "scalar space"}; }

void write_scalar(hid_t object, const std::string& name, Types types, const void* value) {
  const Hdf5Handle space = scalar();
  const Hdf5Handle attribute(
      H5Acreate2(object, name.c_str(), types.disk, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      "attribute " + name);
  check_hdf5(H5Awrite(attribute.get(), types.memory, value), "attribute " + name);
}

// One value of the class that is asked for, so that what is read fills exactly one variable.
Hdf5Handle open_scalar(hid_t object, const std::string& name, H5T_class_t wanted) {
  Hdf5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  const Hdf5Handle space(H5Aget_space(attribute.get()), H5Sclose, "attribute " + name);
  const Hdf5Handle type(H5Aget_type(attribute.get()), H5Tclose, "attribute " + name);
  if (H5Sget_simple_extent_npoints(space.get()) != 1 || H5Tget_class(type.get()) != wanted ||
      (wanted == H5T_STRING && H5Tis_variable_str(type.get()) <= 0))
    throw Hdf5Error("attribute " + name + " has another type");
  return attribute;
}

template <class T>
void read_scalar(hid_t object, const std::string& name, H5T_class_t wanted, T& value) {
  const Hdf5Handle attribute = open_scalar(object, name, wanted);
  check_hdf5(H5Aread(attribute.get(), types_of(&value).memory, &value), "attribute " + name);
}

void write_dataset(hid_t group, const ColumnLabel& label, std::span<const hsize_t> shape,
                   Types types, const void* values) {
  const std::string what = "dataset " + label.name;
  const Hdf5Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
                         H5Sclose, what);
  const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, what);
  // Equal records give equal files: no times of creation inside.
  check_hdf5(H5Pset_obj_track_times(creation.get(), false), what);
  const Hdf5Handle dataset(H5Dcreate2(group, label.name.c_str(), types.disk, space.get(),
                                      H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                           H5Dclose, what);
  std::size_t count = 1;
  for (const hsize_t extent : shape) count *= extent;
  if (count > 0)
    check_hdf5(H5Dwrite(dataset.get(), types.memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), what);
  write_attribute(dataset.get(), "units", label.units);
  write_attribute(dataset.get(), "description", label.description);
}

struct OpenDataset {
  Hdf5Handle dataset;
  std::array<hsize_t, 2> shape;
};

OpenDataset open_dataset(hid_t group, const std::string& name, int rank, H5T_class_t wanted) {
  const std::string what = "dataset " + name;
  Hdf5Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, what);
  const Hdf5Handle space(H5Dget_space(dataset.get()), H5Sclose, what);
  const Hdf5Handle type(H5Dget_type(dataset.get()), H5Tclose, what);
  std::array<hsize_t, 2> shape{0, 0};
  if (H5Tget_class(type.get()) != wanted || H5Sget_simple_extent_ndims(space.get()) != rank ||
      H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr) != rank)
    throw Hdf5Error(what + " has another type or shape");
  return {std::move(dataset), shape};
}

template <class T>
std::vector<T> read_vector(hid_t group, const std::string& name, H5T_class_t wanted) {
  const OpenDataset open = open_dataset(group, name, 1, wanted);
  std::vector<T> values(open.shape[0]);
  if (!values.empty())
    check_hdf5(H5Dread(open.dataset.get(), types_of(values.data()).memory, H5S_ALL, H5S_ALL,
                       H5P_DEFAULT, values.data()),
               "dataset " + name);
  return values;
}

}  // namespace

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
  const Hdf5Handle type = text_type();
  const char* text = value.c_str();
  write_scalar(object, name, {type.get(), type.get()}, static_cast<const void*>(&text));
}

void write_attribute(hid_t object, const std::string& name, std::int64_t value) {
  write_scalar(object, name, types_of(&value), &value);
}

void write_attribute(hid_t object, const std::string& name, std::uint64_t value) {
  write_scalar(object, name, types_of(&value), &value);
}

void write_attribute(hid_t object, const std::string& name, double value) {
  write_scalar(object, name, types_of(&value), &value);
}

bool has_attribute(hid_t object, const std::string& name) {
  return H5Aexists(object, name.c_str()) > 0;
}

bool has_dataset(hid_t group, const std::string& name) {
  return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0;
}

void read_attribute(hid_t object, const std::string& name, std::string& value) {
  const Hdf5Handle attribute = open_scalar(object, name, H5T_STRING);
  const Hdf5Handle type = text_type();
  char* text = nullptr;
  check_hdf5(H5Aread(attribute.get(), type.get(), static_cast<void*>(&text)), "attribute " + name);
  value = text == nullptr ? "" : text;
  H5free_memory(text);
}

void read_attribute(hid_t object, const std::string& name, std::int64_t& value) {
  read_scalar(object, name, H5T_INTEGER, value);
}

void read_attribute(hid_t object, const std::string& name, std::uint64_t& value) {
  read_scalar(object, name, H5T_INTEGER, value);
}

void read_attribute(hid_t object, const std::string& name, double& value) {
  read_scalar(object, name, H5T_FLOAT, value);
}

void write_column(hid_t group, const ColumnLabel& label, std::span<const std::int64_t> values) {
  const std::array<hsize_t, 1> shape{values.size()};
  write_dataset(group, label, shape, types_of(values.data()), values.data());
}

void write_column(hid_t group, const ColumnLabel& label, std::span<const double> values) {
  const std::array<hsize_t, 1> shape{values.size()};
  write_dataset(group, label, shape, types_of(values.data()), values.data());
}

void write_column(hid_t group, const ColumnLabel& label, std::span<const std::string> values) {
  const Hdf5Handle type = text_type();
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) texts.push_back(value.c_str());
  const std::array<hsize_t, 1> shape{values.size()};
  write_dataset(group, label, shape, {type.get(), type.get()},
                static_cast<const void*>(texts.data()));
}

void write_matrix(hid_t group, const ColumnLabel& label, std::span<const float> values,
                  std::size_t rows, std::size_t columns) {
  const std::array<hsize_t, 2> shape{rows, columns};
  write_dataset(group, label, shape, types_of(values.data()), values.data());
}

std::vector<std::int64_t> read_integers(hid_t group, const std::string& name) {
  return read_vector<std::int64_t>(group, name, H5T_INTEGER);
}

std::vector<double> read_reals(hid_t group, const std::string& name) {
  return read_vector<double>(group, name, H5T_FLOAT);
}

std::vector<std::string> read_texts(hid_t group, const std::string& name) {
  const OpenDataset open = open_dataset(group, name, 1, H5T_STRING);
  const Hdf5Handle type = text_type();
  std::vector<char*> texts(open.shape[0], nullptr);
  if (!texts.empty())
    check_hdf5(H5Dread(open.dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       static_cast<void*>(texts.data())),
               "dataset " + name);
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (char* text : texts) {
    values.emplace_back(text == nullptr ? "" : text);
    H5free_memory(text);
  }
  return values;
}

Matrix read_matrix(hid_t group, const std::string& name) {
  const OpenDataset open = open_dataset(group, name, 2, H5T_FLOAT);
  Matrix matrix{open.shape[0], open.shape[1], {}};
  matrix.values.resize(matrix.rows * matrix.columns);
  if (!matrix.values.empty())
    check_hdf5(H5Dread(open.dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       matrix.values.data()),
               "dataset " + name);
  return matrix;
}

}  // namespace isoloss
