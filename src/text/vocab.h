// Vocab: the token table of a GGUF file, checked, with the bytes of every token and the special
// ids.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ponder/model/tokenizer.h"

namespace ponder {

inline constexpr std::string_view kSpace = "\xe2\x96\x81";  // SPM's spelling of a space

struct Vocab {
  std::shared_ptr<const GgufFile> file;  // texts point into it
  std::string_view model;                // "gpt2", "llama", "gemma4", "t5": how a text is cut
  bool byte_level = false;  // "gpt2": normal tokens are spelled in GPT-2's byte alphabet
  std::vector<std::string_view> texts;  // as in the file; empty from n_listed on
  std::vector<std::string> bytes;       // what a token spells
  std::vector<TokenKind> kinds;
  std::vector<float> scores;  // SPM, Unigram
  // Normal, user-defined and unused tokens, which merging may produce. Keys are bytes, or for SPM
  // texts with U+2581 for spaces.
  std::unordered_map<std::string_view, Token> by_spelling;
  Token byte_token[256];                   // -1: the vocabulary cannot spell it
  std::vector<Token> special;              // control, unknown and user-defined, longest text first
  std::unordered_set<Token> strips_right;  // tokens that strip the white space after them
  std::optional<Token> bos, eos, eot, unknown;
  bool adds_bos = false, adds_space_prefix = false;
  bool normalises = false;  // text is brought into normal form C first
  int n_listed = 0;         // ids of the token list; the embedding may have more rows
  std::vector<Token> ends;  // sorted
  std::string pre;

  int size() const { return static_cast<int>(texts.size()); }
  static Result<Vocab> read(std::shared_ptr<const GgufFile>);
};

/// The name in tokenizer.ggml.model: "gpt2", "llama", "gemma4" or "t5". Errors: kInvalid (the file
/// has none), kUnsupported (another one).
Result<std::string_view> tokenizer_model(const GgufFile&);

/// Converts a text in GPT-2's printable alphabet to bytes; nullopt where a character is not in the
/// alphabet. Radford et al. 2019, encoder.py.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace ponder
