#include "harness/files/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

// What opening, or `use` of what was opened, complains of.
template <typename Use>
std::string problem(const std::string& bytes, Use use) {
  const Place place;
  write_durably(place.root / "x.safetensors", bytes);
  try {
    use(TensorFiles(place.root / "x.safetensors"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

std::string problem(const std::string& bytes) {
  return problem(bytes, [](const TensorFiles&) {});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The bytes are those of safetensors.torch.save (library 0.8.0), the values PyTorch's of the same
// tensors as float32.
TEST(Safetensors, TypesOfTheReferenceLibraryAreRead) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"e":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},)"
      R"("a":{"dtype":"F32","shape":[1,3],"data_offsets":[16,28]},)"
      R"("d":{"dtype":"BF16","shape":[2],"data_offsets":[28,32]},)"
      R"("c":{"dtype":"F16","shape":[4],"data_offsets":[32,40]}}     )";
  const unsigned char data[] = {0x07, 0,    0,    0,    0,    0,    0,    0,    0x55, 0x55,
                                0x55, 0x55, 0x55, 0x55, 0xd5, 0x3f, 0,    0,    0x80, 0x3f,
                                0,    0,    0x20, 0xc0, 0xcd, 0xcc, 0xcc, 0x3d, 0xcd, 0x3d,
                                0x62, 0xff, 0x66, 0x2e, 0x01, 0,    0,    0xfc, 0xff, 0x7b};
  const Place place;
  const auto path = place.root / "x.safetensors";
  write_durably(path, file_of(header, {reinterpret_cast<const char*>(data), sizeof data}));
  const TensorFiles files(path);
  using Values = std::vector<float>;
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(files.names(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(files.metadata().at("format"), "pt");
  EXPECT_EQ(files.read("a", Shape{1, 3}), (Values{1.0F, -2.5F, 0.1F}));
  EXPECT_EQ(files.read("b", Shape{1}), (Values{0.3333333432674408F}));
  EXPECT_EQ(files.read("c", Shape{4}),
            (Values{0.0999755859375F, 5.960464477539063e-08F, -INFINITY, 65504.0F}));
  EXPECT_EQ(files.read("d", Shape{2}), (Values{0.10009765625F, -3.00405527047391e+38F}));
}

// The format's own words: eight bytes of length, JSON, values at a multiple of eight.
TEST(Safetensors, AFileIsWrittenByTheFormat) {
  const Place place;
  const auto path = place.root / "new" / "x.safetensors";
  const auto fill = [](std::span<float> values) {
    values[0] = 1.0F;
    values[1] = -2.0F;
  };
  const TensorToWrite tensors[] = {{"t", {2, 1}, fill}};
  write_safetensors(path, tensors, {{"step", "7"}});
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0U);
  const std::string header = bytes.substr(8, length);
  EXPECT_EQ(
      header.substr(0, header.find_last_not_of(' ') + 1),
      R"({"__metadata__":{"step":"7"},"t":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}})");
  EXPECT_EQ(bytes.substr(8 + length), std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8));
}

TEST(Safetensors, TornAndImpossibleFilesAreRefusedByTensor) {
  const std::string good = R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_EQ(problem(file_of(good, "12345678")), "none");
  EXPECT_TRUE(contains(problem(file_of(good, "1234567")), "t lies at bytes 0 to 8 of 7"));
  EXPECT_TRUE(contains(problem("1234"), "shorter than the length of its header"));
  EXPECT_TRUE(contains(problem(file_of(good, "").substr(0, 20)), "in a file of 20"));
  EXPECT_TRUE(contains(problem(file_of("[1]", "")), "no JSON object"));
  EXPECT_TRUE(contains(problem(file_of(R"({"t":{"dtype":"F32","shape":[2]}})", "12345678")),
                       "t lacks dtype, shape or data_offsets"));
  EXPECT_TRUE(contains(
      problem(file_of(R"({"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "12345678")),
      "t of shape [3] and type F32 has 8 bytes"));
  EXPECT_TRUE(contains(
      problem(file_of(R"({"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "12345678")),
      "shape [-2]"));
}

TEST(Safetensors, OverlappingTensorsAreRefused) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})";
  EXPECT_TRUE(contains(problem(file_of(header, "123456789012")), "a and b overlap"));
}

TEST(Safetensors, AMisfitNamesTensorExpectedAndFoundShape) {
  const std::string bytes =
      file_of(R"({"weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
              R"("mask":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}})",
              "1234567812345678");
  const auto reading = [&](const std::string& name, std::vector<std::int64_t> shape) {
    return problem(bytes, [&](const TensorFiles& files) { files.read(name, shape); });
  };
  EXPECT_TRUE(contains(reading("weight", {2}), "expected shape [2], found [2, 1]"));
  EXPECT_TRUE(contains(reading("weigth", {2, 1}), "the nearest is weight"));
  EXPECT_TRUE(contains(reading("mask", {1}), "type I64"));
}

TEST(Safetensors, AnIndexNamesTheFileOfEachTensor) {
  const Place place;
  const auto fill = [](std::span<float> values) { values[0] = 3.0F; };
  const TensorToWrite first[] = {{"a", {1}, fill}}, second[] = {{"b", {1}, fill}};
  write_safetensors(place.root / "one.safetensors", first, {});
  write_safetensors(place.root / "two.safetensors", second, {});
  const auto index = place.root / "model.safetensors.index.json";
  write_durably(index, R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  EXPECT_EQ(TensorFiles(place.root).names(), (std::vector<std::string>{"a", "b"}));
  write_durably(index, R"({"weight_map":{"a":"one.safetensors","c":"two.safetensors"}})");
  try {
    TensorFiles files(place.root);
    FAIL() << "read";
  } catch (const InputError& error) {
    EXPECT_TRUE(contains(error.what(), "c is not in two.safetensors")) << error.what();
  }
}

}  // namespace
}  // namespace isoloss
