// The words of task cards: measures, rankings and answer rules by name.
#pragma once
#include <span>
#include <string>

#include "harness/oneshot/task_card.h"
#include "model/yaml/yaml_view.h"

namespace isoloss {

// `NAME: MEASURE [RULE]`, such as `accuracy: right per_token` or `f1: f1 squad`; InputError at the
// value's place where a word is unknown or a rule is missing or one too many.
CardMetric parse_card_metric(const std::string& name, const YamlView& value);

// Whether a measure compares choices by a ranking, or reads what was written.
bool ranks(Measure measure);
bool reads_writing(Measure measure);

// Whether its figure is the mean of the items' values.
bool is_item_mean(Measure measure);

}  // namespace isoloss
