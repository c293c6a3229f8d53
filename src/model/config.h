// Config: the constants of a decoder-only transformer as the shared blocks need them. An
// architecture file (arch_*.cc) fills it from GGUF metadata; nothing here reads a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ponder {

enum class Norm : std::uint8_t { kRms, kLayer };
enum class Rope : std::uint8_t { kNone, kInterleaved, kHalves };
enum class Biases : std::uint8_t {
  kOptional,
  kQkv,
  kAll
};  // which a file must have; others are used where it has them
enum class Activation : std::uint8_t { kSiluGated, kGeluGated, kGelu };

/// Rotary frequencies, one set for all layers or one each for global and local layers.
struct RopeTable {
  std::vector<float> inverse;  // (rope_dim / 2) radians a position
  float scale = 1;             // of cosines and sines (YaRN's attention factor)
};

struct Config {
  std::string architecture, name;
  int n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0, n_vocab = 0,
      n_ctx = 0;
  Norm norm = Norm::kRms;
  float norm_eps = 1e-5f;
  Rope rope = Rope::kInterleaved;
  int rope_dim = 0;  // of each head, from its start
  RopeTable rope_global, rope_local;
  int window = 0;           // of local layers: keys at distance < window; 0: none
  std::vector<bool> local;  // (n_layers)
  Activation activation = Activation::kSiluGated;
  float embed_scale = 1;
  float attention_scale = 0;                         // of the scores
  float attention_soft_cap = 0, final_soft_cap = 0;  // 0: off
  bool qk_norm = false,
       post_norm = false;          // norms of query and key heads; after attention and feed-forward
  bool learned_positions = false;  // position_embd.weight is added to the embeddings
  Biases biases = Biases::kOptional;

  int q_size() const { return n_heads * head_dim; }
  /// First position that a query at position p sees.
  int first_key(int layer, int p) const { return local[layer] && p >= window ? p + 1 - window : 0; }
  int kv_size() const { return n_kv_heads * head_dim; }
};

}  // namespace ponder
