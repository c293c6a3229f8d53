// Known questions from JSON; calibrations to a file and back; what a calibration shows, to JSON.
#include <cmath>
#include <utility>

#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

constexpr const char* kCalibrationFormat = "ponder calibration 1";
constexpr const char* kExpected = "the JSON of ponder calibrate";

Json judged_json(const std::vector<JudgedConfidence>& all) {
  Json j = Json::array();
  for (const JudgedConfidence& x : all) j.push_back({x.confidence, x.right});
  return j;
}

Json group_json(const CalibrationRecord::Group& g) {
  const Calibration& c = g.calibration;
  Json j{{"name", g.name}, {"bias", c.bias}, {"features", Json::array()}, {"steps", Json::array()}};
  for (const Calibration::Feature& f : c.features)
    j["features"].push_back(
        {{"name", f.name}, {"mean", f.mean}, {"scale", f.scale}, {"weight", f.weight}});
  for (const Calibration::Step& s : c.steps) j["steps"].push_back({s.score, s.probability});
  j["fitted"] = judged_json(c.fitted);
  j["held"] = judged_json(c.held);
  return j;
}

Json figures_json(const ConfidenceFigures& f) {
  return {{"n", f.n},
          {"right", f.right},
          {"auroc", number(f.auroc)},
          {"calibration_error", f.calibration_error},
          {"brier", f.brier}};
}

bool is_share(double p) { return p >= 0 && p <= 1; }

// The most confident first. Throws the library's exceptions on wrong types.
Result<std::vector<JudgedConfidence>> read_judged(const Json& j, const std::string& where) {
  std::vector<JudgedConfidence> all;
  for (const Json& x : j) {
    all.push_back({x.at(0), x.at(1)});
    const double p = all.back().confidence;
    if (!is_share(p) || (all.size() > 1 && p > all[all.size() - 2].confidence))
      return Error{Code::kInvalid, "confidences from 1 down to 0", text_of(x), where, ""};
  }
  return all;
}

Result<Calibration> read_group(const Json& j, const std::string& where) {
  Calibration c{.bias = j.at("bias")};
  for (const Json& f : j.at("features")) {
    c.features.push_back({f.at("name"), f.at("mean"), f.at("scale"), f.at("weight")});
    if (!(c.features.back().scale > 0))
      return Error{Code::kInvalid, "a scale above 0", text_of(f).substr(0, 80), where, ""};
  }
  for (const Json& s : j.at("steps")) {
    c.steps.push_back({s.at(0), s.at(1)});
    const std::size_t n = c.steps.size();
    const bool rises = n < 2 || (c.steps[n - 2].score < c.steps[n - 1].score &&
                                 c.steps[n - 2].probability <= c.steps[n - 1].probability);
    if (!is_share(c.steps.back().probability) || !rises)
      return Error{Code::kInvalid, "steps that rise, from 0 to 1", text_of(s), where, ""};
  }
  if (c.steps.empty()) return Error{Code::kInvalid, "at least one step", "none", where, ""};
  PONDER_ASSIGN(c.fitted, read_judged(j.at("fitted"), where));
  PONDER_ASSIGN(c.held, read_judged(j.at("held"), where));
  return c;
}

// Throws the library's exceptions on missing keys and wrong types.
Result<CalibrationRecord> read_calibration(const Json& j, const std::string& where) {
  if (j.at("format") != kCalibrationFormat)
    return Error{Code::kInvalid, kCalibrationFormat, text_of(j.at("format")).substr(0, 40), where,
                 ""};
  CalibrationRecord r{j.at("model").at("file"), j.at("model").at("sha256"), {}, {}};
  const Json& s = j.at("settings");
  const auto way = parse_answer_way(s.at("way").get<std::string>());
  if (!way)
    return Error{Code::kInvalid, "a known way", text_of(s.at("way")).substr(0, 40), where, ""};
  r.settings = {*way,
                s.at("map"),
                s.at("max_length"),
                s.at("draws"),
                s.at("temperature"),
                s.at("enough"),
                s.value("distinct", false)};
  for (const Json& g : j.at("groups")) {
    PONDER_ASSIGN(Calibration c, read_group(g, where));
    r.groups.push_back({g.at("name"), std::move(c)});
  }
  return r;
}

}  // namespace

Result<KnownQuestion> parse_known_question(std::string_view json, int n_vocab) {
  const Error broken{Code::kInvalid, "a JSON object", "", "", ""};
  PONDER_ASSIGN(const Json j, parse_json(json, broken, "request"));
  if (!j.is_object()) return Error{Code::kInvalid, "a JSON object", j.type_name(), "line", ""};
  KnownQuestion q;
  const Json answers = j.value("answers", Json());
  bool texts = answers.is_array() && !answers.empty();
  for (const Json& a : answers) texts = texts && a.is_string();
  if (!texts)
    return Error{Code::kInvalid, "\"answers\": a list of texts, any of which is right",
                 answers.is_null() ? "none" : text_of(answers).substr(0, 60), "question", ""};
  q.answers = answers.get<std::vector<std::string>>();
  Json request = Json::object();
  for (const char* key :
       {"messages", "tools", "chat_template_kwargs", "question", "system", "prompt", "prompt_ids"})
    if (j.contains(key)) request[key] = j[key];
  PONDER_ASSIGN(const RequestLine line, parse_request(text_of(request), n_vocab));
  PONDER_ASSIGN(q.prompt, prompt_of(line));
  return q;
}

std::string to_json(const CalibrationRecord& r) {
  const AnswerSettings& s = r.settings;
  Json j{{"format", kCalibrationFormat},
         {"version", kVersion},
         {"model", {{"file", r.model_file}, {"sha256", r.model_sha256}}},
         {"settings",
          {{"way", to_string(s.way)},
           {"map", s.map},
           {"max_length", s.max_length},
           {"draws", s.draws},
           {"temperature", s.temperature},
           {"enough", s.enough},
           {"distinct", s.distinct}}},
         {"groups", Json::array()}};
  for (const CalibrationRecord::Group& g : r.groups) j["groups"].push_back(group_json(g));
  return text_of(j) + "\n";
}

Result<CalibrationRecord> parse_calibration(std::string_view json, const std::string& where) {
  PONDER_ASSIGN(const Json j, parse_json(json, {Code::kInvalid, kExpected, "", where, ""}, where));
  if (!fits_int(j))
    return Error{Code::kInvalid, "numbers of at most 2000000000", "a larger one", where, ""};
  try {
    return read_calibration(j, where);
  } catch (const Json::exception& e) {
    return Error{Code::kInvalid, kExpected, e.what(), where, ""};
  }
}

std::string to_json(const CalibrateAnswer& a, double risk) {
  Json j{{"asked", a.asked}, {"right", a.right}, {"groups", Json::array()}};
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    const CalibrateAnswer::Group& g = a.groups[i];
    Json group{{"name", g.name}, {"n", g.n}, {"held", figures_json(g.held)}};
    const auto limit = limit_risk(a.record.groups[i].calibration, risk);
    group["risk"] = {{"limit", risk}, {"least_confidence", nullptr}};
    if (limit)
      group["risk"] = {{"limit", risk},
                       {"least_confidence", limit->least_confidence},
                       {"given", limit->given},
                       {"wrong", limit->wrong},
                       {"bound", limit->bound}};
    j["groups"].push_back(std::move(group));
  }
  add_run(j, a.run);
  add_notes(j, a);
  return text_of(j);
}

}  // namespace ponder
