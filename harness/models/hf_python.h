// The text of harness/huggingface/configuration_isoloss.py and modeling_isoloss.py, which an
// exported folder brings along so that transformers can run every architecture.
#pragma once
#include <string_view>

namespace isoloss {

extern const std::string_view kConfigurationPython;
extern const std::string_view kModelingPython;

}  // namespace isoloss
