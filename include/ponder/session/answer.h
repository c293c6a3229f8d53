// The likeliest answer to a question as a request and its answer: the mass of each answer, how sure
// it is, and a reply that gives it. Its meaning: docs/answers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/answer/calibration.h"
#include "ponder/answer/posterior.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace ponder {

/// How masses of answers are found.
enum class AnswerWay : std::uint8_t {
  kAuto,     // options where the question lists them, the frame where it asks for yes or no; else
             // draws, and then enumeration, which replaces them where it proves the answer
  kOptions,  // the texts of the options that the question lists, scored without their letters
  kFrame,    // of yes or no: the model's own sentences after either, compared as replies
  kEnumeration,  // bounds over all replies, proved where they close
  kDraws,        // shares of drawn replies
};
std::string_view to_string(AnswerWay);  // "options"
std::optional<AnswerWay> parse_answer_way(std::string_view name);

/// How far an answer has come: for a live line.
struct AnswerProgress {
  AnswerWay way = AnswerWay::kAuto;
  std::string leader{};       // as people read it; empty: none yet
  double mass = 0, open = 1;  // of the leader; not known yet
  int draws = 0;
  double seconds = 0;
};

/// What the masses of answers depend on, besides the model and the question.
struct AnswerSettings {
  AnswerWay way = AnswerWay::kAuto;
  std::string map = "auto";
  int max_length = 0, draws = 0;
  double temperature = 0, enough = 0;
  bool distinct = false;
  bool operator==(const AnswerSettings&) const = default;
};

/// Calibrations of a model, one for each group of questions that are answered alike.
struct CalibrationRecord {
  struct Group {
    std::string name{};  // confidence_group
    Calibration calibration{};
    bool operator==(const Group&) const = default;
  };
  std::string model_file{}, model_sha256{};
  AnswerSettings settings{};
  std::vector<Group> groups{};
  bool operator==(const CalibrationRecord&) const = default;
};

struct AnswerRequest {
  PromptRequest prompt{};
  LawRequest law{};          // most tokens: 512 of draws, 40 of an enumeration unless it says so
  std::string map = "auto";  // as parse_answer_map reads it, or auto
  AnswerWay way = AnswerWay::kAuto;
  int draws = 16;            // most
  double temperature = 0.7;  // of draws
  bool distinct = false;     // draws without replacement: no reply twice; `enough` stops none
  double enough = 0.95;  // draws end when the leader stays ahead with this probability; 1: never
  std::uint64_t seed = 0;
  bool record = false;  // write down what was proved (AnswerReport::record)
  // What confidences are taken from; without one the confidence is the mass.
  std::shared_ptr<const CalibrationRecord> calibration{};
  bool features = false;  // also AnswerReport::greedy, which a calibration is fitted to
  // The largest share of wrong answers among those that are given. An answer that is not sure
  // enough for it is held back. 1: all answers are given.
  double risk = 1;
  Budget budget{};  // the prompt counts
  std::function<void(const AnswerProgress&)> on_progress{};
};
AnswerSettings settings_of(const AnswerRequest&);

/// What was proved about an answer, of which model and prompt: all that a check needs.
struct AnswerRecord : ProofSubject {
  std::string map{};
  AnswerStatement statement{};
};

struct AnswerReport : Answer {
  struct One : AnswerMass {  // `answer`: as people read it
    std::string text{};      // a reply that gives it; empty: none is at hand
  };
  /// One draw that counts.
  struct Drawn {
    std::optional<std::string> answer{};  // as people read it; none: the draw gives none
    double logprob = 0;                   // nats, of its tokens
    int n_tokens = 0;                     // as far as its answer needed them
    bool operator==(const Drawn&) const = default;
  };
  std::string map{};                      // that was taken
  AnswerWay way = AnswerWay::kAuto;       // that was taken
  std::optional<std::string> answer{};    // as people read it; none: no answer has any mass
  double mass = 0, lower = 0, upper = 1;  // of the answer
  double confidence = 0;                  // that the answer is right, 0 to 1
  bool calibrated = false;  // the confidence was tested on questions like it; else it is the mass
  bool held_back = false;   // the answer is not sure enough for the risk that was asked for
  bool proved = false;      // in f32: no other answer has as much mass
  // Of draws: it stays ahead with probability `enough`. Of distinct draws: by what was found, no
  // other answer has as much mass under their law.
  bool settled = false;
  std::vector<One> answers{};  // largest mass first
  double none = 0;             // mass of no answer
  double open = 0;             // mass that is not known
  double temperature = 1;      // of the law of the draws
  int draws = 0;               // that count
  std::vector<Drawn> drawn{};  // (draws), in order
  bool distinct = false;       // they were drawn without replacement
  double found = 0;            // of distinct draws: their probability together, under their law
  int asked = 0;               // of them: cut, and asked for their answer
  std::int64_t expanded = 0;   // prefixes, of an enumeration
  // log p a token of the beginning of the greedy reply, nats; 0 where it was not asked for.
  double greedy = 0;
  SpelledReply reply{};  // a reply that gives the answer; empty where none is at hand
  std::optional<AnswerRecord> record{};  // where it was asked for and something is proved
};

/// The calibration that an answer falls under: the way it was found and its map, "draws number".
std::string confidence_group(const AnswerReport&);
/// Of an answer that was asked with a calibration or with `features`, what a calibration is fitted
/// to.
const std::vector<std::string>& confidence_features();
std::vector<double> confidence_features(const AnswerReport&);

struct AnswerCheckRequest {
  AnswerRecord record{};
  std::string where{};  // the record's file, for messages
};
struct AnswerCheckReport {
  AnswerCheck result{};
  AnswerRecord record{};
};

}  // namespace ponder
