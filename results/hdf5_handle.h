// Owning handles of HDF5's C API and the one place where its return codes are checked. HDF5 prints
// its error stack by default; QuietHdf5 silences that while it lives. Files are built and read in
// memory (the core driver), so HDF5 itself never touches the disk.
#pragma once
#include <hdf5.h>

#include <span>
#include <stdexcept>
#include <string>

namespace isoloss {

// A call of HDF5 failed; the text says which, without advice: the callers know the file.
struct Hdf5Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class QuietHdf5 {
 public:
  QuietHdf5();
  ~QuietHdf5();
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  // Owns `id`; Hdf5Error naming `what` where it is negative.
  Hdf5Handle(hid_t id, Close close, const std::string& what);
  ~Hdf5Handle();
  Hdf5Handle(Hdf5Handle&& other) noexcept;
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;

  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

// Hdf5Error naming `what` where the status is negative.
void check_hdf5(herr_t status, const std::string& what);

// An empty file in memory, to be turned into bytes by file_image.
Hdf5Handle create_in_memory();
// The bytes of a file made by create_in_memory.
std::string file_image(const Hdf5Handle& file);
// Opens bytes as a file for reading; the bytes are copied.
Hdf5Handle open_image(std::span<const char> image);

Hdf5Handle create_group(hid_t parent, const std::string& name);
Hdf5Handle open_group(hid_t parent, const std::string& name);

}  // namespace isoloss
