#include "harness/oneshot/datasets/xml_records.h"

#include <fmt/format.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>
#include <utility>

#include "harness/oneshot/datasets/squeezed.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using boost::property_tree::ptree;
using nlohmann::json;

constexpr const char* kAttributes = "<xmlattr>";
constexpr const char* kComment = "<xmlcomment>";

json element_value(const ptree& element) {
  json object = json::object();
  for (const auto& [name, child] : element) {
    if (name == kComment) continue;
    if (name == kAttributes) {
      for (const auto& [attribute, value] : child) object[attribute] = value.data();
      continue;
    }
    json value = element_value(child);
    if (!object.contains(name)) {
      object[name] = std::move(value);
    } else {
      json& there = object[name];
      if (!there.is_array()) there = json::array({std::move(there)});
      there.push_back(std::move(value));
    }
  }
  if (object.empty()) return squeezed(element.data());
  return object;
}

}  // namespace

std::vector<DataRecord> xml_records(std::string_view text, const std::string& file) {
  ptree document;
  std::istringstream in{std::string(text)};
  try {
    read_xml(in, document);
  } catch (const boost::property_tree::xml_parser_error& error) {
    throw InputError(fmt::format("{}:{}: no XML ({}); fetch the file again", file, error.line(),
                                 error.message()));
  }
  std::vector<DataRecord> records;
  for (const auto& [root, outermost] : document) {
    if (root == kComment) continue;
    for (const auto& [name, element] : outermost) {
      if (name == kAttributes || name == kComment) continue;
      records.push_back(
          {element_value(element), fmt::format("{} ({} {})", file, name, records.size() + 1)});
      if (!records.back().value.is_object())
        throw InputError(records.back().place +
                         ": text alone (an element with parts is wanted); fetch the file again");
    }
  }
  return records;
}

}  // namespace isoloss
