// Gradients of given replies as requests and answers, and their check by other ways to the same
// slopes.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/density/gradient.h"
#include "ponder/session/prompt.h"

namespace ponder {

/// A reply of n positions, each a mixture of m candidate tokens.
struct RelaxedReply {
  std::vector<Token> candidates{};  // (n, m)
  std::vector<float> weights{};     // (n, m), each row sums to 1
  int m = 1;
};

struct GradientRequest {
  PromptRequest prompt{};
  std::variant<ReplyRequest, RelaxedReply> reply{};
};

struct GradientAnswer {
  double value = 0;               // log p of the reply, or the relaxed objective, nats
  std::vector<float> gradient{};  // (rows, columns)
  std::int64_t rows = 0;          // positions of the reply
  std::int64_t columns =
      0;  // n_embd: d value / d what enters the first block; or m: d value / d weights
};

struct GradientCheckOptions {
  int directions = 8;    // random ones, of each reply
  double tolerance = 0;  // largest relative error; 0: by precision
};

class Session;

/// Compares gradients with central differences of the value in f32, and on small models with the
/// complex step of a scalar reference in f64. The session must outlive it. Threads: one call at a
/// time.
class GradientCheck {
 public:
  struct Errors {
    // relative; none for a mixture of experts, whose values jump where a row's experts change
    std::optional<double> differences{};
    std::optional<double> reference{};  // relative; none for a model too large for it
  };
  /// Errors: those of loading the model a second time, in f32, where the session's is not;
  /// kUnsupported (a mixture of experts that is too large for the reference).
  static Result<std::unique_ptr<GradientCheck>> make(Session&, const GradientCheckOptions&);
  ~GradientCheck();
  Result<Errors> check(const GradientRequest&);
  const Errors& limits() const { return limits_; }

 private:
  struct Ways;  // to a slope besides the gradient
  GradientCheck(Session&, const GradientCheckOptions&, std::unique_ptr<Ways>, Errors limits);

  Session& session_;
  GradientCheckOptions options_;
  std::unique_ptr<Ways> ways_;
  Errors limits_;
};

/// The check of one request line.
struct CheckedGradient {
  int number = 0;  // of the line
  Result<GradientCheck::Errors> errors;
};

}  // namespace ponder
