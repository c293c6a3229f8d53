// PCRE2 with bounded backtracking: a pattern comes from a stranger, and a reply from a model.
#include <array>
#include <utility>

#include "answer/pattern_map.h"
#include "answer/pieces.h"
#include "text/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace ponder {
namespace {

class RegexMap final : public PrefixMap {
 public:
  static constexpr std::uint32_t kSteps = 1'000'000, kDepth = 10'000;

  RegexMap(std::string pattern, pcre2_code* code)
      : pattern_(std::move(pattern)),
        code_(code, pcre2_code_free),
        limits_(pcre2_match_context_create(nullptr), pcre2_match_context_free) {
    pcre2_set_match_limit(limits_.get(), kSteps);
    pcre2_set_depth_limit(limits_.get(), kDepth);
  }

  std::optional<std::string> answer(std::string_view reply) const override {
    return match(well_formed(reply), 0);
  }
  // A match that has been found without a look at the end of the text is the match of every text
  // that begins so: that is what PCRE2_PARTIAL_HARD tells.
  Reading read(std::string_view beginning) const override {
    beginning.remove_suffix(open_character(beginning));
    auto found = match(well_formed(beginning), PCRE2_PARTIAL_HARD);
    if (!found) return {};
    return {true, std::move(found)};
  }
  std::string name() const override { return "regex:" + pattern_; }

 private:
  // The first group; none where there is no match, where the group is empty or took no part, or
  // where matching takes too long.
  std::optional<std::string> match(std::string_view text, std::uint32_t options) const {
    const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
        pcre2_match_data_create_from_pattern(code_.get(), nullptr), pcre2_match_data_free);
    const int n = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                              0, options, data.get(), limits_.get());
    if (n < 2) return std::nullopt;
    const PCRE2_SIZE* span = pcre2_get_ovector_pointer(data.get());
    if (span[2] == PCRE2_UNSET) return std::nullopt;
    const std::string_view group = trimmed(text.substr(span[2], span[3] - span[2]));
    if (group.empty()) return std::nullopt;
    return std::string(group);
  }

  std::string pattern_;
  std::unique_ptr<pcre2_code, void (*)(pcre2_code*)> code_;
  std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> limits_;
};

}  // namespace

Result<std::shared_ptr<const PrefixMap>> make_regex_map(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr);
  if (!code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return Error{Code::kInvalid, "a regular expression in PCRE2 syntax",
                 std::string(reinterpret_cast<const char*>(message.data())) + " at character " +
                     std::to_string(at),
                 "regex:" + pattern, ""};
  }
  auto map = std::make_shared<RegexMap>(pattern, code);
  std::uint32_t groups = 0;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
  if (groups == 0)
    return Error{Code::kInvalid, "a regular expression with a group", "none", "regex:" + pattern,
                 "put the part that is the answer in parentheses"};
  return std::shared_ptr<const PrefixMap>(std::move(map));
}

}  // namespace ponder
