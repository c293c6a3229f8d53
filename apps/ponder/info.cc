// ponder info: what is in a model file, and what this machine will do with it. No weights are loaded.
#include <CLI/CLI.hpp>
#include <map>

#include "output.h"

namespace ponder::app {

Run add_info(CLI::App& app) {
  struct Args {
    ModelArgs model;
    bool json = false;
  };
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  app.add_flag("--json", a->json, "print one JSON object");
  app.footer("Examples:\n  ponder info\n  ponder info --json");
  return [a] {
    const Text t(a->model);
    const GgufFile& f = *t.file;
    const ModelInfo m = must(Model::describe(f, a->model.options()));
    std::map<std::string, int> types;
    for (const GgufTensor& x : f.tensors()) ++types[std::string(tensor_type_info(x.type)->name)];
    Json ends = Json::array();
    for (Token v : t.tokenizer->end_tokens()) ends.push_back({{"id", v}, {"text", t.tokenizer->piece(v)}});
    Json j{{"file", f.path()},
           {"file_bytes", f.file_bytes()},
           {"sha256", f.sha256()},
           {"gguf_version", f.version()},
           {"architecture", m.architecture},
           {"name", m.name},
           {"parameters", m.n_parameters},
           {"layers", m.n_layers},
           {"embedding", m.n_embd},
           {"heads", m.n_heads},
           {"kv_heads", m.n_kv_heads},
           {"head_size", m.head_dim},
           {"feed_forward", m.n_ff},
           {"vocabulary", m.n_vocab},
           {"context", m.n_ctx_train},
           {"tensors", types},
           {"tokenizer",
            {{"model", t.tokenizer->model_name()},
             {"tokens", t.tokenizer->n_listed()},
             {"pre", t.tokenizer->pre_name()},
             {"adds_bos", t.tokenizer->adds_bos()},
             {"end_tokens", ends}}},
           {"chat_template", f.metadata().contains("tokenizer.chat_template")},
           {"weight_bytes", m.weight_bytes},
           {"kv_bytes_per_token", m.kv_bytes_per_token},
           {"precision", to_string(m.precision)},
           {"weights", m.weights == WeightForm::kPacked ? "packed" : "quantised"},
           {"isa", m.isa},
           {"threads", m.n_threads}};
    if (a->json) {
      write_json(j);
      return 0;
    }
    const auto line = [](const std::string& k, const std::string& v) {
      write(k + std::string(k.size() < 14 ? 14 - k.size() : 1, ' ') + v + "\n");
    };
    const auto mb = [](std::int64_t b) { return std::to_string((b + (1 << 19)) >> 20) + " MB"; };
    std::string mix;
    for (const auto& [name, n] : types) mix += (mix.empty() ? "" : ", ") + std::to_string(n) + " " + name;
    // What a file says may be anything: escapes for what is no text, or would command a terminal.
    const auto shown = [](const std::string& s) {
      const std::string quoted = Json(s).dump(-1, ' ', false, Json::error_handler_t::replace);
      return quoted.substr(1, quoted.size() - 2);
    };
    std::string end_text;
    for (const Json& e : ends)
      end_text += (end_text.empty() ? "" : ", ") + std::to_string(e["id"].get<int>()) + " " +
                  shown(e["text"].get<std::string>());
    line("file", f.path() + ", " + mb(static_cast<std::int64_t>(f.file_bytes())) + ", GGUF version " +
                     std::to_string(f.version()));
    line("model", shown(m.name) + (m.name.empty() ? "" : ", ") + m.architecture + ", " +
                      std::to_string(m.n_parameters / 1000000) + " million parameters");
    line("shape", std::to_string(m.n_layers) + " layers, width " + std::to_string(m.n_embd) + ", " +
                      std::to_string(m.n_heads) + " heads of " + std::to_string(m.head_dim) + " (" +
                      std::to_string(m.n_kv_heads) + " key-value), feed-forward " + std::to_string(m.n_ff) +
                      ", vocabulary " + std::to_string(m.n_vocab) + ", context " + std::to_string(m.n_ctx_train));
    line("tensors", mix);
    const int n_padding = t.tokenizer->n_vocab() - t.tokenizer->n_listed();
    line("tokenizer", std::string(t.tokenizer->model_name()) +
                          (t.tokenizer->pre_name().empty() ? "" : ", " + std::string(t.tokenizer->pre_name())) +
                          "; ends at " + end_text +
                          (n_padding > 0 ? "; the last " + std::to_string(n_padding) +
                                               " ids of the vocabulary are padding without text"
                                         : ""));
    line("chat template",
         f.metadata().contains("tokenizer.chat_template") ? "yes" : "no (use -no-cnv or --chat-template)");
    line("memory", mb(m.weight_bytes) + " of weights " +
                       (m.weights == WeightForm::kPacked ? "in compute form" : "left quantised") + ", " +
                       std::to_string(m.kv_bytes_per_token >> 10) + " KB a token of context");
    line("here",
         std::string(to_string(m.precision)) + " on " + m.isa + ", " + std::to_string(m.n_threads) + " threads");
    return 0;
  };
}

}  // namespace ponder::app
