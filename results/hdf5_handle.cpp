#include "results/hdf5_handle.h"

#include <utility>
#include <vector>

namespace isoloss {

namespace {

constexpr std::size_t kGrowth = 1 << 16;
constexpr const char* kName = "isoloss-run-in-memory";

Hdf5Handle in_memory_access() {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access list");
  check_hdf5(H5Pset_fapl_core(access.get(), kGrowth, false), "core driver");
  return access;
}

}  // namespace

QuietHdf5::QuietHdf5() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietHdf5::~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

Hdf5Handle::Hdf5Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
  if (id < 0) throw Hdf5Error("HDF5 failed at " + what);
}

Hdf5Handle::~Hdf5Handle() {
  if (id_ >= 0) close_(id_);
}

Hdf5Handle::Hdf5Handle(Hdf5Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

void check_hdf5(herr_t status, const std::string& what) {
  if (status < 0) throw Hdf5Error("HDF5 failed at " + what);
}

Hdf5Handle create_in_memory() {
  const Hdf5Handle access = in_memory_access();
  return {H5Fcreate(kName, H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, "a new file"};
}

std::string file_image(const Hdf5Handle& file) {
  check_hdf5(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flush");
  const ssize_t size = H5Fget_file_image(file.get(), nullptr, 0);
  if (size <= 0) throw Hdf5Error("HDF5 failed at the file image");
  std::string image(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file.get(), image.data(), image.size()) != size)
    throw Hdf5Error("HDF5 failed at the file image");
  return image;
}

Hdf5Handle open_image(std::span<const char> image) {
  const Hdf5Handle access = in_memory_access();
  // HDF5 takes a pointer to mutable bytes and copies them.
  std::vector<char> bytes(image.begin(), image.end());
  check_hdf5(H5Pset_file_image(access.get(), bytes.data(), bytes.size()), "the file's bytes");
  return {H5Fopen(kName, H5F_ACC_RDONLY, access.get()), H5Fclose, "opening the file"};
}

Hdf5Handle create_group(hid_t parent, const std::string& name) {
  return {H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
          "group " + name};
}

Hdf5Handle open_group(hid_t parent, const std::string& name) {
  return {H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "group " + name};
}

}  // namespace isoloss
