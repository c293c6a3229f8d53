// JSON of draws and their diagnostics, and of the answer of --verify.
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

Json count_json(const MoveCounts::Count& c) { return {{"n", c.n}, {"accepted", c.n_accepted}}; }

Json moves_json(const SampleAnswer& a) {
  Json all = Json::array();
  for (const MoveCounts& m : a.moves) {
    Json j{{"name", m.name}, {"n", m.n}, {"accepted", m.n_accepted}, {"numeric", m.n_numeric}};
    j["by_position"] = Json::array();
    for (const auto& at : m.at) j["by_position"].push_back(count_json(at));
    all.push_back(std::move(j));
  }
  return all;
}

Json swaps_json(const SampleAnswer& a) {
  Json all = Json::array();
  for (const MoveCounts& m : a.moves)
    for (std::size_t r = 0; is_swap(m) && r + 1 < m.by_replica.size(); ++r) {
      all.push_back(count_json(m.by_replica[r]));
      all.back()["alphas"] = {a.alphas[r], a.alphas[r + 1]};
    }
  return all;
}

Json diagnostics_json(const SampleAnswer& a) {
  Json d;
  for (const auto& s : a.scalars) {
    d["rhat"][s.name] = number(s.summary.rhat);
    d["rhat_nested"][s.name] = number(s.rhat_nested);
    d["mcse"][s.name] = number(s.summary.mcse_mean);
    d["ess_bulk"][s.name] = number(s.summary.ess_bulk);
    d["ess_tail"][s.name] = number(s.summary.ess_tail);
    d["acceptance_rate"][s.name] = a.acceptance;
    d["ess_per_second"][s.name] = number(s.summary.ess_bulk / a.run.seconds);
  }
  d["moves"] = moves_json(a);
  d["swaps"] = swaps_json(a);
  d["step_sizes"] = Json::array();
  for (const auto& s : a.steps)
    d["step_sizes"].push_back({{"move", s.move}, {"name", s.name}, {"value", s.value}});
  return d;
}

}  // namespace

std::string to_json(const SampleAnswer& a) {
  Json j = reply_json(a.reply);
  add_run(j, a.run);
  j["alpha"] = a.alpha;
  j["kernel"] = a.kernel;
  j["chains"] = a.chains.chains;
  j["draws"] = a.draws;
  j["replies"] = Json::array();
  for (const auto& x : a.replies)
    j["replies"].push_back(
        {{"reply", x.text}, {"reply_ids", x.tokens}, {"count", x.count}, {"logprob", x.logprob}});
  j["diagnostics"] = diagnostics_json(a);
  const Verdict& v = a.verdict;
  j["verdict"] = {
      {"converged", v.converged}, {"reason", v.reason}, {"advice", v.advice}, {"stuck", v.stuck}};
  j["file"] = a.file.empty() ? Json(nullptr) : Json(a.file);
  add_notes(j, a);
  return text_of(j);
}

std::string to_json(const VerifyAnswer& a, const SampleRequest& r) {
  return text_of({{"passed", a.passed},
                  {"tv", a.tv},
                  {"floor", a.floor},
                  {"replies", a.replies},
                  {"draws", a.draws},
                  {"alpha", r.alpha},
                  {"kernel", r.kernel},
                  {"allowed", a.law.allowed},
                  {"seed", r.chains.seed}});
}

std::string draws_jsonl(const SampleAnswer& a, const TextModel& text) {
  const Trace& t = a.trace;
  std::string lines;
  for (std::size_t d = 0; d < t.replies[0].size(); ++d)
    for (std::size_t c = 0; c < t.replies.size(); ++c) {
      const auto& reply = t.replies[c][d];
      lines += text_of({{"chain", c},
                        {"draw", d},
                        {"reply", text.reply_text(reply)},
                        {"reply_ids", reply},
                        {"logprob", t.posterior[0].chains[c][d]}}) +
               "\n";
    }
  return lines;
}

}  // namespace ponder
