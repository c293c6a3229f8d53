// Calls whose answers are arrays of numbers: scores, gradients, draws, landscapes.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "asked.h"
#include "bindings.h"
#include "ponder/wire.h"
#include "texts.h"
#include "trace_arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

using Given = std::variant<std::string, std::vector<Token>>;

Result<PromptRequest> prompt_in(const Model& m, const std::string& json) {
  PONDER_ASSIGN(const auto line, parse_request(json, n_vocab(m)));
  PONDER_ASSIGN(PromptRequest prompt, prompt_of(line));
  return intended(std::move(prompt));
}

nb::list texts_of(const Model& m, std::span<const Token> reply) {
  TextStream stream(m.opened()->shared_text());
  nb::list texts;
  for (const Token v : reply) texts.append(text_of(stream.add(v)));
  return texts;
}

// What a ScoreAnswer holds, by the names of its JSON.
nb::dict score_dict(const Model& m, ScoreAnswer a) {
  nb::dict d;
  d["texts"] = texts_of(m, a.reply);
  d["prompt_ids"] = array_of(std::move(a.prompt));
  d["reply_ids"] = array_of(std::move(a.reply));
  d["logprobs"] = array_of(std::move(a.logprobs));
  d["sum"] = a.sum;
  if (a.alpha > 0) d["lz"] = array_of(std::move(a.lz));
  if (a.k > 0) {
    nb::dict pseudo;
    pseudo["k"] = a.k;
    pseudo["logprobs"] = array_of(std::move(a.pseudo.logprobs));
    pseudo["sum"] = a.pseudo.sum;
    pseudo["candidates"] = a.pseudo.candidates;
    d["pseudo"] = pseudo;
  }
  if (!a.logits.empty()) d["logits"] = array_of(std::move(a.logits));
  return d;
}

// The scores, or the first error with the number of its reply.
Result<std::vector<ScoreAnswer>> all_scores(Session& s, std::span<const ScoreRequest> requests,
                                            const ScoreOptions& options) {
  PONDER_ASSIGN(auto results, s.score(requests, options));
  std::vector<ScoreAnswer> all;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) {
      Error e = results[i].error();
      e.where += (e.where.empty() ? "reply " : ", reply ") + std::to_string(i);
      return e;
    }
    all.push_back(std::move(*results[i]));
  }
  return all;
}

Dicts score(Model& m, const std::string& prompt, const std::vector<Given>& replies, bool end,
            double alpha, int pseudo, bool logits, std::vector<Token> allow_ids) {
  const PromptRequest context = value_of(prompt_in(m, prompt));
  std::vector<ScoreRequest> requests;
  for (const Given& reply : replies) requests.push_back({context, {.reply = reply, .end = end}});
  const ScoreOptions options{
      .alpha = alpha, .pseudo = pseudo, .logits = logits, .allowed = std::move(allow_ids)};
  auto scores = m.call(false, [&](Session& s, Flags&) { return all_scores(s, requests, options); });
  Dicts all;
  for (ScoreAnswer& a : scores.answer) all.append(score_dict(m, std::move(a)));
  return all;
}

using Gradient = std::tuple<double, Array<float>>;

Gradient gradient_of(Model& m, GradientRequest r, double tape_mb) {
  constexpr double kMegabyte = 1024 * 1024;
  const auto limit = static_cast<std::int64_t>(tape_mb * kMegabyte);
  auto a = m.call(false, [&](Session& s, Flags&) {
              return std::move(s.gradients({&r, 1}, limit).front());
            }).answer;
  const auto rows = static_cast<std::size_t>(a.rows), columns = static_cast<std::size_t>(a.columns);
  return {a.value, array_of(std::move(a.gradient), {rows, columns})};
}

Gradient gradient(Model& m, const std::string& prompt, Given reply, bool end, double tape_mb) {
  return gradient_of(m,
                     {.prompt = value_of(prompt_in(m, prompt)),
                      .reply = ReplyRequest{.reply = std::move(reply), .end = end}},
                     tape_mb);
}

// candidates and weights: (n, m), row after row.
Gradient relaxed_gradient(Model& m, const std::string& prompt, std::vector<Token> candidates,
                          std::vector<float> weights, int width, double tape_mb) {
  const Status known = m.opened()->text().check_ids(candidates, "candidates");
  if (!known.ok()) throw Failure(known.error());
  return gradient_of(m,
                     {.prompt = value_of(prompt_in(m, prompt)),
                      .reply = RelaxedReply{.candidates = std::move(candidates),
                                            .weights = std::move(weights),
                                            .m = width}},
                     tape_mb);
}

// It reads the whole model file, for its SHA-256.
Trace labelled(const SampleAnswer& a) {
  const nb::gil_scoped_release free;
  return labelled_trace(a);
}

std::tuple<std::string, Dict, bool> sample(Model& m, const std::string& json,
                                           const std::vector<TermTuple>& terms) {
  auto r = intended(value_of(parse_sample_request(json, n_vocab(m))));
  const auto out = call_keeping(
      m, r, [&](Session& s, const Flags&) { return s.sample(r); }, terms);
  const Trace trace = labelled(out.answer);
  return {record_of(out.answer), Dict(trace_dict(trace)), out.stopped};
}

// Of spots (n), and where they lie.
nb::dict spots_dict(std::span<const Spot> spots, std::span<const Point> points) {
  std::vector<std::int32_t> peak;
  std::vector<double> logprob, log_weight, at;
  for (const Spot& s : spots) {
    peak.push_back(s.peak);
    logprob.push_back(s.logprob);
    log_weight.push_back(s.log_weight);
  }
  for (const Point& p : points) at.insert(at.end(), {p.u, p.v});
  nb::dict d;
  d["at"] = array_of(std::move(at), {points.size(), 2});
  d["peak"] = array_of(std::move(peak));
  d["logprob"] = array_of(std::move(logprob));
  d["log_weight"] = array_of(std::move(log_weight));
  return d;
}

nb::dict landscape_dict(const LandscapeAnswer& a) {
  nb::dict d;
  std::vector<Point> centres;
  for (std::size_t i = 0; i < a.survey.cells.size(); ++i) centres.push_back(a.survey.centre(i));
  d["cells"] = spots_dict(a.survey.cells, centres);
  nb::list peaks;
  for (std::size_t k = 0; k < a.peaks.size(); ++k)
    peaks.append(
        nb::make_tuple(text_of(a.peaks[k].text), a.peaks[k].logprob, a.share(static_cast<int>(k))));
  d["peaks"] = peaks;
  d["start_at"] = nb::make_tuple(a.start_at.u, a.start_at.v);
  d["goal_at"] = nb::make_tuple(a.goal_at.u, a.goal_at.v);
  nb::dict walks;
  for (const auto& w : a.walks) {
    nb::list paths;
    for (const Path& p : w.paths) paths.append(spots_dict(p.spots, p.points));
    walks[w.name.c_str()] = paths;
  }
  d["walks"] = walks;
  return d;
}

std::tuple<std::string, Dict, bool> landscape(Model& m, const std::string& json) {
  auto r = intended(value_of(parse_landscape_request(json, n_vocab(m))));
  const auto out = call_keeping(m, r, [&](Session& s) { return s.landscape(r); });
  return {record_of(out.answer), Dict(landscape_dict(out.answer)), out.stopped};
}

}  // namespace

void bind_numbers(ModelClass& c) {
  c.def("score", &score, "prompt"_a, "replies"_a, "end"_a, "alpha"_a, "pseudo"_a, "logits"_a,
        "allow_ids"_a)
      .def("gradient", &gradient, "prompt"_a, "reply"_a, "end"_a, "tape_mb"_a)
      .def("relaxed_gradient", &relaxed_gradient, "prompt"_a, "candidates"_a, "weights"_a,
           "width"_a, "tape_mb"_a)
      .def("sample", &sample, "request"_a, "terms"_a)
      .def("landscape", &landscape, "request"_a);
}

}  // namespace ponder::python
