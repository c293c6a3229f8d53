// Typed look-ups of metadata: each returns the value, the default where the key is absent, or an
// error that names the type found.
#include <filesystem>
#include <limits>

#include "ponder/model/gguf.h"

namespace ponder {
namespace {

std::string describe(const GgufValue& v) {
  if (std::holds_alternative<std::int64_t>(v.v)) return "a whole number";
  if (std::holds_alternative<std::uint64_t>(v.v)) return "a whole number above 2^63";
  if (std::holds_alternative<double>(v.v)) return "a number with a fraction part";
  if (std::holds_alternative<bool>(v.v)) return "a boolean";
  if (std::holds_alternative<std::string_view>(v.v)) return "a string";
  return "an array of " + std::to_string(std::get<std::shared_ptr<GgufArray>>(v.v)->size());
}

Error wrong(const GgufFile& f, std::string_view key, const char* expected) {
  const auto it = f.metadata().find(key);
  const bool present = it != f.metadata().end();
  return {Code::kInvalid, std::string(expected), present ? describe(it->second) : "no such key",
          f.path() + ", " + std::string(key),
          present ? "the file may be of a kind of model that ponder does not know"
                  : "the file may be incomplete"};
}

}  // namespace

std::string GgufFile::name() const { return std::filesystem::path(path()).filename().string(); }

Result<std::int64_t> GgufFile::get_int(std::string_view key) const {
  const auto it = metadata().find(key);
  if (it == metadata().end()) return wrong(*this, key, "a whole number");
  if (const auto* v = std::get_if<std::int64_t>(&it->second.v)) return *v;
  const auto* u = std::get_if<std::uint64_t>(&it->second.v);
  if (u && *u <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return static_cast<std::int64_t>(*u);
  return wrong(*this, key, "a whole number");
}
Result<double> GgufFile::get_float(std::string_view key) const {
  const auto it = metadata().find(key);
  if (it == metadata().end()) return wrong(*this, key, "a number");
  if (const auto* v = std::get_if<double>(&it->second.v)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&it->second.v)) return static_cast<double>(*v);
  return wrong(*this, key, "a number");
}
Result<std::string_view> GgufFile::get_string(std::string_view key) const {
  const auto it = metadata().find(key);
  if (it == metadata().end()) return wrong(*this, key, "a string");
  if (const auto* v = std::get_if<std::string_view>(&it->second.v)) return *v;
  return wrong(*this, key, "a string");
}
Result<std::int64_t> GgufFile::int_or(std::string_view key, std::int64_t fallback) const {
  return metadata().contains(key) ? get_int(key) : fallback;
}
Result<double> GgufFile::float_or(std::string_view key, double fallback) const {
  return metadata().contains(key) ? get_float(key) : fallback;
}
Result<std::string_view> GgufFile::string_or(std::string_view key,
                                             std::string_view fallback) const {
  return metadata().contains(key) ? get_string(key) : fallback;
}
Result<bool> GgufFile::bool_or(std::string_view key, bool fallback) const {
  const auto it = metadata().find(key);
  if (it == metadata().end()) return fallback;
  if (const auto* v = std::get_if<bool>(&it->second.v)) return *v;
  return wrong(*this, key, "true or false");
}
const GgufArray* GgufFile::find_array(std::string_view key) const {
  const auto it = metadata().find(key);
  if (it == metadata().end()) return nullptr;
  const auto* a = std::get_if<std::shared_ptr<GgufArray>>(&it->second.v);
  return a ? a->get() : nullptr;
}

}  // namespace ponder
