// Config: the constants of a decoder-only transformer as the shared blocks need them. An
// architecture file (arch_*.cc) fills it from GGUF metadata; nothing here reads a file.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ponder {

enum class Norm : std::uint8_t { kRms, kLayer };
enum class Rope : std::uint8_t { kNone, kInterleaved, kHalves };
// The biases that a file must have. Any other bias is used if the file has it.
enum class Biases : std::uint8_t { kOptional, kQkv, kAll };
enum class Activation : std::uint8_t { kSiluGated, kGeluGated, kGelu, kClampedSwiglu };

/// The frequencies of rotary positions. A Config has one table for all layers, or one for the
/// global and one for the local layers.
struct RopeTable {
  std::vector<float> inverse;  // (rope_dim / 2) radians per position
  float scale = 1;             // factor of the cosines and sines (YaRN's attention factor)
};

struct Config {
  std::string architecture, name;
  int n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0, n_vocab = 0,
      n_ctx = 0;
  Norm norm = Norm::kRms;
  float norm_eps = 1e-5f;
  Rope rope = Rope::kInterleaved;
  int rope_dim = 0;   // the first rope_dim values of each head are rotated
  int rope_skip = 0;  // every rope_skip-th layer has no rotary positions; 0: all layers have them
  RopeTable rope_global, rope_local;
  std::vector<std::string> rope_tensors;  // the tensors of the file that the tables are made from
  int window = 0;           // local layers see keys at distance < window; 0: there is no window
  std::vector<bool> local;  // (n_layers)
  Activation activation = Activation::kSiluGated;
  // A mixture of experts: each row goes through n_experts_used of n_experts feed-forwards of width
  // n_ff. 0: one feed-forward for all rows.
  int n_experts = 0, n_experts_used = 0;
  // The softmax over the router's scores is over the experts that a row uses, or over all of them.
  bool softmax_of_used = true;
  float embed_scale = 1;
  float residual_scale = 1;   // factor of what attention and feed-forward add to the stream
  float logit_scale = 1;      // factor of the logits, before their soft cap
  float attention_scale = 0;  // factor of the attention scores
  // Queries grow with their position: their factor is 1 + query_growth log(1 + p / query_period),
  // with the integer part of the quotient.
  float query_growth = 0;
  int query_period = 1;
  float attention_soft_cap = 0, final_soft_cap = 0;  // 0: off
  bool pre_norm = true, post_norm = false;  // norms before and after attention and feed-forward
  bool qk_norm = false;                     // norms of queries and keys: one norm for each head,
  bool qk_norm_of_all = false;              // or one for all heads together
  bool learned_positions = false;           // position_embd.weight is added to the embeddings
  bool n_ctx_is_limit = false;              // no context is longer than n_ctx
  Biases biases = Biases::kOptional;
  bool attention_sinks = false;       // blk.*.attn_sinks.weight (ops/attention.h)
  std::string ffn_norm = "ffn_norm";  // what files call the norm before feed-forward

  int q_size() const { return n_heads * head_dim; }
  /// First position that a query at position p sees in this layer.
  int first_key(int layer, int p) const { return local[layer] && p >= window ? p + 1 - window : 0; }
  int kv_size() const { return n_kv_heads * head_dim; }
  bool rotates(int layer) const {
    return rope != Rope::kNone && (rope_skip == 0 || (layer + 1) % rope_skip != 0);
  }
  float query_factor(int p) const {
    return 1 + query_growth * std::log1p(static_cast<float>(p / query_period));
  }
};

}  // namespace ponder
