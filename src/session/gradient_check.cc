// GradientCheck: compares the slopes of given gradients along random directions with slopes that
// are computed in other ways.
#include <algorithm>

#include "density/gradient_check.h"
#include "model/arch.h"
#include "ponder/session.h"

namespace ponder {
namespace {

constexpr std::int64_t kReferenceParameters = 4'000'000;  // takes a second or two per reply
constexpr double kDifferences = 1e-2, kReference = 1e-4, kBF16 = 0.1;
constexpr std::uint64_t kSeed = 1;

}  // namespace

struct GradientCheck::Ways {
  // Set if the session is not in f32: values in bf16 are too coarse for differences.
  std::unique_ptr<Session> f32{};
  std::optional<Reference> reference{};
};

GradientCheck::GradientCheck(Session& s, const GradientCheckOptions& o, std::unique_ptr<Ways> w,
                             Errors limits)
    : session_(s), options_(o), ways_(std::move(w)), limits_(limits) {}
GradientCheck::~GradientCheck() = default;

Result<std::unique_ptr<GradientCheck>> GradientCheck::make(Session& s,
                                                           const GradientCheckOptions& o) {
  const ModelInfo& info = s.model().info();
  const bool f32 = info.precision == Precision::kF32, jumps = info.n_experts > 0,
             small = !info.outside && info.n_parameters <= kReferenceParameters;
  if (jumps && !small)
    return Error{Code::kUnsupported,
                 "a model without experts, or of at most " + std::to_string(kReferenceParameters) +
                     " parameters",
                 std::to_string(info.n_experts) + " experts", s.text().file().path(),
                 "the values of a mixture jump where a row's experts change, so differences say "
                 "nothing of its slopes"};
  auto ways = std::make_unique<Ways>();
  if (!f32 && !jumps) {
    PONDER_ASSIGN(ways->f32, s.in_f32(s.options().model.weights));
  }
  const auto limit = [&](double usual) {
    return o.tolerance > 0 ? o.tolerance : f32 ? usual : kBF16;
  };
  Errors limits;
  if (!jumps) limits.differences = limit(kDifferences);
  if (small) {
    PONDER_ASSIGN(const auto config, read_config(s.text().file()));
    ways->reference.emplace(s.text().file(), config);
    limits.reference = limit(kReference);
  }
  return std::unique_ptr<GradientCheck>(new GradientCheck(s, o, std::move(ways), limits));
}

Result<GradientCheck::Errors> GradientCheck::check(const GradientRequest& r) {
  PONDER_ASSIGN(const Prompt prompt, session_.text().prompt(r.prompt));
  CheckPoint point;
  if (const auto* relaxed = std::get_if<RelaxedReply>(&r.reply)) {
    point = {prompt.ids, relaxed->candidates, relaxed->weights, relaxed->m, true};
  } else {
    PONDER_ASSIGN(const auto reply, session_.text().reply(std::get<ReplyRequest>(r.reply)));
    point = CheckPoint::of_reply(prompt.ids, reply, session_.density().n_vocab(), kSeed);
  }
  const auto directions = random_directions(point, options_.directions, kSeed);
  PONDER_ASSIGN(const PrefixRef root, session_.context(prompt.ids));
  PONDER_ASSIGN(const auto slopes, gradient_slopes(session_.density(), root, point, directions));
  Errors e;
  if (limits_.differences) {
    Session& exact = ways_->f32 ? *ways_->f32 : session_;
    PONDER_ASSIGN(const PrefixRef exact_root, exact.context(prompt.ids));
    PONDER_ASSIGN(const auto differences,
                  difference_slopes(exact.density(), exact_root, point, directions));
    e.differences = relative_error(slopes, differences);
  }
  if (ways_->reference)
    e.reference = relative_error(slopes, reference_slopes(*ways_->reference, point, directions));
  return e;
}

}  // namespace ponder
