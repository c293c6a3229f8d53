// What is in a model file, and what this machine would do with it: an answer that needs no weights
// in memory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ponder/model/gguf.h"
#include "ponder/model/model.h"
#include "ponder/session/text_model.h"

namespace ponder {

struct InfoAnswer {
  struct EndToken {
    Token id = 0;
    std::string text;
  };
  struct TokenizerInfo {
    std::string model, pre{};            // "gpt2", "smollm"; no pre of SentencePiece
    int n_listed = 0;                    // tokens with a text
    int n_padding = 0;                   // ids of the vocabulary after them, without text
    bool adds_bos = false;               // before raw text
    std::vector<EndToken> end_tokens{};  // by id
  };
  std::shared_ptr<const GgufFile> file{};
  ModelInfo model{};  // its threads, precision and memory are those of the options
  std::map<std::string, int> tensors{};  // how many of each type, by the type's name
  TokenizerInfo tokenizer{};
  bool chat_template = false;  // in the file
};

/// Errors: those of Model::describe.
Result<InfoAnswer> info(const TextModel&, const ModelOptions& = {});
/// Of a model that is loaded.
InfoAnswer info(const TextModel&, ModelInfo);

}  // namespace ponder
