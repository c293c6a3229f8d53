// JSON of the contents of a model file.
#include "ponder/session/info.h"

#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

Json tokenizer_json(const InfoAnswer::TokenizerInfo& t) {
  Json ends = Json::array();
  for (const auto& e : t.end_tokens) ends.push_back({{"id", e.id}, {"text", e.text}});
  return {{"model", t.model},
          {"tokens", t.n_listed},
          {"pre", t.pre},
          {"adds_bos", t.adds_bos},
          {"end_tokens", ends}};
}

}  // namespace

std::string to_json(const InfoAnswer& a) {
  const ModelInfo& m = a.model;
  return text_of({{"file", a.file->path()},
                  {"file_bytes", a.file->file_bytes()},
                  {"sha256", a.file->sha256()},
                  {"gguf_version", a.file->version()},
                  {"architecture", m.architecture},
                  {"name", m.name},
                  {"parameters", m.n_parameters},
                  {"layers", m.n_layers},
                  {"embedding", m.n_embd},
                  {"heads", m.n_heads},
                  {"kv_heads", m.n_kv_heads},
                  {"head_size", m.head_dim},
                  {"feed_forward", m.n_ff},
                  {"experts", m.n_experts},
                  {"experts_used", m.n_experts_used},
                  {"vocabulary", m.n_vocab},
                  {"context", m.n_ctx_train},
                  {"tensors", a.tensors},
                  {"tokenizer", tokenizer_json(a.tokenizer)},
                  {"chat_template", a.chat_template},
                  {"weight_bytes", m.weight_bytes},
                  {"kv_bytes_per_token", m.kv_bytes_per_token},
                  {"precision", to_string(m.precision)},
                  {"weights", to_string(m.weights)},
                  {"isa", m.isa},
                  {"threads", m.n_threads}});
}

}  // namespace ponder
