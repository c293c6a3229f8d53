// What a subcommand works with: the model file with its tokenizer and template, and the engine on top of it.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "args.h"
#include "ponder/chat.h"

namespace ponder::app {

/// What a request asks of the model.
struct Prompt {
  std::vector<Token> ids;
  std::string question;              // in words, for notes and terms that speak about it
  std::vector<std::string> notes{};  // what the answer must say about it
};

/// File, tokenizer and chat template; no weights.
struct Text {
  explicit Text(const ModelArgs&);
  /// Prompt ids of a conversation; `rendered`, when given, takes the text. `variables`: of the template, as JSON.
  std::vector<Token> chat(const std::vector<ChatMessage>&, std::string* rendered = nullptr,
                          const std::string& variables = "{}") const;
  bool has_template() const { return !template_source_.empty(); }
  std::vector<Token> raw(const std::string& text) const;  // with BOS where the model wants one
  Prompt prompt(const PromptRequest&, std::string* rendered = nullptr) const;
  std::string reply_text(const std::vector<Token>& ids) const;  // control tokens left out
  bool canonical(const std::vector<Token>& ids) const;          // tokenises back to itself, the end token apart

  std::shared_ptr<const GgufFile> file;
  std::shared_ptr<const Tokenizer> tokenizer;

 private:
  std::string template_source_;
  mutable std::shared_ptr<const ChatTemplate> template_;
};

/// The same with weights in memory.
struct Engine {
  explicit Engine(const ModelArgs&);
  Text text;
  std::shared_ptr<const Model> model;
  std::unique_ptr<LanguageDensity> density;
};

/// One question to a chat model, after a system message where that is not empty.
std::vector<ChatMessage> conversation(const std::string& system, const std::string& question);

/// Prompts whose keys and values are kept, most recent first: requests often come with the same one.
class Prompts {
 public:
  explicit Prompts(LanguageDensity& d) : density_(d) {}
  /// The node after a prompt.
  PrefixRef get(const std::vector<Token>& ids);

 private:
  struct Kept {
    std::vector<Token> ids;
    PrefixRef node;
  };
  LanguageDensity& density_;
  std::list<Kept> kept_;
};

}  // namespace ponder::app
