// TextModel: a GGUF file with its tokenizer and chat template: all that turns requests into tokens
// and tokens into text. No weights: a Session (session.h) adds them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/model/gguf.h"
#include "ponder/model/tokenizer.h"
#include "ponder/session/prompt.h"

namespace ponder {

/// Owns all it is made of. Threads: any number may use one at the same time.
class TextModel : public std::enable_shared_from_this<TextModel> {
 public:
  /// `chat_template`: replaces the template of the file; empty: the file's, parsed when it is first
  /// used. Errors: those of the tokenizer.
  static Result<std::shared_ptr<const TextModel>> make(std::shared_ptr<const GgufFile>,
                                                       std::string chat_template = "");
  /// Opens the file. Errors: those of GgufFile::open, too.
  static Result<std::shared_ptr<const TextModel>> open(const std::string& path,
                                                       std::string chat_template = "");
  ~TextModel();

  const GgufFile& file() const { return *file_; }
  const std::shared_ptr<const GgufFile>& shared_file() const { return file_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  bool has_template() const { return !template_source_.empty(); }
  const std::string& template_source() const { return template_source_; }

  /// Errors: kInvalid (an empty prompt, ids out of range, a conversation without a template), those
  /// of the template.
  Result<Prompt> prompt(const PromptRequest&) const;
  /// Errors: kInvalid (ids out of range, an end token that the model has not).
  Result<std::vector<Token>> reply(const ReplyRequest&) const;
  /// The text of a reply, control tokens left out.
  std::string reply_text(std::span<const Token>) const;
  /// Would the tokenizer spell the reply's text with these very tokens? The end token is left out.
  bool canonical(std::span<const Token>) const;
  /// Errors: kInvalid, naming the first id that the vocabulary has not; `where`: for the message.
  Status check_ids(std::span<const Token>, const std::string& where) const;

 private:
  struct LazyTemplate;
  TextModel(std::shared_ptr<const GgufFile>, std::shared_ptr<const Tokenizer>, std::string);
  Result<Prompt> chat(const Conversation&) const;
  std::vector<Token> with_bos(std::vector<Token>) const;

  std::shared_ptr<const GgufFile> file_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::string template_source_;
  std::unique_ptr<LazyTemplate> template_;
};

/// Text of a reply that comes token by token: bytes that do not end a character yet are held back.
class TextStream {
 public:
  explicit TextStream(std::shared_ptr<const TextModel> t) : text_(std::move(t)) {}
  /// The characters that the token completes; may be none.
  std::string add(Token);
  /// The bytes that no token has completed.
  std::string rest();

 private:
  std::shared_ptr<const TextModel> text_;
  std::string pending_;
  bool first_ = true;  // a SentencePiece text drops the space of its first token
};

}  // namespace ponder
