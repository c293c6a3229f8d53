// ponder info: shows what a model file contains, and how this machine would run it. Loads no
// weights.
#include "ponder/session/info.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "open_model.h"
#include "output.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

struct InfoArgs {
  ModelArgs model;
  bool json = false;
};

void field(const std::string& label, const std::string& text) {
  write(fmt::format("{:<13} {}\n", label, text));
}

std::string mb(std::int64_t bytes) { return fmt::format("{} MB", (bytes + (1 << 19)) >> 20); }

std::string joined(const std::vector<std::string>& parts) {
  std::string s;
  for (const std::string& part : parts) s += (s.empty() ? "" : ", ") + part;
  return s;
}

std::string tokenizer_text(const InfoAnswer& a) {
  const auto& t = a.tokenizer;
  std::vector<std::string> ends;
  for (const auto& e : t.end_tokens) ends.push_back(fmt::format("{} {}", e.id, shown(e.text)));
  std::string s = t.model + (t.pre.empty() ? "" : ", " + t.pre) + "; ends at " + joined(ends);
  if (t.n_padding > 0)
    s += fmt::format("; the last {} ids of the vocabulary are padding without text", t.n_padding);
  return s;
}

void print_info(const InfoAnswer& a) {
  const ModelInfo& m = a.model;
  std::vector<std::string> types;
  for (const auto& [name, n] : a.tensors) types.push_back(fmt::format("{} {}", n, name));
  field("file",
        fmt::format("{}, {}, GGUF version {}", a.file->path(),
                    mb(static_cast<std::int64_t>(a.file->file_bytes())), a.file->version()));
  field("model", fmt::format("{}{}{}, {} million parameters", shown(m.name),
                             m.name.empty() ? "" : ", ", m.architecture, m.n_parameters / 1000000));
  field(
      "shape",
      fmt::format(
          "{} layers, width {}, {} heads of {} ({} key-value), feed-forward {}{}, vocabulary {}, "
          "context {}",
          m.n_layers, m.n_embd, m.n_heads, m.head_dim, m.n_kv_heads, m.n_ff,
          m.n_experts > 0 ? fmt::format(" ({} of {} experts)", m.n_experts_used, m.n_experts) : "",
          m.n_vocab, m.n_ctx_train));
  field("tensors", joined(types));
  field("tokenizer", tokenizer_text(a));
  field("chat template", a.chat_template ? "yes" : "no (use -no-cnv or --chat-template)");
  field("memory", fmt::format("{} of weights {}, {} KB a token of context", mb(m.weight_bytes),
                              to_string(m.weights), m.kv_bytes_per_token >> 10));
  field("here", fmt::format("{} on {}, {} threads", to_string(m.precision), m.isa, m.n_threads));
  flush();
}

Result<int> run_info(const InfoArgs& a) {
  PONDER_ASSIGN(const auto text, open_text(a.model));
  PONDER_ASSIGN(const InfoAnswer answer, info(*text, a.model.options()));
  if (a.json)
    write_line(to_json(answer));
  else
    print_info(answer);
  return 0;
}

}  // namespace

Run add_info(CLI::App& app) {
  auto a = std::make_shared<InfoArgs>();
  a->model.add(app, true);
  app.add_flag("--json", a->json, "print one JSON object");
  app.footer("Examples:\n  ponder info\n  ponder info --json");
  return [a] { return run_info(*a); };
}

}  // namespace ponder::app
