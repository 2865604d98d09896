// Training FLOPs per token, forward and backward, by every convention that papers count in.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

struct FlopsPerToken {
  double exact = 0;                 // work list x 2 x 3 (backward is twice the forward)
  double six_n = 0;                 // 6 N, N with embeddings
  double six_n_non_embedding = 0;   // 6 N, N without the token embedding (Kaplan et al. 2020)
  double six_n_plus_attention = 0;  // 6 N + 6 layers T heads d_head (causal half; llm.c, Porian)
  double chinchilla = 0;  // Hoffmann et al. 2022, appendix F, embedding and softmax included;
                          // grouped keys and values and gates by their own widths
};

FlopsPerToken flops_per_token(const ModelSpec& spec);

// ("exact", value), ("6N", ..), ("6N_non_embedding", ..), ("6N_plus_attention", ..), ("chinchilla",
// ..)
std::vector<std::pair<std::string, double>> by_convention(const FlopsPerToken& flops);

// The exact count by what it is spent on: projection (Q, K, V and output), convolution, attention
// (logits and values), feed_forward, head; every part always there, their sum is `exact`.
std::vector<std::pair<std::string, double>> by_part(const ModelSpec& spec);

}  // namespace isoloss
