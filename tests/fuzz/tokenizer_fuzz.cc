// Two things at once. Any bytes as a text, with some ranges literal, of two vocabularies, one BPE
// and one Unigram: ids in range, no control token out of a literal range, and the text back from
// the one that spells every byte. Any bytes as a model file: a tokenizer or an error.
#include <cstdlib>
#include <memory>
#include <string>

#include "ponder/model/tokenizer.h"

namespace {

using namespace ponder;

std::shared_ptr<const Tokenizer> of_file(const char* path) {
  const auto file = GgufFile::open(std::string(PONDER_SOURCE_DIR) + path);
  if (!file.ok()) std::abort();
  auto t = Tokenizer::from_gguf(*file);
  if (!t.ok()) std::abort();
  return *t;
}

void encode(const Tokenizer& t, bool spells_bytes, const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool special = size % 2 == 0;
  const auto ids = t.encode(text, {.parse_special = special});
  for (Token v : ids)
    if (v < 0 || v >= t.n_vocab()) std::abort();
  if (spells_bytes && t.decode(ids) != text) std::abort();
  const ByteRange all{0, size};
  const auto literal = t.encode(text, {.parse_special = true, .literal = {&all, 1}});
  for (Token v : literal)
    if (t.kind(v) == TokenKind::kControl) std::abort();
  if (spells_bytes && t.decode(literal) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto bpe = of_file("/tests/data/tiny/llama-tied/model.gguf"),
                    unigram = of_file("/tests/fuzz/corpus/tokenizer/unigram");
  encode(*bpe, true, data, size);
  encode(*unigram, false, data, size);
  const auto file = GgufFile::parse({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
  if (!file.ok()) return 0;
  if (const auto t = Tokenizer::from_gguf(*file); t.ok()) {
    const auto ids = (*t)->encode("Hello <|im_start|> world 123\n\xff e\xcc\x81 \xef\xbc\xa8");
    (void)(*t)->decode(ids);
  }
  return 0;
}
