// Calls whose request and answer are one JSON object each: the wire has both.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "asked.h"
#include "bindings.h"
#include "ponder/openai.h"
#include "ponder/wire.h"
#include "texts.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

using Written = std::optional<std::string>;  // the text of a file that can be checked

template <class T>
Written written(const std::optional<T>& r) {
  return r ? Written(to_json(*r)) : Written();
}

// With the tokens of a single reply: the text of each, and its log p in nats.
using Tokens = nb::typed<nb::list, nb::typed<nb::tuple, nb::str, double>>;
std::tuple<std::string, Tokens, bool> generate(Model& m, const std::string& json) {
  auto r = intended(value_of(parse_generate_request(json, n_vocab(m))));
  std::vector<std::pair<std::string, double>> spelled;
  TextStream stream(m.opened()->shared_text());
  if (r.beam == 0 && r.best_of == 1)
    r.on_token = [&](TokenProb v) {
      spelled.emplace_back(stream.add(v.token), v.logprob);
      return true;
    };
  const auto out = call_keeping(m, r, [&](Session& s) { return s.generate(r); });
  Tokens tokens;
  for (const auto& [text, logprob] : spelled) tokens.append(nb::make_tuple(text_of(text), logprob));
  return {record_of(out.answer), tokens, out.stopped};
}

std::tuple<std::string, bool> think(Model& m, const std::string& json) {
  auto r = intended(value_of(parse_think_request(json, n_vocab(m))));
  r.logprobs = true;
  const auto text = m.opened()->shared_text();
  const auto out = call_keeping(m, r, [&](Session& s) { return s.think(r); });
  const nb::gil_scoped_release free;  // as record_of
  return {think_record(out.answer, *text), out.stopped};
}

// Where a term has raised, its bounds were none, and nothing is proved.
std::tuple<std::string, Written, bool> prove(Model& m, const std::string& json,
                                             const std::vector<TermTuple>& terms) {
  auto r = intended(value_of(parse_prove_request(json, n_vocab(m))));
  const auto ask = [&](Session& s, const Flags& flags) -> Result<ProveAnswer> {
    auto a = s.prove(r);
    if (flags.raised) return Error{Code::kCancelled, "bounds", "an exception of Python", "", ""};
    return a;
  };
  const auto out = call_keeping(m, r, ask, terms);
  return {record_of(out.answer), written(out.answer.record), out.stopped};
}

// A calibration suits a request of its own settings; `demanded`: it is used in any case.
Status calibrate_by(const std::string& text, const std::string& where, bool demanded,
                    AnswerRequest& r) {
  PONDER_ASSIGN(CalibrationRecord record, parse_calibration(text, where));
  if (demanded || record.settings == settings_of(r))
    r.calibration = std::make_shared<const CalibrationRecord>(std::move(record));
  return {};
}

std::tuple<std::string, Written, bool> answer(Model& m, const std::string& json,
                                              const std::optional<std::string>& calibration,
                                              const std::string& where, bool demanded) {
  auto r = intended(value_of(parse_answer_request(json, n_vocab(m))));
  if (calibration) {
    const Status read = calibrate_by(*calibration, where, demanded, r);
    if (!read.ok()) throw Failure(read.error());
  }
  const auto out = call_keeping(m, r, [&](Session& s) { return s.answer(r); });
  return {record_of(out.answer), written(out.answer.record), out.stopped};
}

std::string decide(Model& m, const std::string& json, bool raw) {
  auto r = value_of(parse_decide_request(json));
  r.raw = raw;
  return record_of(m.call(false, [&](Session& s, Flags&) {
                      return std::move(s.decide({&r, 1})[0]);
                    }).answer);
}

std::string bench(Model& m, int repeats, std::vector<std::string> only) {
  const BenchRequest r{.repeats = repeats, .only = std::move(only)};
  return record_of(m.call(false, [&](Session& s, Flags&) { return s.bench(r); }).answer);
}

// What was written down of a proof, checked by another way in f32.
std::string check_proof(Model& m, const std::string& record, const std::string& where,
                        const std::string& budget) {
  CheckRequest r{.where = where};
  r.record = value_of(parse_certificate(record, where));
  r.budget = value_of(parse_budget(budget, "budget"));
  const auto out = call_keeping(m, r, [&](Session& s) { return s.check(r); });
  return record_of(out.answer);
}

std::string check_answer(Model& m, const std::string& record, const std::string& where) {
  AnswerCheckRequest r{.where = where};
  r.record = value_of(parse_answer_record(record, where));
  return record_of(m.call(false, [&](Session& s, Flags&) { return s.check_answer(r); }).answer);
}

}  // namespace

void bind_requests(ModelClass& c) {
  c.def("generate", &generate, "request"_a)
      .def("think", &think, "request"_a)
      .def("prove", &prove, "request"_a, "terms"_a)
      .def("answer", &answer, "request"_a, "calibration"_a, "where"_a, "demanded"_a)
      .def("decide", &decide, "request"_a, "raw"_a)
      .def("check_proof", &check_proof, "record"_a, "where"_a, "budget"_a)
      .def("check_answer", &check_answer, "record"_a, "where"_a)
      .def("bench", &bench, "repeats"_a, "only"_a);
}

}  // namespace ponder::python
