// The small JSON files of a study folder (decisions, attempts): one object with `format`, `version`
// and, from version 2 on, the `checksum` of its content; read with messages that name file and key.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "model/spec/error.h"

namespace isoloss {

// Two-space JSON with a newline at its end; bytes that are no UTF-8 are replaced, never an error.
std::string json_text(const nlohmann::json& value);

// json_text of the object with `checksum` in it: XXH3-64, as 16 hexadecimal digits, of the object
// without it, keys in alphabetical order and no blanks.
std::string sealed_json_text(const nlohmann::json& object);

// The object in `text`; InputError naming `path` where it is no JSON, its format differs, its
// version is none of 1 to `version`, or its checksum is wrong.
nlohmann::json parse_json_file(std::string_view text, const std::filesystem::path& path,
                               std::string_view format, int version);

// object[key] as T; InputError naming `path` and `key` where it is missing or of another type.
template <class T>
T json_value(const nlohmann::json& object, const char* key, const std::filesystem::path& path) {
  try {
    return object.at(key).get<T>();
  } catch (const nlohmann::json::exception&) {
    throw InputError("cannot read " + path.string() + " (key '" + key +
                     "' is missing or of another type); remove it and run again");
  }
}

// As json_value, for a number that is null where it is not finite.
double json_real(const nlohmann::json& object, const char* key, const std::filesystem::path& path);

}  // namespace isoloss
