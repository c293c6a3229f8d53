// The text of a model outside is spelled as by the vocabulary's file, under the source's name.
#include "session/outside_parts.h"

#include "outside/outside.h"

namespace ponder {

Result<OutsideParts> outside_parts(std::shared_ptr<LogitSource> source,
                                   const TextModel& vocabulary) {
  OutsideParts parts;
  PONDER_ASSIGN(parts.text, TextModel::make(outside_file(vocabulary.shared_file(), *source),
                                            vocabulary.template_source()));
  PONDER_ASSIGN(parts.model, outside_model(parts.text->shared_file(), std::move(source),
                                           parts.text->tokenizer().n_vocab()));
  return parts;
}

}  // namespace ponder
