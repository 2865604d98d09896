#include "harness/data/dataset.h"

#include <fmt/format.h>

#include "harness/data/synthetic_floor.h"
#include "harness/data/text_dataset.h"
#include "harness/data/token_file.h"
#include "harness/data/token_file_dataset.h"
#include "harness/data/token_file_folder.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

std::filesystem::path cached(const std::filesystem::path& cache, std::uint64_t source_hash) {
  return cache / fmt::format("tokens-{:016x}.bin", source_hash);
}

// The name tells what a cached file holds; one that holds something else was put there by hand.
TokenFile open_cached(const std::filesystem::path& path, std::uint64_t source_hash) {
  TokenFile file(path);
  if (file.source_hash() != source_hash)
    throw InputError(fmt::format(
        "{} holds the tokens of another source (its header names {:016x}); delete it and run again",
        path.string(), file.source_hash()));
  return file;
}

std::string described(const std::vector<std::string>& files) {
  return files.size() == 1 ? files[0] : fmt::format("{} and {} more", files[0], files.size() - 1);
}

std::shared_ptr<const Dataset> open_text(const DataSpec& data, std::int64_t sequence,
                                         std::int64_t evaluation_tokens,
                                         const std::filesystem::path& cache,
                                         const std::function<void()>& between) {
  TextPreparation preparation(text_source(data), cache / "tokens.bin",
                              [&](const char*, double, double) { between(); });
  const std::uint64_t hash = preparation.source_hash();
  const std::filesystem::path path = cached(cache, hash);
  if (!std::filesystem::exists(path)) preparation.write(path);
  return token_file_dataset(open_cached(path, hash), sequence, evaluation_tokens,
                            described(data.files));
}

std::shared_ptr<const Dataset> open_synthetic(const DataSpec& data, std::int64_t sequence,
                                              std::int64_t evaluation_tokens,
                                              const std::filesystem::path& cache) {
  auto language = std::make_shared<const SyntheticLanguage>(make_language(data.synthetic));
  const std::uint64_t hash = synthetic_source_hash(data.synthetic, data.validation);
  const std::filesystem::path path = cached(cache, hash);
  if (!std::filesystem::exists(path)) write_synthetic(*language, data.validation, path);
  return token_file_dataset(open_cached(path, hash), sequence, evaluation_tokens, "data.synthetic",
                            std::move(language));
}

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const DataSpec& data, std::int64_t sequence,
                                            std::int64_t evaluation_tokens,
                                            const std::filesystem::path& cache,
                                            const std::function<void()>& between) {
  if (sequence < 1)
    throw InputError(fmt::format("model.sequence is {} (too small); give at least 1", sequence));
  if (data.kind == DataKind::Text)
    return open_text(data, sequence, evaluation_tokens, cache, between);
  if (data.kind == DataKind::Synthetic)
    return open_synthetic(data, sequence, evaluation_tokens, cache);
  if (data.files.empty())
    throw InputError(
        "data.tokens names no folder (it is empty); name one that `isoloss data "
        "prepare` wrote");
  return open_token_folder(data.files[0], sequence, evaluation_tokens);
}

}  // namespace isoloss
