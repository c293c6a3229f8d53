// Tokenizer converts bytes to token ids and back; it is read from a GGUF file's metadata. Not chat
// templates (chat.h). Byte-level BPE (tokenizer.ggml.model "gpt2"), SentencePiece-style BPE with
// byte fallback ("llama"), the same with a list of merges ("gemma4"), and Unigram ("t5").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/core/token.h"
#include "ponder/model/gguf.h"

namespace ponder {

enum class TokenKind : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

/// Half-open byte range of a text.
struct ByteRange {
  std::size_t begin = 0, end = 0;
};

class Tokenizer {
 public:
  /// Errors: kInvalid (missing or inconsistent vocabulary), kUnsupported (model or pre-tokenizer,
  /// with the known ones).
  static Result<std::shared_ptr<const Tokenizer>> from_gguf(std::shared_ptr<const GgufFile>);
  /// The kUnsupported errors of from_gguf, without reading the vocabulary.
  static Status check_kind(const GgufFile&);
  virtual ~Tokenizer() = default;

  /// The number of ids, which is the number of rows of the embedding. Ids from n_listed() on are
  /// padding: they have a probability but no text. No text encodes to them, and they decode to
  /// "[PAD<id>]" where special tokens are shown, else to an empty text.
  virtual int n_vocab() const = 0;
  virtual int n_listed() const = 0;                 // entries of the token list
  virtual std::string_view model_name() const = 0;  // "gpt2", "llama", "gemma4", "t5"
  virtual std::string_view pre_name() const = 0;    // "smollm", …; empty for SPM

  struct EncodeOptions {
    bool parse_special = true;  // control tokens spelled out in the text become those tokens
    // sorted ranges in which no control token is parsed, wholly or in part
    std::span<const ByteRange> literal{};
  };
  /// Encodes any bytes; never fails, adds no BOS. What the vocabulary cannot spell becomes its
  /// unknown token, and is dropped where it has none, as in llama.cpp.
  virtual std::vector<Token> encode(std::string_view text, const EncodeOptions&) const = 0;
  std::vector<Token> encode(std::string_view text) const { return encode(text, EncodeOptions{}); }

  /// Bytes of the tokens, control tokens spelled out (or left out). Ids must be in range.
  virtual std::string decode(std::span<const Token>, bool with_special = true) const = 0;
  /// Bytes of one token, as decode puts them in the middle of a text.
  virtual std::string piece(Token, bool with_special = true) const = 0;

  virtual TokenKind kind(Token) const = 0;
  virtual std::optional<Token> bos() const = 0;
  virtual std::optional<Token> eos() const = 0;
  virtual bool adds_bos() const = 0;  // the model wants a BOS before raw text
  // end-of-generation ids, as llama.cpp finds them; sorted
  virtual const std::vector<Token>& end_tokens() const = 0;
  // the id a chat reply ends with: EOT, else EOS
  virtual std::optional<Token> end_of_turn() const = 0;
  /// The id of a control or user-defined token by its text.
  virtual std::optional<Token> find(std::string_view piece) const = 0;
};

}  // namespace ponder
