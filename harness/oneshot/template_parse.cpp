#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/oneshot/prompt_template.h"
#include "harness/oneshot/template_tag.h"
#include "harness/oneshot/text_filters.h"

namespace isoloss {
namespace {

using Kind = TemplatePart::Kind;

class TemplateParser {
 public:
  explicit TemplateParser(const std::string& source) : source_(source) {}

  std::vector<TemplatePart> all() {
    std::vector<TemplatePart> parts = block();
    if (!closing_.empty())
      throw TemplateProblem{"{" + closing_ + "} closes nothing (no block is open); remove it"};
    return parts;
  }

 private:
  // Parts until the source or the block ends; closing_ says by which tag.
  std::vector<TemplatePart> block() {
    std::vector<TemplatePart> parts;
    std::string text;
    const auto close_text = [&] {
      if (text.empty()) return;
      TemplatePart part;
      part.text = std::exchange(text, {});
      parts.push_back(part);
    };
    closing_.clear();
    while (at_ < source_.size()) {
      const char c = source_[at_++];
      const bool twice = at_ < source_.size() && source_[at_] == c;
      if ((c == '{' || c == '}') && twice) {
        text += c;
        ++at_;
      } else if (c == '}') {
        throw TemplateProblem{"a brace } closes nothing (no tag is open); write }} for a brace"};
      } else if (c != '{') {
        text += c;
      } else {
        close_text();
        const std::vector<TagWord> words = tag_words(source_, at_);
        const std::string first =
            !words.empty() && words[0].kind == TagWord::Kind::Plain ? words[0].text : "";
        if (words.size() == 1 && (first == "end" || first == "else")) {
          closing_ = first;
          return parts;
        }
        parts.push_back(tag(first, words));
      }
    }
    close_text();
    return parts;
  }

  TemplatePart tag(const std::string& first, std::span<const TagWord> words) {
    TemplatePart part;
    if (words.size() == 1 || !(first == "each" || first == "if" || first == "with")) {
      part.kind = Kind::Field;
      part.field = parse_field(words);
      return part;
    }
    if (first == "if") {
      part = parse_if(words.subspan(1));
    } else if (first == "each") {
      part.kind = Kind::Each;
      part.field = parse_field(words.subspan(1));
      if (!part.field.filters.empty())
        throw TemplateProblem{"{each} has a filter (it takes a list as it is); remove it"};
    } else {
      part.kind = Kind::With;
      part.field.filters = parse_calls(words.subspan(1));
    }
    part.body = block();
    if (closing_ == "else" && part.kind == Kind::If) part.otherwise = block();
    if (closing_ != "end")
      throw TemplateProblem{"{" + first + "} is not closed (" +
                            (closing_.empty() ? "the template ends first" : "{else} is not its") +
                            "); write {end}"};
    closing_.clear();
    return part;
  }

  const std::string& source_;
  std::size_t at_ = 0;
  std::string closing_;
};

}  // namespace

std::vector<TemplatePart> parse_template(const std::string& source) {
  return TemplateParser(source).all();
}

}  // namespace isoloss
