// The text form of settings of a kernel or a search method: `name:key=value,…*count`, joined by
// `+`. Only grammar and ranges: make_kernel.cc and search/methods.cc have the names and keys.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

/// The settings of one component. `what`: its kind, such as "kernel", for errors. The caller reads
/// each key that it knows and then calls `check`, which reports the first wrong value and any key
/// that was not read.
class Settings {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;
  Settings(std::string what, std::string name, int count, Map settings)
      : what_(std::move(what)),
        name_(std::move(name)),
        count_(count),
        settings_(std::move(settings)) {}

  const std::string& name() const { return name_; }
  int count() const { return count_; }
  std::string text() const;  // name:key=value,…, without the count
  bool has(std::string_view key) const { return settings_.find(key) != settings_.end(); }
  /// Reads a value of at least `least`; keeps the present value where the key is not given.
  void read(const std::string& key, int least, int& value);
  void read(const std::string& key, double least, double& value);
  /// Reads a value above 0.
  void read_positive(const std::string& key, double& value);
  /// Reads a word as its index in `words`.
  void read_word(const std::string& key, const std::vector<std::string>& words, int& value);
  Status check() const;

 private:
  const std::string* find(const std::string& key);
  template <class T>
  void number(const std::string& key, T& value, const std::string& expected, bool (*fits)(T, T),
              T least);
  void fail(const std::string& key, const std::string& expected, const std::string& got);

  std::string what_, name_;
  int count_;
  Map settings_;
  std::vector<std::string> known_{};
  Status status_{};
};

/// Errors: kInvalid (an empty name, a setting without `=`, a key twice, a count below 1).
Result<std::vector<Settings>> parse_spec(std::string_view, const std::string& what);

}  // namespace ponder
