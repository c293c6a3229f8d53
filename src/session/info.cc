// info(): collects what a model file says about itself.
#include "ponder/session/info.h"

namespace ponder {

Result<InfoAnswer> info(const TextModel& text, const ModelOptions& options) {
  PONDER_ASSIGN(ModelInfo model, Model::describe(text.file(), options));
  return info(text, std::move(model));
}

InfoAnswer info(const TextModel& text, ModelInfo model) {
  const GgufFile& file = text.file();
  const Tokenizer& t = text.tokenizer();
  InfoAnswer a;
  a.file = text.shared_file();
  a.model = std::move(model);
  for (const GgufTensor& x : file.tensors())
    ++a.tensors[std::string(tensor_type_info(x.type)->name)];
  a.tokenizer = {.model = std::string(t.model_name()),
                 .pre = std::string(t.pre_name()),
                 .n_listed = t.n_listed(),
                 .n_padding = t.n_vocab() - t.n_listed(),
                 .adds_bos = t.adds_bos()};
  for (const Token v : t.end_tokens()) a.tokenizer.end_tokens.push_back({v, t.piece(v)});
  a.chat_template = file.metadata().contains("tokenizer.chat_template");
  return a;
}

}  // namespace ponder
