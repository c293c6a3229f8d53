// The last number has no beginning that decides it: any reply can go on to another one.
#include "answer/number_map.h"

#include "answer/numbers.h"
#include "answer/pieces.h"

namespace ponder {
namespace {

// What stands in the last \boxed{…} that holds a number; empty: there is none.
std::string boxed(std::string_view reply) {
  constexpr std::string_view kBoxed = "\\boxed{";
  std::string found;
  for (std::size_t i = reply.find(kBoxed); i != std::string_view::npos;
       i = reply.find(kBoxed, i + 1)) {
    std::size_t begin = i + kBoxed.size(), end = begin;
    for (int depth = 1; end < reply.size(); ++end) {
      depth += reply[end] == '{' ? 1 : reply[end] == '}' ? -1 : 0;
      if (depth == 0) break;
    }
    const auto numbers = numbers_of(pieces_of(reply.substr(begin, end - begin), true));
    if (!numbers.empty()) found = numbers.back().value;
  }
  return found;
}

// The number after the last "####" that one follows on its line.
std::string marked(std::string_view reply) {
  constexpr std::string_view kMark = "####";
  std::string found;
  for (std::size_t i = reply.find(kMark); i != std::string_view::npos;
       i = reply.find(kMark, i + 1)) {
    const std::string_view rest = reply.substr(i + kMark.size());
    const auto numbers = numbers_of(pieces_of(rest.substr(0, rest.find('\n')), true));
    if (!numbers.empty()) found = numbers.front().value;
  }
  return found;
}

class LastNumber final : public PrefixMap {
 public:
  std::optional<std::string> answer(std::string_view reply) const override {
    if (std::string n = boxed(reply); !n.empty()) return n;
    if (std::string n = marked(reply); !n.empty()) return n;
    const auto numbers = numbers_of(pieces_of(reply, true));
    if (numbers.empty()) return std::nullopt;
    return numbers.back().value;
  }
  Reading read(std::string_view) const override { return {}; }
  bool can_decide() const override { return false; }
  std::string name() const override { return "number"; }
};

class FirstNumber final : public PrefixMap {
 public:
  std::optional<std::string> answer(std::string_view reply) const override {
    const auto numbers = numbers_of(pieces_of(reply, true));
    if (numbers.empty()) return std::nullopt;
    return numbers.front().value;
  }
  // A number may go on in the next piece: "two" with "hundred", "1.5" with "million".
  Reading read(std::string_view beginning) const override {
    const auto pieces = pieces_of(beginning, false);
    const auto numbers = numbers_of(pieces);
    if (numbers.empty()) return {};
    const bool may_go_on =
        numbers.front().end_piece == pieces.size() || continues_number(pieces.back());
    if (numbers.size() == 1 && may_go_on) return {};
    return {true, numbers.front().value};
  }
  std::string name() const override { return "number:first"; }
};

}  // namespace

std::shared_ptr<const PrefixMap> make_number_map(bool first) {
  if (first) return std::make_shared<FirstNumber>();
  return std::make_shared<LastNumber>();
}

}  // namespace ponder
