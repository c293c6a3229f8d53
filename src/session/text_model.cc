// TextModel: turns requests into tokens, and tokens into text.
#include "ponder/session/text_model.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "ponder/core/notes.h"
#include "text/utf8.h"

namespace ponder {
namespace {

// The question in words: the text of the user's last message.
std::string last_question(const std::vector<ChatMessage>& messages) {
  const auto last = std::find_if(messages.rbegin(), messages.rend(),
                                 [](const auto& m) { return m.role == "user"; });
  if (last != messages.rend()) return last->content;
  return messages.empty() ? "" : messages.back().content;
}

}  // namespace

Conversation Conversation::ask(const std::string& question, const std::string& system) {
  Conversation c;
  if (!system.empty()) c.messages.push_back({"system", system});
  c.messages.push_back({"user", question});
  return c;
}

// The chat template, parsed by the first thread that needs it.
struct TextModel::LazyTemplate {
  std::once_flag once;
  std::optional<Result<std::shared_ptr<const ChatTemplate>>> parsed;
};

TextModel::TextModel(std::shared_ptr<const GgufFile> f, std::shared_ptr<const Tokenizer> t,
                     std::string source)
    : file_(std::move(f)),
      tokenizer_(std::move(t)),
      template_source_(std::move(source)),
      template_(std::make_unique<LazyTemplate>()) {}
TextModel::~TextModel() = default;

Result<std::shared_ptr<const TextModel>> TextModel::make(std::shared_ptr<const GgufFile> f,
                                                         std::string source) {
  PONDER_ASSIGN(auto tokenizer, Tokenizer::from_gguf(f));
  if (source.empty()) {
    PONDER_ASSIGN(const auto own, f->string_or("tokenizer.chat_template", ""));
    source = std::string(own);
  }
  return std::shared_ptr<const TextModel>(
      new TextModel(std::move(f), std::move(tokenizer), std::move(source)));
}

Result<std::shared_ptr<const TextModel>> TextModel::open(const std::string& path,
                                                         std::string source) {
  PONDER_ASSIGN(auto file, GgufFile::open(path));
  return make(std::move(file), std::move(source));
}

std::vector<Token> TextModel::with_bos(std::vector<Token> ids) const {
  // Most templates write the BOS themselves.
  const bool wanted = tokenizer_->adds_bos() && (ids.empty() || ids[0] != *tokenizer_->bos());
  if (wanted) ids.insert(ids.begin(), *tokenizer_->bos());
  return ids;
}

Result<Prompt> TextModel::chat(const Conversation& c) const {
  if (template_source_.empty())
    return Error{Code::kInvalid, "a model with a chat template", "none in " + file_->path(),
                 "tokenizer.chat_template",
                 "use -no-cnv for raw text, or give a template with --chat-template"};
  std::call_once(template_->once,
                 [&] { template_->parsed.emplace(ChatTemplate::parse(template_source_)); });
  if (!template_->parsed->ok()) return template_->parsed->error();
  ChatTemplate::Options o;
  if (tokenizer_->bos()) o.bos_token = tokenizer_->piece(*tokenizer_->bos());
  if (tokenizer_->eos()) o.eos_token = tokenizer_->piece(*tokenizer_->eos());
  const auto spell = [&](const std::string& key, std::string& out) -> Status {
    PONDER_ASSIGN(const std::int64_t id, file_->int_or("tokenizer.ggml." + key, -1));
    if (id >= 0 && id < tokenizer_->n_vocab()) out = tokenizer_->piece(static_cast<Token>(id));
    return {};
  };
  PONDER_TRY(spell("unknown_token_id", o.unk_token));
  PONDER_TRY(spell("padding_token_id", o.pad_token));
  o.variables = c.variables;
  PONDER_ASSIGN(RenderedPrompt p, (**template_->parsed)->render(c.messages, o));
  Prompt out;
  out.ids = with_bos(tokenizer_->encode(p.text, {.parse_special = true, .literal = p.literal}));
  out.question = last_question(c.messages);
  out.rendered = std::move(p.text);
  return out;
}

Result<Prompt> TextModel::prompt(const PromptRequest& r) const {
  Prompt p;
  if (const auto* conversation = std::get_if<Conversation>(&r)) {
    PONDER_ASSIGN(p, chat(*conversation));
  } else if (const auto* raw = std::get_if<RawText>(&r)) {
    p.question = raw->text;
    if (tokenizer_->adds_bos()) p.ids.push_back(*tokenizer_->bos());
    const auto more = tokenizer_->encode(raw->text);
    p.ids.insert(p.ids.end(), more.begin(), more.end());
    if (has_template() && !raw->intended)
      p.notes = {
          "\"prompt\" was taken as raw text, without the chat template; \"question\" or "
          "\"messages\" ask the chat "
          "model"};
  } else {
    p.ids = std::get<std::vector<Token>>(r);
    PONDER_TRY(check_ids(p.ids, "\"prompt_ids\""));
    p.question = reply_text(p.ids);
  }
  if (p.ids.empty())
    return Error{Code::kInvalid, "a prompt of at least one token", "an empty one", "request", ""};
  return p;
}

Result<std::vector<Token>> TextModel::reply(const ReplyRequest& r) const {
  std::vector<Token> ids;
  if (const auto* text = std::get_if<std::string>(&r.reply)) {
    ids = tokenizer_->encode(*text, {.parse_special = false});
  } else {
    ids = std::get<std::vector<Token>>(r.reply);
    PONDER_TRY(check_ids(ids, "\"reply_ids\""));
  }
  if (r.end) {
    if (!tokenizer_->end_of_turn())
      return Error{Code::kInvalid, "a model with an end-of-turn token", "none", "\"end\"", ""};
    ids.push_back(*tokenizer_->end_of_turn());
  }
  return ids;
}

Status TextModel::check_ids(std::span<const Token> ids, const std::string& where) const {
  const int n = tokenizer_->n_vocab();
  for (const Token v : ids)
    if (v < 0 || v >= n)
      return Error{Code::kInvalid, "token ids from 0 to " + std::to_string(n - 1),
                   std::to_string(v), where, ""};
  return {};
}

std::string TextModel::reply_text(std::span<const Token> ids) const {
  return tokenizer_->decode(ids, false);
}

bool TextModel::canonical(std::span<const Token> ids) const {
  return is_canonical(*tokenizer_, ids);
}

std::string TextStream::add(Token v) {
  pending_ += first_ ? text_->reply_text({&v, 1}) : text_->tokenizer().piece(v, false);
  first_ = false;
  const std::size_t whole = pending_.size() - open_character(pending_);
  std::string out = pending_.substr(0, whole);
  pending_.erase(0, whole);
  return out;
}

std::string TextStream::rest() { return std::exchange(pending_, ""); }

}  // namespace ponder
