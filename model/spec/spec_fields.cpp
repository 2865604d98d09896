#include "model/spec/spec_fields.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"

namespace isoloss {
namespace {

template <typename Enum, std::size_t n>
using Names = std::array<std::pair<Enum, const char*>, n>;

constexpr Names<Activation, 10> kActivations{{{Activation::Relu, "relu"},
                                              {Activation::Gelu, "gelu"},
                                              {Activation::GeluErf, "gelu_erf"},
                                              {Activation::Swish, "swish"},
                                              {Activation::Elu, "elu"},
                                              {Activation::Selu, "selu"},
                                              {Activation::Sigmoid, "sigmoid"},
                                              {Activation::Softplus, "softplus"},
                                              {Activation::SquaredRelu, "squared_relu"},
                                              {Activation::Linear, "linear"}}};
constexpr Names<FeedForwardBias, 3> kFeedForwardBiases{{{FeedForwardBias::Both, "true"},
                                                        {FeedForwardBias::In, "in"},
                                                        {FeedForwardBias::None, "false"}}};
constexpr Names<Norm, 4> kNorms{
    {{Norm::Layer, "layer"}, {Norm::Rms, "rms"}, {Norm::Primer, "primer"}, {Norm::None, "none"}}};
constexpr Names<NormPlacement, 4> kPlacements{{{NormPlacement::Pre, "pre"},
                                               {NormPlacement::Post, "post"},
                                               {NormPlacement::Primer, "primer"},
                                               {NormPlacement::Both, "both"}}};
constexpr Names<ConvolutionPlace, 2> kConvolutionPlaces{
    {{ConvolutionPlace::AfterProjection, "after_projection"},
     {ConvolutionPlace::BeforeProjection, "before_projection"}}};
constexpr Names<SharedQk, 3> kSharedQk{
    {{SharedQk::No, "false"}, {SharedQk::Full, "true"}, {SharedQk::PerHead, "per_head"}}};
constexpr Names<AttentionScale, 2> kAttentionScales{
    {{AttentionScale::Folded, "folded"}, {AttentionScale::RunTime, "run_time"}}};
constexpr Names<Positions, 5> kPositions{{{Positions::Relative, "relative"},
                                          {Positions::Learned, "learned"},
                                          {Positions::Sinusoidal, "sinusoidal"},
                                          {Positions::Rotary, "rotary"},
                                          {Positions::None, "none"}}};
constexpr Names<Initialization, 2> kInitializations{
    {{Initialization::T5, "t5"}, {Initialization::Gpt2, "gpt2"}}};

// Compilers print an enumerator by its name, and a number that is none as a cast.
template <auto value>
consteval bool is_enumerator() {
  const std::string_view text = __PRETTY_FUNCTION__;
  return text.find(')', text.rfind('=')) == std::string_view::npos;
}

template <typename Enum, std::size_t n>
SpecField choice(const char* name, const char* meaning, Enum ModelSpec::*member,
                 const Names<Enum, n>& names) {
  static_assert(is_enumerator<static_cast<Enum>(n - 1)>() && !is_enumerator<static_cast<Enum>(n)>(),
                "as many names as enumerators");
  std::vector<std::string> choices;
  for (const auto& [value, text] : names) choices.emplace_back(text);
  return {name, meaning, choices,
          [member, &names](const ModelSpec& spec) -> std::string {
            for (const auto& [value, text] : names)
              if (value == spec.*member) return text;
            return {};
          },
          [member, &names, name, choices](ModelSpec& spec, const std::string& text) {
            for (const auto& [value, known] : names)
              if (text == known) {
                spec.*member = value;
                return;
              }
            throw InputError(std::string(name) + " is '" + text + "' (not one of its choices)" +
                             suggestion(text, choices));
          }};
}

SpecField number(const char* name, const char* meaning, std::int64_t ModelSpec::*member) {
  return {name,
          meaning,
          {},
          [member](const ModelSpec& spec) { return std::to_string(spec.*member); },
          [member, name](ModelSpec& spec, const std::string& text) {
            const auto value = parse_whole(text);
            if (!value)
              throw InputError(std::string(name) + " is '" + text + "' (" + why_not_whole(text) +
                               "); give a whole number");
            spec.*member = *value;
          }};
}

SpecField real(const char* name, const char* meaning, double ModelSpec::*member) {
  return {
      name,
      meaning,
      {},
      [member](const ModelSpec& spec) {
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), spec.*member);
        return std::string(text.data(), end.ptr);
      },
      [member, name](ModelSpec& spec, const std::string& text) {
        const char* end = text.data() + text.size();
        const auto [stop, code] = std::from_chars(text.data(), end, spec.*member);
        if (code != std::errc() || stop != end)
          throw InputError(std::string(name) + " is '" + text + "' (not a number); give a number");
      }};
}

SpecField yes_no(const char* name, const char* meaning, bool ModelSpec::*member) {
  return {
      name,
      meaning,
      {"true", "false"},
      [member](const ModelSpec& spec) -> std::string { return spec.*member ? "true" : "false"; },
      [member, name](ModelSpec& spec, const std::string& text) {
        if (text != "true" && text != "false")
          throw InputError(std::string(name) + " is '" + text +
                           "' (not true or false); give true or false");
        spec.*member = text == "true";
      }};
}

SpecField words(const char* name, const char* meaning, std::string ModelSpec::*member) {
  return {name,
          meaning,
          {},
          [member](const ModelSpec& spec) { return spec.*member; },
          [member](ModelSpec& spec, const std::string& text) { spec.*member = text; }};
}

// Here as well as in check(), so that what reads a study names the key.
SpecField convolved_parts() {
  SpecField field = words("convolution_on", "which of q, k, v are convolved, in this order",
                          &ModelSpec::convolution_on);
  field.choices = {"q", "k", "v", "qk", "qv", "kv", "qkv"};
  field.set = [](ModelSpec& spec, const std::string& text) {
    ModelSpec frame;
    frame.convolution_on = text;
    check(frame);
    spec.convolution_on = text;
  };
  return field;
}

SpecField later(SpecField field) {
  field.named_at_default = false;
  return field;
}

std::vector<SpecField> make_fields() {
  return {
      words("architecture", "name of the architecture", &ModelSpec::architecture),
      words("size", "name of the size", &ModelSpec::size),
      choice("activation", "of the feed-forward", &ModelSpec::activation, kActivations),
      yes_no("gated", "feed-forward act(x W0 + b0) * (x W1 + b1)", &ModelSpec::gated),
      choice("norm", "of the residual stream", &ModelSpec::norm, kNorms),
      choice("norm_placement", "primer: before attention and after the feed-forward",
             &ModelSpec::norm_placement, kPlacements),
      number("convolution_width", "causal depthwise convolution on Q, K, V; 0: none",
             &ModelSpec::convolution_width),
      choice("shared_qk", "queries computed from keys", &ModelSpec::shared_qk, kSharedQk),
      number("layers", "attention and feed-forward pairs", &ModelSpec::layers),
      number("d_model", "width of the residual stream", &ModelSpec::d_model),
      number("d_head", "channels of a head", &ModelSpec::d_head),
      number("heads", "0: d_model / d_head", &ModelSpec::heads),
      number("d_ff", "hidden width without a gate; 0: d_ff_ratio d_model", &ModelSpec::d_ff),
      number("d_ff_gated", "hidden width with a gate; 0: 2/3 of the other", &ModelSpec::d_ff_gated),
      number("sequence", "tokens of a sequence", &ModelSpec::sequence),
      number("vocabulary", "tokens known; follows the tokenizer", &ModelSpec::vocabulary),
      number("relative_buckets", "of the relative-position bias", &ModelSpec::relative_buckets),
      number("relative_max_distance", "where the last bucket begins",
             &ModelSpec::relative_max_distance),
      real("norm_epsilon", "added to the variance", &ModelSpec::norm_epsilon),
      // Later than the first runs: at their defaults no canonical spec names them, so that a run
      // made before a switch existed is still the same run.
      later(choice("feed_forward_bias", "in: of the hidden layer alone",
                   &ModelSpec::feed_forward_bias, kFeedForwardBiases)),
      later(yes_no("rezero", "branches times a learned scalar from zero", &ModelSpec::rezero)),
      later(real("branch_scale", "branches times this constant", &ModelSpec::branch_scale)),
      later(yes_no("token_shift", "sub-layers read half of their channels one step late",
                   &ModelSpec::token_shift)),
      later(convolved_parts()),
      later(yes_no("convolution_shared", "one filter of d_head channels for every head",
                   &ModelSpec::convolution_shared)),
      later(choice("convolution_place", "of the convolution", &ModelSpec::convolution_place,
                   kConvolutionPlaces)),
      later(number("kv_heads", "heads of keys and values; 0: heads", &ModelSpec::kv_heads)),
      later(yes_no("attention_bias", "of the attention's projections", &ModelSpec::attention_bias)),
      later(choice("attention_scale", "of logits: in the initial weights, or at every step",
                   &ModelSpec::attention_scale, kAttentionScales)),
      later(real("key_value_scale", "keys and values times this", &ModelSpec::key_value_scale)),
      later(yes_no("attention_tanh", "of the attention weights", &ModelSpec::attention_tanh)),
      later(choice("positions", "how places are told apart", &ModelSpec::positions, kPositions)),
      later(real("rotary_base", "of the slowest rotary wavelength", &ModelSpec::rotary_base)),
      later(yes_no("tied", "the output layer is the embedding", &ModelSpec::tied)),
      later(yes_no("output_scale", "a tied output layer reads x d_model^-1/2",
                   &ModelSpec::output_scale)),
      later(
          choice("initialization", "of the weights", &ModelSpec::initialization, kInitializations)),
      later(real("d_ff_ratio", "d_ff over d_model where d_ff is 0", &ModelSpec::d_ff_ratio)),
  };
}

}  // namespace

std::span<const SpecField> spec_fields() {
  static const std::vector<SpecField> fields = make_fields();
  return fields;
}

std::span<const std::string> spec_field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const SpecField& field : spec_fields()) list.push_back(field.name);
    return list;
  }();
  return names;
}

void set_field(ModelSpec& spec, std::string_view name, const std::string& value) {
  for (const SpecField& field : spec_fields())
    if (field.name == name) {
      field.set(spec, value);
      return;
    }
  throw InputError("'" + std::string(name) + "' is not a field of a model (no such name)" +
                   suggestion(name, spec_field_names()));
}

std::vector<std::pair<std::string, std::string>> spec_as_text(const ModelSpec& spec) {
  static const ModelSpec defaults;
  std::vector<std::pair<std::string, std::string>> list;
  for (const SpecField& field : spec_fields()) {
    std::string value = field.get(spec);
    if (field.named_at_default || value != field.get(defaults))
      list.emplace_back(field.name, std::move(value));
  }
  return list;
}

}  // namespace isoloss
