// The forms that public corpora have: a text file that is one document (PG19), JSON lines with the
// text in a field (C4), a document a line (LM1B). Any of them may be compressed by gzip.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/data/corpus.h"

namespace isoloss {

enum class TextForm { Text, JsonLines, Lines };

// text, json or lines; InputError, with the nearest, for another name.
TextForm text_form_named(const std::string& name);

// JSON lines where the name, without .gz, ends in .json or .jsonl; lines for LM1B's shards
// (news.en-00001-of-00100, news.en.heldout-...); else a text.
TextForm form_of_name(const std::string& file);

struct DocumentForm {
  std::optional<TextForm> form;  // absent: by each file's name
  std::string field = "text";    // of JSON lines
};

// The files that a name means: itself, what a pattern matches, or every file in a folder and below
// it (hidden ones and checksums aside). Sorted; empty where there is none.
std::vector<std::string> corpus_files(const std::string& name);

// Gives each document of a file in turn. A text is given as it is; what is a line in its file gets
// one line end, so that neighbours stay apart. Blank lines and empty texts are passed over.
// `position`, where given, is told the bytes of the file that are read. InputError with file and
// line: nothing in it, no JSON, no such field, a torn gzip.
void for_each_document(const std::string& file, const DocumentForm& form,
                       const std::function<void(Document)>& visit,
                       const std::function<void(std::uint64_t)>& position = {});

}  // namespace isoloss
