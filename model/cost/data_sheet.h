// What makers print of their GPUs: the peaks that measured rates are set against.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace isoloss {

struct DataSheet {
  std::string device;         // h100, h200, a100, b200: the SXM boards
  double bfloat16_flops = 0;  // per second, matrix units, dense (half of what counts sparsity)
  double float32_flops = 0;   // per second, without matrix units
  double memory_bytes = 0;    // 10^9 bytes where the maker says GB
  double memory_bytes_per_second = 0;
  double link_bytes_per_second = 0;  // NVLink, one way: half of what is printed
  std::string source = {};
};

std::span<const DataSheet> data_sheets();

// InputError with the nearest name for a device that is not listed.
const DataSheet& data_sheet(std::string_view device);

// Of the name that a driver reports ("NVIDIA H100 80GB HBM3"); null for boards that are not listed,
// among them the slower ones for PCIe slots ("PCIe", "NVL").
const DataSheet* data_sheet_of_board(std::string_view driver_name);

}  // namespace isoloss
