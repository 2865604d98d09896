// What every rank of a job must do before any may go on.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "harness/ranks/gather_bytes.h"
#include "model/parallel/communicator.h"
#include "model/spec/error.h"

namespace isoloss {

// Does `work` on every rank and throws on all of them the InputError that one of them threw;
// collective.
template <typename Work>
auto on_every_rank(Communicator& ranks, const Work& work) {
  std::optional<decltype(work())> result;
  std::string problem;
  try {
    result.emplace(work());
  } catch (const InputError& error) {
    problem = error.what();
  }
  for (const std::string& its : gather_bytes(ranks, problem))
    if (!its.empty()) throw InputError(its);
  return std::move(*result);
}

}  // namespace isoloss
