// Splits a specification at + : , = and *, and reads numbers.
#include "mcmc/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "ponder/core/spelling.h"

namespace ponder {
namespace {

Error bad(const std::string& expected, const std::string& got, const std::string& what,
          std::string_view where, std::string hint = "") {
  return {Code::kInvalid, expected, got, what + " `" + std::string(where) + "`", std::move(hint)};
}

std::vector<std::string_view> split(std::string_view s, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = s.find(at); end != std::string_view::npos; end = s.find(at)) {
    parts.push_back(s.substr(0, end));
    s.remove_prefix(end + 1);
  }
  parts.push_back(s);
  return parts;
}

template <class T>
bool parse(std::string_view s, T& value) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  return error == std::errc() && end == s.data() + s.size();
}

Result<Settings> parse_component(std::string_view text, const std::string& what) {
  const auto star = split(text, '*');
  int count = 1;
  if (star.size() > 2 || (star.size() == 2 && (!parse(star[1], count) || count < 1)))
    return bad("name:key=value,…*count, the count at least 1", std::string(text), what, text);
  const std::size_t colon = star[0].find(':');
  const std::string_view name = star[0].substr(0, colon);
  if (name.empty()) return bad("a " + what + "'s name", "none", what, text);
  Settings::Map settings;
  if (colon != std::string_view::npos)
    for (std::string_view item : split(star[0].substr(colon + 1), ',')) {
      const std::size_t equals = item.find('=');
      if (equals == std::string_view::npos || equals == 0)
        return bad("key=value", std::string(item), what, text);
      if (!settings.emplace(item.substr(0, equals), item.substr(equals + 1)).second)
        return bad("each key once", std::string(item), what, text);
    }
  return Settings(what, std::string(name), count, std::move(settings));
}

}  // namespace

std::string Settings::text() const {
  std::string all = name_;
  for (const auto& [key, value] : settings_)
    fmt::format_to(std::back_inserter(all), "{}{}={}", all.size() == name_.size() ? ':' : ',', key,
                   value);
  return all;
}

Result<std::vector<Settings>> parse_spec(std::string_view text, const std::string& what) {
  std::vector<Settings> out;
  for (std::string_view part : split(text, '+')) {
    PONDER_ASSIGN(auto component, parse_component(part, what));
    out.push_back(std::move(component));
  }
  return out;
}

const std::string* Settings::find(const std::string& key) {
  known_.push_back(key);
  const auto it = settings_.find(key);
  return it == settings_.end() ? nullptr : &it->second;
}

void Settings::fail(const std::string& key, const std::string& expected, const std::string& got) {
  if (status_.ok()) status_ = bad(expected, key + "=" + got, what_, name_);
}

template <class T>
void Settings::number(const std::string& key, T& value, const std::string& expected,
                      bool (*fits)(T, T), T least) {
  T read{};
  const std::string* text = find(key);
  if (!text) return;
  if (!parse(*text, read) || !std::isfinite(static_cast<double>(read)) || !fits(read, least)) {
    fail(key, expected, *text);
    return;
  }
  value = read;
}

void Settings::read(const std::string& key, int least, int& value) {
  number<int>(
      key, value, "a whole number of at least " + std::to_string(least),
      [](int a, int b) { return a >= b; }, least);
}
void Settings::read(const std::string& key, double least, double& value) {
  number<double>(
      key, value, fmt::format("a number of at least {}", least),
      [](double a, double b) { return a >= b; }, least);
}
void Settings::read_positive(const std::string& key, double& value) {
  number<double>(
      key, value, "a number above 0", [](double a, double b) { return a > b; }, 0);
}

void Settings::read_word(const std::string& key, const std::vector<std::string>& words,
                         int& value) {
  const std::string* text = find(key);
  if (!text) return;
  const auto it = std::find(words.begin(), words.end(), *text);
  if (it != words.end()) {
    value = static_cast<int>(it - words.begin());
    return;
  }
  fail(key, fmt::format("one of {}", fmt::join(words, ", ")), *text);
}

Status Settings::check() const {
  for (const auto& [key, value] : settings_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    return bad(
        known_.empty() ? "no settings" : fmt::format("one of the keys {}", fmt::join(known_, ", ")),
        key, what_, name_, did_you_mean(key, known_, 3));
  }
  return status_;
}

}  // namespace ponder
