// The wire: requests and answers as JSON, the one form for the program, servers and bindings.
// Nothing here computes: structs in, text out, and back. Formats: docs/requests.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/model/catalog.h"
#include "ponder/session/answer.h"
#include "ponder/session/bench.h"
#include "ponder/session/calibrate.h"
#include "ponder/session/decide.h"
#include "ponder/session/design.h"
#include "ponder/session/generate.h"
#include "ponder/session/gradient.h"
#include "ponder/session/info.h"
#include "ponder/session/landscape.h"
#include "ponder/session/prompt.h"
#include "ponder/session/prove.h"
#include "ponder/session/sample.h"
#include "ponder/session/score.h"
#include "ponder/session/text_model.h"
#include "ponder/session/think.h"

namespace ponder {

/// What a request line holds; which of it a task needs is the task's affair. One file of requests
/// may serve several.
struct RequestLine {
  std::optional<PromptRequest> prompt{};    // messages, question and system, prompt, or prompt_ids
  std::optional<ReplyRequest> reply{};      // reply or reply_ids, and end
  std::optional<std::string> text{};        // text, or the bytes of hex: to be tokenised
  std::optional<std::vector<Token>> ids{};  // to be made text of
  std::optional<RelaxedReply> relaxed{};    // candidates and weights
};
/// `n_vocab`: bounds of ids. Errors: kInvalid (no JSON object, unknown keys with the nearest known
/// one, wrong types, several prompts).
Result<RequestLine> parse_request(std::string_view json, int n_vocab);
/// The prompt of a request. Errors: kInvalid where there is none.
Result<PromptRequest> prompt_of(const RequestLine&);

/// The request of a task as one JSON object: its prompt as request lines have it, and the settings
/// of the command of that name, with its ranges and its defaults (docs/python.md#settings). Errors:
/// kInvalid (as parse_request; `where` is the field's name).
Result<GenerateRequest> parse_generate_request(std::string_view json, int n_vocab);
Result<ThinkRequest> parse_think_request(std::string_view json, int n_vocab);
Result<ProveRequest> parse_prove_request(std::string_view json, int n_vocab);
Result<AnswerRequest> parse_answer_request(std::string_view json, int n_vocab);
Result<SampleRequest> parse_sample_request(std::string_view json, int n_vocab);
Result<LandscapeRequest> parse_landscape_request(std::string_view json, int n_vocab);
/// No prompt; "fitness", with "folder" for the files in it, "start" and "given".
Result<DesignRequest> parse_design_request(std::string_view json);

/// {"ids":[…]}
std::string ids_json(std::span<const Token>);
/// {"text":…}, with "hex" beside it where the text is not UTF-8.
std::string text_json(const std::string&);
/// A text in JSON's quotes, bytes that are not UTF-8 replaced.
std::string quoted_json(const std::string&);
/// {"error":{"line":n,"message":…}}
std::string error_line(int line, const std::string& message);

// Each answer as one JSON object on one line, without a line end.
std::string to_json(const Prompt&);
std::string to_json(const GenerateAnswer&);
std::string to_json(const ScoreAnswer&);
/// `file`: where the gradient was written.
std::string to_json(const GradientAnswer&, const std::string& file);
std::string to_json(std::span<const CheckedGradient>, const GradientCheck::Errors& limits,
                    int directions, bool pass);
std::string to_json(const ThinkAnswer&);
std::string to_json(const ProveAnswer&);
std::string to_json(const CheckAnswer&);
std::string to_json(const AnswerReport&);
std::string to_json(const AnswerCheckReport&);
std::string to_json(const SampleAnswer&);
std::string to_json(const VerifyAnswer&, const SampleRequest&);
std::string to_json(const LandscapeAnswer&);
std::string to_json(const ModelList&);
std::string to_json(const InfoAnswer&);
std::string to_json(const BenchAnswer&);

/// A request of typed questions, the body of POST /v1/decisions (docs/requests.md). Errors:
/// kInvalid (no JSON object, unknown keys with the nearest known one, wrong types, content that is
/// no text).
Result<DecideRequest> parse_decide_request(std::string_view json);
std::string to_json(const DecideAnswer&);
/// The same in the System One format, the body of POST /v1/systemone: a state, and questions by
/// name of type noul, choice or score. Errors: as parse_decide_request.
Result<DecideRequest> parse_systemone_request(std::string_view json);
std::string systemone_json(const DecideAnswer&);

/// All draws, one JSON object a line: chain, draw, reply, reply_ids, logprob.
std::string draws_jsonl(const SampleAnswer&, const TextModel&);

/// A certificate file, and what is in one. Errors: kInvalid (anything else); `where`: the file, for
/// messages.
std::string to_json(const CertificateRecord&);
Result<CertificateRecord> parse_certificate(std::string_view json, const std::string& where);

/// A file of what was proved about an answer, and what is in one. Errors: as parse_certificate.
std::string to_json(const AnswerRecord&);
Result<AnswerRecord> parse_answer_record(std::string_view json, const std::string& where);

/// A question with known answers: the prompt of a request, and "answers"; other keys may be there.
/// Errors: kInvalid, as parse_request.
Result<KnownQuestion> parse_known_question(std::string_view json, int n_vocab);
/// A file of calibrations, and what is in one. Errors: as parse_certificate.
std::string to_json(const CalibrationRecord&);
Result<CalibrationRecord> parse_calibration(std::string_view json, const std::string& where);
/// `risk`: the largest share of wrong answers that the output tells the cost of.
std::string to_json(const CalibrateAnswer&, double risk);

/// A fitness (docs/dna.md). `where`: its file, for messages; `folder`: what the files in it are
/// relative to. Errors: kInvalid (no JSON object, unknown keys and kinds with the nearest known
/// one, wrong types and ranges). What depends on the length, the start or other files is told by
/// design().
Result<FitnessRequest> parse_fitness(std::string_view json, const std::string& where,
                                     const std::string& folder);
std::string to_json(const DesignAnswer&, const DesignRequest&);
/// One JSON object a line for each design, with the curve of an optimiser.
std::string designs_jsonl(const DesignAnswer&);

}  // namespace ponder
