// The plane through the ordinary reply and the best other reply of a beam, and the paths of both
// methods from the worse of the two. The same for an example of two hills.
#include "ponder/session/landscape.h"

#include <chrono>
#include <cmath>

#include "landscape/noise_plane.h"
#include "landscape/paths.h"
#include "ponder/search/decode.h"
#include "session/prefill.h"

namespace ponder {
namespace {

constexpr int kHorizon = 24;  // tokens, unless the request says otherwise
constexpr int kBeam = 16;
// margin of the square around the points that it must show, in standard deviations
constexpr double kMargin = 2;

/// Returns true if the budget is used up.
using Over = std::function<bool()>;

// Returns the function that a stage calls after each step: it reports the progress to the request,
// and returns false if the stage should stop.
PathProgress reporter(const LandscapeRequest& r, const Over& over, LandscapeProgress p) {
  return [&r, &over, p](int done) mutable {
    p.done = done;
    if (r.progress) r.progress(p);
    return !over();
  };
}

Status check_sizes(const LandscapeRequest& r) {
  const auto bad = [](const std::string& expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, "landscape", ""};
  };
  if (r.size < 2) return bad("at least 2 cells along a side", std::to_string(r.size));
  if (r.seeds < 1) return bad("at least one seed", std::to_string(r.seeds));
  if (r.points < HmcPathConfig{}.steps)
    return bad("paths of at least 3 points", std::to_string(r.points));
  if (!(r.alpha >= 0) || std::isinf(r.alpha))
    return bad("an exponent above 0", std::to_string(r.alpha));
  return {};
}

LandscapeAnswer new_answer(const LandscapeRequest& r, double usual_alpha) {
  LandscapeAnswer a;
  a.alpha = r.alpha > 0 ? r.alpha : usual_alpha;
  a.seeds = r.seeds;
  a.seed = r.seed;
  return a;
}

void count(const Surface& surface, const LandscapeAnswer& a, LandscapeAnswer::Walk& w) {
  for (const Path& p : w.paths) {
    const double height = highest(surface, p);
    w.escaped += height >= surface.height(a.goal);
    w.improved += height > surface.height(a.start);
  }
}

// Computes the cells, the starts and the paths of both methods. After an error, `a` has the results
// up to it.
Status walk(const LandscapeRequest& r, const Over& over, Surface& surface, LandscapeAnswer& a) {
  PONDER_TRY(look_around(surface, a.survey, reporter(r, over, {"cells", "row", 0, r.size})));
  std::vector<Point> starts;
  PONDER_TRY(draw_starts(surface, a.survey, a.start, r.seeds, r.seed, starts));
  HmcPathConfig chain{.seed = r.seed};
  chain.trajectories = r.points / chain.steps;
  const int points = chain.trajectories * chain.steps;
  a.walks = {{.name = "ascent", .title = "Gradient ascent", .points = points},
             {.name = "hmc", .title = "Hamiltonian Monte Carlo", .points = points}};
  PONDER_TRY(climb(surface, starts, {.steps = points}, a.walks[0].paths,
                   reporter(r, over, {"ascent", "point", 0, points})));
  PONDER_TRY(hmc(surface, starts, chain, a.walks[1].paths,
                 reporter(r, over, {"hmc", "point", 0, points})));
  for (auto& w : a.walks) count(surface, a, w);
  return {};
}

// A stop is not an error: it leaves the answer incomplete.
Status explore(const LandscapeRequest& r, const Over& over, Surface& surface,
               std::span<const Point> show, LandscapeAnswer& a) {
  a.survey = square_around(show, kMargin, r.size);
  Status walked = walk(r, over, surface, a);
  a.complete = walked.ok();
  if (!a.complete && walked.error().code == Code::kCancelled) return {};
  return walked;
}

// The ordinary reply and the best other reply of a beam. The less probable of the two is the start.
Result<std::pair<Reply, Reply>> start_and_goal(CausalDensity& d, const ReplyLaw& law,
                                               const Prefill& p) {
  PONDER_ASSIGN(const std::vector<Reply> decoded, decode(d, p.context(), law, {}, 1, p.rest()));
  const Reply& first = decoded[0];
  if (law.target() == Target::kEnded && !first.ended)
    return Error{Code::kInvalid,
                 "a first reply that ends within " + std::to_string(law.horizon()) + " tokens",
                 "one that does not", "--max-length", "raise it, or use --target truncated"};
  PONDER_ASSIGN(const BeamResult beam,
                beam_search(d, p.context(), law, {.width = kBeam}, p.rest()));
  for (const Reply& r : beam.replies)
    if (r.tokens != first.tokens)
      return r.logprob > first.logprob ? std::pair(first, r) : std::pair(r, first);
  return Error{Code::kInvalid, "two replies of the law", "one", "the law",
               "allow longer replies, or more ids"};
}

}  // namespace

double LandscapeAnswer::share(int peak) const {
  const std::vector<double> all = survey.shares();
  return peak < static_cast<int>(all.size()) ? all[static_cast<std::size_t>(peak)] : 0;
}

Result<LandscapeAnswer> two_hills(const LandscapeRequest& r) {
  constexpr double kUsualAlpha = 1;
  using Time = std::chrono::steady_clock;
  PONDER_TRY(check_sizes(r));
  const auto start = Time::now();
  const Over over = [&] {  // a Clock is not needed, since no tokens are counted
    return (r.budget.stop && r.budget.stop->load()) || (r.budget.enough && r.budget.enough()) ||
           std::chrono::duration<double>(Time::now() - start).count() >= r.budget.seconds;
  };
  LandscapeAnswer a = new_answer(r, kUsualAlpha);
  TwoHills hills(a.alpha);
  a.peaks = {{"the lower hill", hills.height(0)}, {"the higher hill", hills.height(1)}};
  a.start_at = TwoHills::top(0);
  a.goal_at = TwoHills::top(1);
  const Point show[] = {a.start_at, a.goal_at};
  PONDER_TRY(explore(r, over, hills, show, a));
  return a;
}

Result<LandscapeAnswer> Session::landscape(const LandscapeRequest& r) {
  constexpr double kUsualAlpha = 4;
  PONDER_TRY(check_sizes(r));
  PONDER_ASSIGN(const Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kHorizon, prompt.ids.size(), *density_));
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  PONDER_ASSIGN(const auto ends, start_and_goal(*density_, law, prefill));
  LandscapeAnswer a = new_answer(r, kUsualAlpha);
  PONDER_ASSIGN(const auto plane, NoisePlane::make(*density_, prefill.context(), law, a.alpha,
                                                   ends.first.tokens, ends.second.tokens, r.seed));
  a.question = prompt.question;
  a.start_at = plane->first();
  a.goal_at = plane->second();
  // the base density is highest at the origin, the last point
  const Point show[] = {a.start_at, a.goal_at, {}};
  const Over over = [&] { return prefill.clock().over(); };
  PONDER_TRY(explore(r, over, *plane, show, a));
  for (const Reply& x : plane->replies())
    a.peaks.push_back({text_->reply_text(x.tokens), x.logprob});
  return a;
}

}  // namespace ponder
