// What a model computes, for references in other languages to compare with:
//   model_values ARCHITECTURE FOLDER [KEY=VALUE ...]
// KEY is a field of the spec (model/spec/spec_fields.h), or one of seed, batch, steps, dtype
// (float32, float64, bfloat16), kernels (fused, reference), learning_rate, warmup (steps), z_loss.
// perturb=S adds S times a normal number to every weight, so that ones and zeros hide no mix-up.
// Writes to FOLDER, as .npy in C order:
//   weights.NAME, gradients.NAME  float64, every tensor of the parameter table: initial weights,
//   and
//                                 gradients of the first batch's mean cross-entropy + z_loss mean
//                                 log(Z)^2
//   tokens  int32 [max(steps, 1), batch, sequence]; inputs are these shifted right, id 0 first
//   logits  float64 [batch, sequence, vocabulary] of the first batch
//   losses  float64 [max(steps, 1)]: mean cross-entropy before each of `steps` Adafactor updates
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/training/optimizer.h"
#include "model/layers/language_model.h"
#include "model/spec/catalogue.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "model/spec/spec_fields.h"
#include "sweeps/run_spec.h"

namespace isoloss {
namespace {

// NumPy's format 1.0: magic, length of the header, the header padded to 64 bytes, the data.
template <typename T>
void write_npy(const std::filesystem::path& file, const std::vector<std::int64_t>& shape,
               std::span<const T> data) {
  std::string header = "{'descr': '";
  header += std::is_same_v<T, std::int32_t> ? "<i4" : "<f8";
  header += "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t extent : shape) header += std::to_string(extent) + ",";
  header += ")}";
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::ofstream out(file, std::ios::binary);
  out.write("\x93NUMPY\x01\x00", 8);
  out.put(static_cast<char>(header.size() % 256));
  out.put(static_cast<char>(header.size() / 256));
  out << header;
  out.write(reinterpret_cast<const char*>(data.data()),
            static_cast<std::streamsize>(data.size_bytes()));
  if (!out) throw WorkError(file.string() + " could not be written (disk full?); free some space");
}

// Text that can be learned: each id follows from the one before, or is drawn anew one time in
// eight.
std::vector<std::int32_t> make_tokens(std::int64_t count, std::int64_t vocabulary) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  std::uint64_t last = 0;
  const auto size = static_cast<std::uint64_t>(vocabulary);
  for (std::uint64_t i = 0; i < tokens.size(); ++i) {
    const bool anew = random_below(7, 1, i, 8) == 0;
    last = anew ? random_below(7, 2, i, size) : (3 * last + 5) % size;
    tokens[i] = static_cast<std::int32_t>(last);
  }
  return tokens;
}

struct Request {
  ModelSpec spec;
  ModelOptions options;
  OptimizerSpec optimizer;
  std::uint64_t seed = 1;
  std::int64_t batch = 4;
  std::int64_t steps = 0;
  double perturb = 0;
};

Request read_request(std::span<char*> arguments) {
  Request request;
  request.spec = named_architecture(arguments[1]);
  request.optimizer.kind = OptimizerKind::Adafactor;
  const std::map<std::string, std::function<void(const std::string&)>> own = {
      {"seed", [&](const std::string& value) { request.seed = std::stoull(value); }},
      {"batch", [&](const std::string& value) { request.batch = std::stoll(value); }},
      {"steps", [&](const std::string& value) { request.steps = std::stoll(value); }},
      {"perturb", [&](const std::string& value) { request.perturb = std::stod(value); }},
      {"z_loss", [&](const std::string& value) { request.optimizer.z_loss = std::stod(value); }},
      {"learning_rate",
       [&](const std::string& value) { request.optimizer.learning_rate = std::stod(value); }},
      {"warmup",
       [&](const std::string& value) { request.optimizer.warmup_steps = std::stoll(value); }},
      {"kernels",
       [&](const std::string& value) {
         request.options.kernels = value == "reference" ? Kernels::Reference : Kernels::Fused;
       }},
      {"dtype",
       [&](const std::string& value) {
         request.options.precision = value == "float64"    ? Precision::Float64
                                     : value == "bfloat16" ? Precision::BFloat16
                                                           : Precision::Float32;
       }},
  };
  for (const std::string argument : arguments.subspan(3)) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos)
      throw InputError("'" + argument + "' is not KEY=VALUE; see the top of model_values.cpp");
    const std::string key = argument.substr(0, equals), value = argument.substr(equals + 1);
    if (const auto found = own.find(key); found != own.end())
      found->second(value);
    else
      set_field(request.spec, key, value);
  }
  check(request.spec);
  return request;
}

template <typename Real>
void perturb(const ParameterTable& table, double scale, std::span<Real> buffer) {
  for (const Parameter& parameter : table.parameters)
    for (std::int64_t i = 0; i < parameter.size(); ++i)
      buffer[static_cast<std::size_t>(parameter.offset + i)] += static_cast<Real>(
          scale * random_normal(8, stream_of(parameter.name), static_cast<std::uint64_t>(i)));
}

template <typename Real>
void write_tensors(const std::filesystem::path& folder, const std::string& prefix,
                   const ParameterTable& table, std::span<const Real> buffer) {
  for (const Parameter& parameter : table.parameters) {
    const auto part = buffer.subspan(static_cast<std::size_t>(parameter.offset),
                                     static_cast<std::size_t>(parameter.size()));
    const std::vector<double> values(part.begin(), part.end());
    write_npy<double>(folder / (prefix + parameter.name + ".npy"), parameter.shape, values);
  }
}

template <typename Real>
void write_values(const Request& request, LanguageModel& model, std::span<Real> weights,
                  std::span<Real> gradients, const std::filesystem::path& folder) {
  const std::int64_t length = request.spec.sequence;
  const std::int64_t steps = std::max<std::int64_t>(request.steps, 1);
  const std::int64_t step_tokens = request.batch * length;
  const std::vector<std::int32_t> tokens =
      make_tokens(steps * step_tokens, request.spec.vocabulary);
  write_npy<std::int32_t>(folder / "tokens.npy", {steps, request.batch, length}, tokens);
  perturb(model.table(), request.perturb, weights);
  write_tensors<Real>(folder, "weights.", model.table(), weights);

  std::vector<std::int32_t> inputs(static_cast<std::size_t>(step_tokens));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = i % static_cast<std::size_t>(length) == 0 ? 0 : tokens[i - 1];
  write_npy<double>(folder / "logits.npy", {request.batch, length, request.spec.vocabulary},
                    model.logits(inputs, length));

  std::vector<double> losses;
  std::vector<Real> state(
      static_cast<std::size_t>(optimizer_state_size(model.table(), request.optimizer)));
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto batch = std::span(tokens).subspan(static_cast<std::size_t>(step * step_tokens),
                                                 static_cast<std::size_t>(step_tokens));
    losses.push_back(model.loss_and_gradients(batch, {.z_loss = request.optimizer.z_loss}));
    if (step == 0) write_tensors<Real>(folder, "gradients.", model.table(), gradients);
    optimizer_step<Real>(model.table(), request.optimizer, step, gradients, weights, state);
  }
  write_npy<double>(folder / "losses.npy", {steps}, losses);
}

int run(std::span<char*> arguments) {
  if (arguments.size() < 3)
    throw InputError("usage: model_values ARCHITECTURE FOLDER [KEY=VALUE ...]");
  const Request request = read_request(arguments);
  const std::filesystem::path folder = arguments[2];
  std::filesystem::create_directories(folder);
  set_intra_op_threads(1);
  LanguageModel model(request.spec, request.seed, request.options);
  if (request.options.precision == Precision::Float64)
    write_values<double>(request, model, model.weights64(), model.gradients64(), folder);
  else
    write_values<float>(request, model, model.weights32(), model.gradients32(), folder);
  return 0;
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  try {
    return isoloss::run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "model_values: %s\n", error.what());
    return 2;
  }
}
