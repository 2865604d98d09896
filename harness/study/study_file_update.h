// Which study file a folder keeps when it is run with one that has changed: added grid values
// extend the study, and what would give its trials a second meaning is refused.
#pragma once
#include <string>

#include "results/study_folder.h"
#include "sweeps/study.h"

namespace isoloss {

// The text of `study` where the folder has no study file, has a damaged one, or has trained
// nothing yet; else that of study_update (study_union.h): no grid value that the folder knows is
// forgotten. InputError where the folder belongs to a study of another name, or naming every key
// that changed with both ways out. Paths of the data may change where their content has not, and a
// default may be spelt out.
std::string study_text_to_store(const StudyFolder& folder, const Study& study);

// Stores that text, with its sum (study_sum.h), where the file holds another. Of several that do so
// at once, with files that differ in grid values, the folder keeps the values of all.
void store_study_file(const StudyFolder& folder, const Study& study);

}  // namespace isoloss
