// What a model reads before the first token of a text.
#pragma once
#include <cstdint>

namespace isoloss {

struct FirstId {
  std::int32_t id = 0;
  // Before every text, as T5's decoder and models trained here; otherwise only where nothing else
  // is there to read, as GPT-2.
  bool always = true;
};

}  // namespace isoloss
