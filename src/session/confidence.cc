// Features of an answer, its group, and the judgement of a known question.
#include "session/confidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/words.h"

namespace ponder {
namespace {

// Words without accents and articles, joined by spaces.
std::string plain(std::string_view text) {
  std::string out;
  for (const std::string& w : word_texts(without_marks(text)))
    if (w != "a" && w != "an" && w != "the") out += (out.empty() ? "" : " ") + w;
  return out;
}

double entropy(const std::vector<AnswerReport::One>& answers) {
  double h = 0;
  for (const AnswerMass& a : answers) h -= a.mass > 0 ? a.mass * std::log(a.mass) : 0;
  return h;
}

Error unfit(std::string expected, std::string got, std::string hint) {
  return {Code::kInvalid, std::move(expected), std::move(got), "calibration", std::move(hint)};
}

std::string described(const AnswerSettings& s) {
  return fmt::format("way {}, map {}, {}{} draws, temperature {:g}, enough {:g}, {} tokens",
                     to_string(s.way), s.map, s.draws, s.distinct ? " distinct" : "", s.temperature,
                     s.enough, s.max_length > 0 ? std::to_string(s.max_length) : "any number of");
}

}  // namespace

AnswerSettings settings_of(const AnswerRequest& r) {
  return {r.way, r.map, r.law.max_length, r.draws, r.temperature, r.enough, r.distinct};
}

std::string confidence_group(const AnswerReport& a) {
  return std::string(to_string(a.way)) + " " + a.map.substr(0, a.map.find(':'));
}

const std::vector<std::string>& confidence_features() {
  static const std::vector<std::string> names{"entropy", "unknown", "greedy_log_prob"};
  return names;
}

std::vector<double> confidence_features(const AnswerReport& a) {
  return {entropy(a.answers), a.none + a.open, a.greedy};
}

bool is_right(const AnswerReport& a, const std::vector<std::string>& known) {
  if (!a.answer) return false;
  const std::string given = plain(*a.answer);
  const auto map = parse_answer_map(a.map);
  return std::any_of(known.begin(), known.end(), [&](const std::string& k) {
    if (plain(k) == given) return true;
    const auto read = map.ok() ? (*map)->answer(k) : std::nullopt;
    return read && plain((*map)->shown(*read)) == given;
  });
}

Status check_calibration(const AnswerRequest& r, const TextModel& text) {
  if (!(r.risk > 0 && r.risk <= 1))
    return Error{Code::kInvalid, "a share above 0, up to 1", fmt::format("{}", r.risk), "risk", ""};
  if (!r.calibration) {
    if (r.risk == 1) return {};
    return unfit("a calibration of the model, for a limit on the risk", "none",
                 "make one with ponder calibrate");
  }
  const CalibrationRecord& c = *r.calibration;
  if (c.model_sha256 != text.file().sha256())
    return unfit("one of " + text.file().name(),
                 "one of " + c.model_file + ", sha256 " + c.model_sha256,
                 "make one with ponder calibrate");
  if (c.settings != settings_of(r))
    return unfit("settings like those of the questions: " + described(c.settings),
                 described(settings_of(r)), "ask alike, or calibrate anew");
  for (const CalibrationRecord::Group& g : c.groups) {
    const auto& features = g.calibration.features;
    if (!std::equal(
            features.begin(), features.end(), confidence_features().begin(),
            confidence_features().end(),
            [](const Calibration::Feature& f, const std::string& n) { return f.name == n; }))
      return unfit("the features of this version", "others, in group \"" + g.name + "\"",
                   "calibrate anew");
  }
  return {};
}

void apply_calibration(const AnswerRequest& r, AnswerReport& a) {
  a.confidence = a.mass;
  if (!r.calibration || !a.answer) return;
  const std::string group = confidence_group(a);
  const auto& groups = r.calibration->groups;
  const auto g = std::find_if(groups.begin(), groups.end(),
                              [&](const CalibrationRecord::Group& x) { return x.name == group; });
  if (g == groups.end()) {
    a.held_back = r.risk < 1;
    a.notes.push_back("the calibration has no group \"" + group + "\": too few of its questions " +
                      "were answered this way; the confidence is the mass");
    return;
  }
  a.calibrated = true;
  a.confidence = confidence(g->calibration, confidence_features(a));
  if (r.risk == 1) return;
  const auto limit = limit_risk(g->calibration, r.risk);
  a.held_back = !limit || a.confidence < limit->least_confidence;
  if (!limit)
    a.notes.push_back(
        fmt::format("{} known questions of group \"{}\" do not show that any answer "
                    "keeps the risk of {:g}; ask more in ponder calibrate",
                    g->calibration.held.size(), group, r.risk));
}

}  // namespace ponder
