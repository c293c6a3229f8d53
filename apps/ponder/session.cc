// Opening models, and prompts from messages or text.
#include "session.h"

#include <unistd.h>
#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <thread>

#include "open_model.h"
#include "ponder/notes.h"

namespace ponder::app {
namespace {

// Where ./quickstart keeps the default model.
std::string default_model() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  const std::string base = cache && *cache ? cache : std::string(home ? home : ".") + "/.cache";
  return base + "/ponder/SmolLM2-135M-Instruct.Q4_1.gguf";
}

std::shared_ptr<const GgufFile> open(const ModelArgs& m) {
  if (!m.path.empty()) return must(GgufFile::open(m.path));
  const std::string path = default_model();
  auto file = GgufFile::open(path);
  if (!file.ok() && file.error().code == Code::kNotFound)
    fail({Code::kNotFound, "a model", "none given with -m, and no default model", path,
          "run ./quickstart once, or give a GGUF file with -m"});
  return must(std::move(file));
}

std::shared_ptr<const Model> load(const std::shared_ptr<const GgufFile>& f, const ModelOptions& o) {
  return must(Model::load(f, o));
}

DensityOptions density_options(const ModelArgs& m, const Model& model, const Tokenizer& t) {
  constexpr int kUsualContext = 8192;
  DensityOptions o;
  o.n_ctx = m.n_ctx ? m.n_ctx : std::min(model.info().n_ctx_train, kUsualContext);
  o.end_tokens = t.end_tokens();
  return o;
}

}  // namespace

std::vector<ChatMessage> conversation(const std::string& system, const std::string& question) {
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", question});
  return messages;
}

PrefixRef Prompts::get(const std::vector<Token>& ids) {
  constexpr std::size_t kKept = 8;
  auto it = std::find_if(kept_.begin(), kept_.end(), [&](const auto& p) { return p.ids == ids; });
  if (it == kept_.end()) it = kept_.insert(kept_.begin(), {ids, must(density_.add_context(ids))});
  kept_.splice(kept_.begin(), kept_, it);
  if (kept_.size() > kKept) kept_.pop_back();
  return kept_.front().node;
}

Text::Text(const ModelArgs& m) : file(open(m)), tokenizer(must(Tokenizer::from_gguf(file))) {
  template_source_ = std::string(must(file->string_or("tokenizer.chat_template", "")));
  std::error_code ec;
  if (!m.chat_template.empty())
    template_source_ =
        std::filesystem::is_regular_file(m.chat_template, ec) ? must(read_all(m.chat_template)) : m.chat_template;
}

std::vector<Token> Text::chat(const std::vector<ChatMessage>& messages, std::string* rendered,
                              const std::string& variables) const {
  if (template_source_.empty())
    fail({Code::kInvalid, "a model with a chat template", "none in " + file->path(), "tokenizer.chat_template",
          "use -no-cnv for raw text, or give a template with --chat-template"});
  if (!template_) template_ = must(ChatTemplate::parse(template_source_));
  ChatTemplate::Options o;
  if (tokenizer->bos()) o.bos_token = tokenizer->piece(*tokenizer->bos());
  if (tokenizer->eos()) o.eos_token = tokenizer->piece(*tokenizer->eos());
  const auto spelled_out = [&](const std::string& key) {
    const std::int64_t id = must(file->int_or("tokenizer.ggml." + key, -1));
    return id >= 0 && id < tokenizer->n_vocab() ? tokenizer->piece(static_cast<Token>(id)) : "";
  };
  o.unk_token = spelled_out("unknown_token_id");
  o.pad_token = spelled_out("padding_token_id");
  o.variables = variables;
  const RenderedPrompt p = must(template_->render(messages, o));
  if (rendered) *rendered = p.text;
  std::vector<Token> ids = tokenizer->encode(p.text, {.parse_special = true, .literal = p.literal});
  // Templates mostly write the BOS themselves.
  if (tokenizer->adds_bos() && (ids.empty() || ids[0] != *tokenizer->bos())) ids.insert(ids.begin(), *tokenizer->bos());
  return ids;
}

std::vector<Token> Text::raw(const std::string& text) const {
  std::vector<Token> ids;
  if (tokenizer->adds_bos()) ids.push_back(*tokenizer->bos());
  const auto more = tokenizer->encode(text);
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

Prompt Text::prompt(const PromptRequest& r, std::string* rendered) const {
  work_begins();
  if (const auto* text = std::get_if<RawText>(&r)) return {raw(text->text), text->text};
  const auto& messages = std::get<Conversation>(r).messages;
  return {chat(messages, rendered), messages.back().content};
}

std::string Text::reply_text(const std::vector<Token>& ids) const { return tokenizer->decode(ids, false); }

bool Text::canonical(const std::vector<Token>& ids) const { return is_canonical(*tokenizer, ids); }

Engine::Engine(const ModelArgs& m) : text(m), model(load(text.file, m.options())) {
  density = must(LanguageDensity::make(model, density_options(m, *model, *text.tokenizer)));
  if (m.verbose)
    std::cerr << "ponder: " << text.file->path() << ", " << model->info().architecture << ", "
              << to_string(model->info().precision) << " on " << model->info().isa << ", " << model->info().n_threads
              << " threads, " << (model->info().weight_bytes >> 20) << " MB of weights\n";
}

}  // namespace ponder::app
