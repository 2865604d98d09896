// One study file for the folders of a study that was run in several places: they may differ in the
// values that a grid lists, which are added, and in how runs are trained where that changes no
// number.
#pragma once
#include <filesystem>
#include <span>
#include <string>

namespace isoloss {

// The text of a study file that holds every grid value of all `files`: that of a file which holds
// them all where there is one, else the first one's with the others' values behind its own, without
// comments. The section `run` is that file's own where it says device, time_limit, tensor_parallel,
// data_parallel, recompute or checkpoint_every. Reads no data. InputError naming every key in which
// two files differ otherwise: another value, another first seed, an entry of the same name with
// another meaning.
std::string united_study_text(std::span<const std::filesystem::path> files);

}  // namespace isoloss
