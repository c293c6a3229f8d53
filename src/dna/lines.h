// The lines of a text file with the line ends of any system. Not a parser of lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ponder::dna {

struct Line {
  std::string text;
  int number;  // from 1
};

/// Splits a text into lines, without line ends ("\n" or "\r\n"), and without the byte order mark
/// that some editors put first.
inline std::vector<Line> lines_of(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Line> lines;
  for (int n = 1; !text.empty(); ++n) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back({std::string(line), n});
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace ponder::dna
