// Which part each document of a corpus belongs to.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "harness/data/corpus.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// The first place at or after `position` where no UTF-8 character is cut.
std::size_t character_boundary(std::string_view text, std::size_t position) {
  while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80)
    ++position;
  return position;
}

// A text from byte `first` on, its first half for selection, its second for report.
std::vector<PartPiece> halves(std::string_view text, std::size_t first) {
  const std::size_t middle = character_boundary(text, first + (text.size() - first) / 2);
  return {{Part::Selection, text.substr(first, middle - first)},
          {Part::Report, text.substr(middle)}};
}

}  // namespace

Division::Division(std::uint64_t documents, std::uint64_t bytes, double validation)
    : left_(documents),
      documents_(documents),
      validation_(validation),
      wanted_(static_cast<double>(bytes) * validation / 2) {
  if (!(validation > 0 && validation < 1))
    throw InputError(fmt::format(
        "data.validation is {} (it is the share of the text held out); give a number between 0 "
        "and 1, such as 0.05",
        validation));
}

Division Division::held_out(std::uint64_t documents, std::uint64_t bytes) {
  Division division;
  division.left_ = division.documents_ = documents;
  division.wanted_ = static_cast<double>(bytes) / 2;
  division.all_held_out_ = true;
  return division;
}

Division Division::training() {
  Division division;
  division.filling_ = Part::Training;
  return division;
}

bool Division::take(Part part, std::uint64_t leave, double wanted, std::size_t size) {
  if (filling_ != part) return false;
  if (taken_ < wanted && left_ > leave) {
    taken_ += static_cast<double>(size);
    return true;
  }
  filling_ = part == Part::Selection ? Part::Report : Part::Training;
  taken_ = 0;
  return false;
}

std::vector<PartPiece> Division::next(std::string_view text) {
  if (filling_ == Part::Training) return {{Part::Training, text}};
  if (documents_ == 1 && all_held_out_) return halves(text, 0);
  if (documents_ == 1) {
    const double kept = std::floor(static_cast<double>(text.size()) * (1 - validation_));
    const std::size_t first = character_boundary(text, static_cast<std::size_t>(kept));
    std::vector<PartPiece> pieces = halves(text, first);
    pieces.insert(pieces.begin(), {Part::Training, text.substr(0, first)});
    return pieces;
  }
  if (documents_ == 2 && !all_held_out_) {
    filling_ = Part::Training;
    return halves(text, 0);
  }
  const std::uint64_t kept = all_held_out_ ? 0 : 1;
  const double all = std::numeric_limits<double>::infinity();
  Part part = Part::Training;
  if (take(Part::Selection, kept + 1, wanted_, text.size()))
    part = Part::Selection;
  else if (take(Part::Report, kept, all_held_out_ ? all : wanted_, text.size()))
    part = Part::Report;
  --left_;
  return {{part, text}};
}

}  // namespace isoloss
