// GPT-2's tokenizer (Radford et al. 2019, section 2.2; its vocab.json and merges.txt, or the
// tokenizer.json of transformers): text is cut into words by a fixed pattern, a word's bytes are
// joined pair by pair, the pair of the lowest rank first (Sennrich et al. 2016).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/data/tokenizer.h"

namespace isoloss {

// The words of a text, in order and together the whole of it: a contraction ('s 't 're 've 'm 'll
// 'd), or with at most one space before them letters, digits, or other characters; white space,
// where a word follows all but its last character. Letters and digits are Unicode's L and N.
std::vector<std::string_view> byte_pair_words(std::string_view text);

// `vocabulary` is a JSON object of tokens to ids, `merges` lines of two tokens, first the lowest
// rank; bytes that are not printable are written as GPT-2 writes them. Names of special tokens in a
// text are text. The end id is that of <|endoftext|>. InputError naming `source`.
std::unique_ptr<Tokenizer> byte_pair_tokenizer(const std::string& vocabulary,
                                               const std::string& merges,
                                               const std::string& source);

// The same of a tokenizer.json; InputError where it asks for another kind of tokenizer.
std::unique_ptr<Tokenizer> byte_pair_tokenizer_json(const std::string& json,
                                                    const std::string& source);

}  // namespace isoloss
