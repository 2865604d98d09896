#include "harness/data/document_forms.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "harness/data/text_reader.h"
#include "model/spec/error.h"
#include "model/spec/lone_surrogate.h"
#include "model/spec/nearest_name.h"
#include "model/spec/utf8_text.h"
#include "sweeps/study_data.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_at_line(const std::string& file, std::uint64_t line,
                               const std::string& problem) {
  throw InputError(fmt::format("{}:{}: {}", file, line, problem));
}

std::string text_of_line(const std::string& file, std::uint64_t number, const std::string& line,
                         const std::string& field) {
  nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded() && !is_utf8(line))
    fail_at_line(file, number,
                 "no UTF-8 (JSON is written in it); convert the file, by iconv for example");
  if (const auto escape = lone_surrogate(line); json.is_discarded() && !escape.empty())
    fail_at_line(file, number, lone_surrogate_refusal(escape));
  if (json.is_discarded())
    fail_at_line(file, number,
                 "no JSON (one object a line is wanted); fetch the file again, or give its form: "
                 "--form text or lines");
  if (!json.is_object())
    fail_at_line(file, number,
                 fmt::format("a JSON {} (an object with the text in a field is wanted); give the "
                             "file's form: --form text or lines",
                             json.type_name()));
  const auto found = json.find(field);
  if (found == json.end()) {
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items())
      if (value.is_string()) names.push_back(name);
    fail_at_line(file, number,
                 fmt::format("no field '{}' (fields with text here: {}); name it with --field{}",
                             field, fmt::join(names, ", "), suggestion(field, names)));
  }
  if (!found->is_string())
    fail_at_line(file, number,
                 fmt::format("field '{}' is no text (a JSON {}); name another with --field", field,
                             found->type_name()));
  return std::move(found->get_ref<std::string&>());
}

Document document(std::string name, std::string text) {
  const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
  return {std::move(name), std::move(text), hash};
}

}  // namespace

TextForm text_form_named(const std::string& name) {
  if (name == "text") return TextForm::Text;
  if (name == "json") return TextForm::JsonLines;
  if (name == "lines") return TextForm::Lines;
  const std::vector<std::string> known = {"text", "json", "lines"};
  throw InputError("--form is '" + name + "' (not a form of text); give text, json or lines" +
                   suggestion(name, known));
}

TextForm form_of_name(const std::string& file) {
  std::string name = fs::path(file).filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".json") || name.ends_with(".jsonl")) return TextForm::JsonLines;
  return name.starts_with("news.en-") || name.starts_with("news.en.heldout-") ? TextForm::Lines
                                                                              : TextForm::Text;
}

std::vector<std::string> corpus_files(const std::string& name) {
  if (!fs::is_directory(name)) return matching_files(name, ".");
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(name)) {
    const std::string file = entry.path().filename().string();
    if (entry.is_regular_file() && !file.starts_with('.') && !file.ends_with(".md5"))
      files.push_back(fs::absolute(entry.path()).lexically_normal().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void for_each_document(const std::string& file, const DocumentForm& form,
                       const std::function<void(Document)>& visit,
                       const std::function<void(std::uint64_t)>& position) {
  TextReader reader(file);
  std::uint64_t documents = 0;
  const auto give = [&](std::string name, std::string text) {
    if (text.empty()) return;
    ++documents;
    visit(document(std::move(name), std::move(text)));
    if (position) position(reader.position());
  };
  const TextForm kind = form.form.value_or(form_of_name(file));
  if (kind == TextForm::Text) {
    give(file, reader.rest());
  } else {
    std::string line;
    for (std::uint64_t number = 1; reader.next_line(line); ++number) {
      if (line.find_first_not_of(" \t") == std::string::npos) continue;
      std::string text =
          kind == TextForm::Lines ? line : text_of_line(file, number, line, form.field);
      if (!text.empty() && text.back() != '\n') text.push_back('\n');
      give(fmt::format("{}:{}", file, number), std::move(text));
    }
  }
  if (documents == 0)
    throw InputError(
        fmt::format("{} is empty (a document needs text); remove it from the text", file));
}

}  // namespace isoloss
