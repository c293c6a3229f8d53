// Status and Result: how ponder reports bad input and failures. Not for bugs, which abort through
// PONDER_CHECK in src/base/check.h, and not for numeric trouble inside a chain, which is rejected
// and counted.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace ponder {

enum class Code {
  kInvalid,      // the input is wrong: a flag, a file's contents, a token id
  kNotFound,     // a file or name does not exist
  kUnsupported,  // the request is understood, but this build or model cannot do it
  kResource,     // more context, memory or disk needed than there is
  kIo,           // reading or writing failed
  kNumeric,      // a result that is not finite
  kCancelled,    // the caller asked to stop
};

/// What went wrong, in the four parts that every message of ponder has.
struct Error {
  Code code = Code::kInvalid;
  std::string expected;  // "a GGUF file (magic 'GGUF')"
  std::string got;       // "magic '<htm'"
  std::string where;     // "model.gguf, byte 0"
  std::string hint;      // what to do next; may be empty

  /// "expected …, got … (where); hint"
  std::string message() const;
};

/// An Error of Code::kInvalid.
Error invalid(std::string expected, std::string got, std::string where, std::string hint = "");

/// Success, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error e) : error_(std::move(e)) {}  // NOLINT: implicit on purpose
  bool ok() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

/// A T, or an Error. `value()` on an error is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T v) : v_(std::move(v)) {}      // NOLINT: implicit on purpose
  Result(Error e) : v_(std::move(e)) {}  // NOLINT
  bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(v_); }
  const T& value() const& { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }
  T& operator*() & { return std::get<0>(v_); }
  const T& operator*() const& { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  const Error& error() const { return std::get<1>(v_); }
  Status status() const { return ok() ? Status() : Status(error()); }

 private:
  std::variant<T, Error> v_;
};

}  // namespace ponder

/// Returns early with the error of a Status or Result expression.
#define PONDER_TRY(expr)                                                      \
  do {                                                                        \
    if (auto&& ponder_s_ = (expr); !ponder_s_.ok()) return ponder_s_.error(); \
  } while (0)
/// PONDER_ASSIGN(auto x, f()): binds the value of a Result or returns its error.
#define PONDER_ASSIGN(decl, expr) PONDER_ASSIGN_(decl, expr, PONDER_CAT_(ponder_r_, __LINE__))
#define PONDER_ASSIGN_(decl, expr, tmp) \
  auto tmp = (expr);                    \
  if (!tmp.ok()) return tmp.error();    \
  decl = std::move(*tmp)
#define PONDER_CAT_(a, b) PONDER_CAT2_(a, b)
#define PONDER_CAT2_(a, b) a##b
