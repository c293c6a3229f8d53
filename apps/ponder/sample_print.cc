// Draws as text: replies by count, diagnostics, a verdict in words, acceptance by first position.
#include "sample_print.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "figure.h"
#include "output.h"

namespace ponder::app {
namespace {

double percent(std::int64_t part, std::int64_t all) {
  return all ? 100 * static_cast<double>(part) / static_cast<double>(all) : 0;
}

void print_scalars(const SampleAnswer& a) {
  const bool many = a.chains.superchains() < a.chains.chains;
  write(
      fmt::format("\n{:<13} {:>9} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7}{} {:>6} {:>6} {:>8} {:>9}\n",
                  "", "mean", "MCSE", "sd", "5 %", "median", "95 %", "R-hat",
                  many ? "  nested" : "", "bulk", "tail", "ESS/s", "ESS/kTFE"));
  const double kilo_tokens =
      static_cast<double>(std::max<std::int64_t>(a.run.cost.total(), 1)) / 1000;
  for (const auto& s : a.scalars) {
    const Summary& x = s.summary;
    std::string line = fmt::format("{:<13}", s.name);
    const auto add = [&line](double value, int decimals, int width) {
      line += " " + figure(value, decimals, width);
    };
    add(x.mean, 2, 9);
    add(x.mcse_mean, 3, 8);
    add(x.sd, 2, 8);
    for (const double q : {x.q5, x.median, x.q95}) add(q, 2, 9);
    add(x.rhat, 3, 7);
    if (many) add(s.rhat_nested, 3, 7);
    for (const double ess : {x.ess_bulk, x.ess_tail}) add(ess, 0, 6);
    add(x.ess_bulk / a.run.seconds, 2, 8);
    add(x.ess_bulk / kilo_tokens, 2, 9);
    write(line + "\n");
  }
}

void print_swaps(const MoveCounts& m, const std::vector<double>& alphas) {
  write("swaps of alpha");
  for (std::size_t r = 0; r + 1 < m.by_replica.size(); ++r)
    write(fmt::format("{} {:.3g} with {:.3g}: {:.0f} %", r ? "," : "", alphas[r], alphas[r + 1],
                      percent(m.by_replica[r].n_accepted, m.by_replica[r].n)));
  write("\n");
}

void print_moves(const SampleAnswer& a) {
  for (const MoveCounts& m : a.moves) {
    std::string line =
        fmt::format("{:<13} {:.0f} % of {} accepted", m.name, percent(m.n_accepted, m.n), m.n);
    if (m.n_numeric > 0) line += fmt::format(", {} refused because a number was NaN", m.n_numeric);
    std::string cuts;
    constexpr std::size_t kShown = 10;
    for (std::size_t t = 0; t < std::min(m.at.size(), kShown); ++t)
      if (m.at[t].n > 0)
        cuts += fmt::format(" {}: {:.0f} %", t, percent(m.at[t].n_accepted, m.at[t].n));
    if (!cuts.empty()) line += "; by first position" + cuts + (m.at.size() > kShown ? " …" : "");
    write(line + "\n");
    if (is_swap(m)) print_swaps(m, a.alphas);
  }
  for (const auto& s : a.steps)
    write(fmt::format("warm-up settled on {} {} of {:.3g}\n", s.move, s.name, s.value));
}

}  // namespace

void print_sample(const SampleAnswer& a) {
  const int n = a.draws * a.chains.chains;
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(a.replies.size(), kShown); ++i) {
    const auto& x = a.replies[i];
    write(fmt::format("{:5.1f} %  log p {:8.2f}  {:3d} tokens  {}\n", percent(x.count, n),
                      x.logprob, x.tokens.size(), one_line(x.text)));
  }
  if (a.replies.size() > kShown)
    write(fmt::format("         and {} other replies\n", a.replies.size() - kShown));
  print_scalars(a);
  print_moves(a);
  write(fmt::format("{} chains of {} draws{}, {:.1f} s, {} tokens through the network\n",
                    a.chains.chains, a.draws, a.complete ? "" : ", stopped early", a.run.seconds,
                    a.run.cost.total()));
  const Verdict& v = a.verdict;
  write((v.converged ? "converged: " : "not converged: ") + v.reason +
        (v.advice.empty() ? "" : "; " + v.advice) + "\n");
  if (!a.file.empty()) write("written to " + a.file + "\n");
  flush();
}

void print_verify(const VerifyAnswer& a, const SampleRequest& r) {
  const char* verdict = a.passed   ? "PASS"
                        : a.enough ? "FAIL: these are no draws from the target"
                                   : "UNDECIDED: too few draws; give it more time";
  const int most = a.law.length ? a.law.length : a.law.max_length;
  write(
      fmt::format("{} replies enumerated ({} ids, up to {} tokens, {}), alpha {}, kernel {}\n"
                  "{} draws: TV {:.4f} to the law; {:.4f} is left by sampling noise alone\n{}\n",
                  a.replies, a.law.allowed.size(), most, to_string(a.law.target), r.alpha, r.kernel,
                  a.draws, a.tv, a.floor, verdict));
  flush();
}

SampleProgress::SampleProgress(const SampleRequest& r)
    : warmup_(r.chains.warmup),
      draws_(r.draws),
      thin_(r.chains.thin),
      on_(isatty(STDERR_FILENO) != 0) {}
SampleProgress::~SampleProgress() {
  if (shown_ >= 0) std::cerr << "\r\x1b[K" << std::flush;
}

void SampleProgress::show(const Chains& c, double seconds) {
  constexpr double kEvery = 0.5;
  if (!on_ || seconds < shown_ + kEvery) return;
  shown_ = seconds;
  const auto done = static_cast<double>(c.n_steps());
  const double all = warmup_ + static_cast<double>(draws_) * thin_,
               left = seconds * (all - done) / done;
  std::string line = c.warming_up() ? fmt::format("warm-up {}/{}", c.n_steps(), warmup_)
                                    : fmt::format("draws {}/{}, accepted {:.0f} %", c.n_draws(),
                                                  draws_, 100 * acceptance(c.moves()));
  if (c.n_draws() >= 4)
    line += ", ESS/s " + figure(ess_bulk(c.trace().posterior[0].chains) / seconds, 2);
  std::cerr << "\r\x1b[K" << line << fmt::format(", {:.0f} s left", left) << std::flush;
}

}  // namespace ponder::app
