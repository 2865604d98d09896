#include "tests/chaos/studies.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>

#include "model/spec/counter_random.h"

namespace isoloss::chaos {
namespace {

void write_text(const std::filesystem::path& path) {
  constexpr std::array<const char*, 12> kWords = {"alder", "birch", "cedar", "dusk",
                                                  "ember", "frost", "grove", "harbor",
                                                  "inlet", "jade",  "kelp",  "lark"};
  std::ofstream file(path);
  for (std::uint64_t i = 0; i < 20'000; ++i)
    file << kWords[random_below(7, stream_of("chaos/text"), i, kWords.size())]
         << (i % 9 == 8 ? ".\n" : " ");
}

struct Kind {
  const char* name;
  const char* schedule;
  const char* budgets;  // tokens, 64 a step
  const char* rates;
  const char* layout;
};

constexpr std::array<Kind, 3> kKinds = {{
    {"search", "rsqrt", "[128000, 256000, 1024000]",
     "{search: [0.01, 0.03], decide_at: {tokens: 128000, size: a}}", ""},
    {"branches", "wsd", "[256000, 512000, 1024000]", "[0.03]", ""},
    {"shared", "rsqrt", "[256000, 512000]", "[0.03]", ", data_parallel: 2"},
}};

}  // namespace

std::vector<ChaosStudy> write_studies(const std::filesystem::path& folder) {
  write_text(folder / "text.txt");
  std::vector<ChaosStudy> studies;
  for (const Kind& kind : kKinds) {
    const auto path = folder / fmt::format("{}.yaml", kind.name);
    std::ofstream(path) << fmt::format(
        "study: {}\n"
        "data: {{text: {}, tokenizer: bytes, validation: 0.1}}\n"
        "model: {{layers: 1, d_head: 8, sequence: 32}}\n"
        "optimizer: {{name: adafactor, schedule: {}, warmup_steps: 10, batch_tokens: 64}}\n"
        "grid:\n"
        "  architecture: [transformer]\n"
        "  size: [{{name: a, d_model: 8}}, {{name: b, d_model: 16}}]\n"
        "  budget: {{tokens: {}}}\n"
        "  learning_rate: {}\n"
        "evaluate: {{tokens: 1024}}\n"
        "run: {{threads: 1, checkpoint_every: 0.1s{}}}\n",
        kind.name, (folder / "text.txt").string(), kind.schedule, kind.budgets, kind.rates,
        kind.layout);
    studies.push_back({kind.name, path});
  }
  return studies;
}

}  // namespace isoloss::chaos
