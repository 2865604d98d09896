#include "results/json_file.h"

#include <fmt/format.h>

#include <limits>

#include "results/file_seal.h"
#include "results/unread_error.h"

namespace isoloss {

using nlohmann::json;

namespace {

std::string content_checksum(json object) {
  object.erase("checksum");
  return fmt::format("{:016x}", checksum(object.dump()));
}

}  // namespace

std::string json_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string sealed_json_text(const json& object) {
  json sealed = json::parse(json_text(object));  // as a reader will see it
  sealed["checksum"] = content_checksum(sealed);
  return json_text(sealed);
}

json parse_json_file(std::string_view text, const std::filesystem::path& path,
                     std::string_view format, int version) {
  const auto reject = [&](const std::string& reason, const std::string& advice) -> void {
    throw InputError("cannot read " + path.string() + " (" + reason + "); " + advice);
  };
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) reject("it is no JSON", "remove it and run again");
  if (!value.is_object() || value.value("format", json()) != json(format))
    reject("it is no '" + std::string(format) + "' file", "remove it and run again");
  const int found = json_value<int>(value, "version", path);
  if (found < 1 || found > version)
    throw UnreadError("cannot read " + path.string() + " (format version " + std::to_string(found) +
                      ", this program reads " + std::to_string(version) +
                      "); read it with the version of isoloss that wrote it");
  if ((found > 1 || value.contains("checksum")) &&
      json_value<std::string>(value, "checksum", path) != content_checksum(value))
    reject("its checksum does not match: it is damaged", "remove it and run again");
  return value;
}

double json_real(const json& object, const char* key, const std::filesystem::path& path) {
  if (object.contains(key) && object.at(key).is_null())
    return std::numeric_limits<double>::quiet_NaN();
  return json_value<double>(object, key, path);
}

}  // namespace isoloss
