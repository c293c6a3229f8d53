// Where the last whole character ends.
#include "text_stream.h"

#include <utility>

namespace ponder::app {

std::string TextStream::add(Token v) {
  pending_ += first_ ? text_.reply_text({v}) : text_.tokenizer->piece(v, false);
  first_ = false;
  std::size_t whole = pending_.size();
  for (std::size_t back = 1; back <= 3 && back <= pending_.size(); ++back) {
    const auto c = static_cast<unsigned char>(pending_[pending_.size() - back]);
    if ((c & 0xc0) == 0x80) continue;
    const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    if (length > back) whole = pending_.size() - back;
    break;
  }
  std::string out = pending_.substr(0, whole);
  pending_.erase(0, whole);
  return out;
}

std::string TextStream::rest() { return std::exchange(pending_, ""); }

}  // namespace ponder::app
