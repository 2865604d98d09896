// The section `evaluate` of a study file: how much text is held out, which one-shot tasks the runs
// are scored on, and beside them the folders of a user's own task cards and the file of public
// tasks.
#pragma once
#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"

namespace isoloss {

// Fills the study's EvaluationSpec; `section` is null where the file has none. Folders and files
// are looked up from the working folder, then upwards from the study file's. InputError with file,
// line and key: an entry that is neither a task nor a folder of cards, one given twice, tasks that
// the study's kind of data cannot give, a file that is not there, a profile that is none, points
// without anything that is scored.
void read_evaluate(const YamlView* section, Study& study);

}  // namespace isoloss
