// Draws as text and JSON: replies by count, diagnostics, a verdict in words, acceptance by cut.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "figure.h"
#include "output.h"
#include "ponder/diagnostics.h"
#include "sample.h"

namespace ponder::app {
namespace {

struct Counted {
  std::vector<Token> tokens;
  int count = 0;
  double logprob = 0;
};

// Most frequent first; ties: the likelier.
std::vector<Counted> counted(const Trace& t) {
  std::map<std::vector<Token>, Counted> all;
  for (std::size_t c = 0; c < t.replies.size(); ++c)
    for (std::size_t d = 0; d < t.replies[c].size(); ++d) {
      Counted& x = all[t.replies[c][d]];
      ++x.count;
      x.logprob = t.posterior[0].chains[c][d];
    }
  std::vector<Counted> out;
  for (auto& [tokens, x] : all) {
    x.tokens = tokens;
    out.push_back(std::move(x));
  }
  std::stable_sort(out.begin(), out.end(), [](const Counted& a, const Counted& b) {
    return std::pair(-a.count, -a.logprob) < std::pair(-b.count, -b.logprob);
  });
  return out;
}

struct Scalar {
  std::string name;
  std::vector<std::vector<double>> draws;  // (chains, draws)
};
std::vector<Scalar> scalars(const Trace& t) {
  std::vector<Scalar> all;
  for (const Column& c : t.posterior) all.push_back({c.name, c.chains});
  Scalar length{"length", {}};
  for (const auto& chain : t.replies) {
    auto& draws = length.draws.emplace_back();
    for (const auto& reply : chain) draws.push_back(static_cast<double>(reply.size()));
  }
  all.insert(all.begin() + 1, std::move(length));
  return all;
}

// Of many short chains; NaN where each began at a reply of its own.
double nested(const Chains& c, const Scalar& s) {
  const int k = c.config().superchains();
  return k < c.config().chains ? rhat_nested(s.draws, k) : NAN;
}

double rate(std::int64_t part, std::int64_t all) {
  return all ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

double acceptance(const Chains& c) {
  std::int64_t n = 0, accepted = 0;
  for (const MoveCounts& m : c.moves()) n += m.n, accepted += m.n_accepted;
  return rate(accepted, n);
}

// A swap of a ladder is between a replica and the next one above.
bool is_swap(const MoveCounts& m) { return m.name == "swap" && m.by_replica.size() > 1; }
double alpha_of(const Chains& c, std::size_t replica) { return c.energy().replicas()[replica].alpha; }

void print_scalars(const SampleRun& run) {
  const bool many = run.chains.config().superchains() < run.chains.config().chains;
  write(fmt::format("\n{:<13} {:>9} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7}{} {:>6} {:>6} {:>8} {:>9}\n", "", "mean",
                    "MCSE", "sd", "5 %", "median", "95 %", "R-hat", many ? "  nested" : "", "bulk", "tail", "ESS/s",
                    "ESS/kTFE"));
  for (const Scalar& s : scalars(run.chains.trace())) {
    const Summary x = summarise(s.draws);
    const double kilo_tokens = static_cast<double>(std::max<std::int64_t>(run.cost.total(), 1)) / 1000;
    std::string line = fmt::format("{:<13}", s.name);
    const auto add = [&line](double value, int decimals, int width) { line += " " + figure(value, decimals, width); };
    add(x.mean, 2, 9);
    add(x.mcse_mean, 3, 8);
    add(x.sd, 2, 8);
    for (const double q : {x.q5, x.median, x.q95}) add(q, 2, 9);
    add(x.rhat, 3, 7);
    if (many) add(nested(run.chains, s), 3, 7);
    for (const double ess : {x.ess_bulk, x.ess_tail}) add(ess, 0, 6);
    add(x.ess_bulk / run.seconds, 2, 8);
    add(x.ess_bulk / kilo_tokens, 2, 9);
    write(line + "\n");
  }
}

void print_moves(const Chains& c) {
  for (const MoveCounts& m : c.moves()) {
    std::string line = fmt::format("{:<13} {:.0f} % of {} accepted", m.name, 100 * rate(m.n_accepted, m.n), m.n);
    if (m.n_numeric > 0) line += fmt::format(", {} refused for a number that is none", m.n_numeric);
    std::string cuts;
    constexpr std::size_t kShown = 10;
    for (std::size_t t = 0; t < std::min(m.at.size(), kShown); ++t)
      if (m.at[t].n > 0) cuts += fmt::format(" {}: {:.0f} %", t, 100 * rate(m.at[t].n_accepted, m.at[t].n));
    if (!cuts.empty()) line += "; by first position" + cuts + (m.at.size() > kShown ? " …" : "");
    write(line + "\n");
    if (!is_swap(m)) continue;
    write("swaps of alpha");
    for (std::size_t r = 0; r + 1 < m.by_replica.size(); ++r)
      write(fmt::format("{} {:.3g} with {:.3g}: {:.0f} %", r ? "," : "", alpha_of(c, r), alpha_of(c, r + 1),
                        100 * rate(m.by_replica[r].n_accepted, m.by_replica[r].n)));
    write("\n");
  }
  for (const StepSize& s : c.step_sizes())
    write(fmt::format("warm-up settled on {} {} of {:.3g}\n", c.moves()[s.move].name, s.name, *s.value));
}

Json count_json(const MoveCounts::Count& c) { return {{"n", c.n}, {"accepted", c.n_accepted}}; }

Json moves_json(const Chains& c) {
  Json all = Json::array();
  for (const MoveCounts& m : c.moves()) {
    Json j{{"name", m.name}, {"n", m.n}, {"accepted", m.n_accepted}, {"numeric", m.n_numeric}};
    j["by_position"] = Json::array();
    for (const auto& at : m.at) j["by_position"].push_back(count_json(at));
    all.push_back(std::move(j));
  }
  return all;
}

Json swaps_json(const Chains& c) {
  Json all = Json::array();
  for (const MoveCounts& m : c.moves())
    for (std::size_t r = 0; is_swap(m) && r + 1 < m.by_replica.size(); ++r) {
      all.push_back(count_json(m.by_replica[r]));
      all.back()["alphas"] = {alpha_of(c, r), alpha_of(c, r + 1)};
    }
  return all;
}

Json step_sizes_json(const Chains& c) {
  Json all = Json::array();
  for (const StepSize& s : c.step_sizes())
    all.push_back({{"move", c.moves()[s.move].name}, {"name", s.name}, {"value", *s.value}});
  return all;
}

// With the flags of this program.
std::string advice(const SampleArgs& a, const Chains& c, const Verdict& v) {
  if (v.draws > 0) return fmt::format("{}: --draws {}{}", v.advice, v.draws, a.out.empty() ? "" : " --resume");
  if (v.converged || c.config().chains < 2) return v.advice;
  std::vector<std::string> flags;
  if (!a.kernel.starts_with("suffix:tries")) flags.push_back("--kernel suffix:tries=8");
  if (a.alpha > 1) flags.push_back(fmt::format("--alpha {:.3g}", std::max(a.alpha / 2, 1.)));
  flags.push_back(c.energy().replicas().size() > 1 ? fmt::format("--rungs {}", 2 * a.rungs)
                                                   : "--kernel exchange+suffix");
  return fmt::format("{}, e.g. {}", v.advice, fmt::join(flags, " or "));
}

}  // namespace

void print_sample(const SampleArgs& a, const Engine& e, const SampleRun& run) {
  const Trace& t = run.chains.trace();
  const int n = run.chains.n_draws() * a.chains;
  constexpr std::size_t kShown = 10;
  const auto replies = counted(t);
  for (std::size_t i = 0; i < std::min(replies.size(), kShown); ++i)
    write(fmt::format("{:5.1f} %  log p {:8.2f}  {:3d} tokens  {}\n", 100. * replies[i].count / n, replies[i].logprob,
                      replies[i].tokens.size(), one_line(e.text.reply_text(replies[i].tokens))));
  if (replies.size() > kShown) write(fmt::format("         and {} other replies\n", replies.size() - kShown));
  print_scalars(run);
  print_moves(run.chains);
  const Verdict v = judge(t);
  write(fmt::format("{} chains of {} draws{}, {:.1f} s, {} tokens through the network\n", a.chains,
                    run.chains.n_draws(), run.stopped ? ", stopped early" : "", run.seconds, run.cost.total()));
  const std::string next = advice(a, run.chains, v);
  write((v.converged ? "converged: " : "not converged: ") + v.reason + (next.empty() ? "" : "; " + next) + "\n");
  if (!a.out.empty()) write("written to " + a.out + "\n");
  flush();
}

Json sample_json(const SampleArgs& a, const Engine& e, const SampleRun& run) {
  const Trace& t = run.chains.trace();
  const auto& last = t.replies[0].back();
  const Reply draw{last, t.posterior[0].chains[0].back(), run.law.is_end(last.back())};
  Json j = reply_json(draw, e.text);  // the last draw of the first chain
  add_run(j, e, run.law, run.cost, run.seconds, a.seed);
  j["alpha"] = a.alpha;
  j["kernel"] = a.kernel;
  j["chains"] = a.chains;
  j["draws"] = run.chains.n_draws();
  j["replies"] = Json::array();
  for (const Counted& x : counted(t))
    j["replies"].push_back(
        {{"reply", e.text.reply_text(x.tokens)}, {"reply_ids", x.tokens}, {"count", x.count}, {"logprob", x.logprob}});
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
  Json d;
  for (const Scalar& s : scalars(t)) {
    const Summary x = summarise(s.draws);
    d["rhat"][s.name] = number(x.rhat);
    d["rhat_nested"][s.name] = number(nested(run.chains, s));
    d["mcse"][s.name] = number(x.mcse_mean);
    d["ess_bulk"][s.name] = number(x.ess_bulk);
    d["ess_tail"][s.name] = number(x.ess_tail);
    d["acceptance_rate"][s.name] = acceptance(run.chains);
    d["ess_per_second"][s.name] = number(x.ess_bulk / run.seconds);
  }
  d["moves"] = moves_json(run.chains);
  d["swaps"] = swaps_json(run.chains);
  d["step_sizes"] = step_sizes_json(run.chains);
  j["diagnostics"] = std::move(d);
  const Verdict v = judge(t);
  j["verdict"] = {
      {"converged", v.converged}, {"reason", v.reason}, {"advice", advice(a, run.chains, v)}, {"stuck", v.stuck}};
  j["file"] = a.out.empty() ? Json(nullptr) : Json(a.out);
  return j;
}

SampleProgress::SampleProgress(const SampleArgs& a, bool wanted)
    : args_(a), on_(wanted && isatty(STDERR_FILENO) != 0) {}
SampleProgress::~SampleProgress() {
  if (on_) std::cerr << "\r\x1b[K" << std::flush;
}

void SampleProgress::show(const Chains& c, double seconds) {
  constexpr double kEvery = 0.5;
  if (!on_ || seconds < shown_ + kEvery) return;
  shown_ = seconds;
  const double all = args_.warmup + static_cast<double>(args_.draws) * args_.thin,
               left = seconds * (all - static_cast<double>(c.n_steps())) / static_cast<double>(c.n_steps());
  std::string line = c.warming_up()
                         ? fmt::format("warm-up {}/{}", c.n_steps(), args_.warmup)
                         : fmt::format("draws {}/{}, accepted {:.0f} %", c.n_draws(), args_.draws, 100 * acceptance(c));
  if (c.n_draws() >= 4) line += ", ESS/s " + figure(ess_bulk(c.trace().posterior[0].chains) / seconds, 2);
  std::cerr << "\r\x1b[K" << line << fmt::format(", {:.0f} s left", left) << std::flush;
}

}  // namespace ponder::app
