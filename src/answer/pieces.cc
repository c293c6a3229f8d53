// Cuts at ASCII spaces.
#include "answer/pieces.h"

#include "text/words.h"

namespace ponder {

std::vector<Piece> pieces_of(std::string_view text, bool whole) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = text.find_first_not_of(kSpaces, i);
    if (begin == std::string_view::npos) break;
    const std::size_t end = text.find_first_of(kSpaces, begin);
    if (end == std::string_view::npos && !whole) break;
    Piece p;
    p.text = text.substr(begin, end == std::string_view::npos ? end : end - begin);
    p.words = word_texts(p.text);
    i = begin + p.text.size();
    const std::size_t next = text.find_first_not_of(kSpaces, i);
    p.ends_line = text.substr(i, next == std::string_view::npos ? next : next - i).find('\n') !=
                  std::string_view::npos;
    pieces.push_back(std::move(p));
  }
  return pieces;
}

std::string joined_words(const std::vector<Piece>& pieces, std::size_t begin, std::size_t end) {
  std::string s;
  for (std::size_t i = begin; i < end; ++i)
    for (const std::string& w : pieces[i].words) s += (s.empty() ? "" : " ") + w;
  return s;
}

std::string_view trimmed(std::string_view s) {
  const std::size_t begin = s.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(kSpaces) - begin + 1);
}

}  // namespace ponder
