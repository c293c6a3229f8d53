// Session: a model on this machine and all that is asked of it: the one object that programs,
// servers and bindings hold. A request is a value, its answer is a value; nothing is printed, and
// nothing else has to be kept alive.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "ponder/model/logit_source.h"
#include "ponder/model/model.h"
#include "ponder/session/answer.h"
#include "ponder/session/bench.h"
#include "ponder/session/calibrate.h"
#include "ponder/session/complete.h"
#include "ponder/session/decide.h"
#include "ponder/session/generate.h"
#include "ponder/session/gradient.h"
#include "ponder/session/landscape.h"
#include "ponder/session/prove.h"
#include "ponder/session/sample.h"
#include "ponder/session/score.h"
#include "ponder/session/text_model.h"
#include "ponder/session/think.h"

namespace ponder {

struct SessionOptions {
  ModelOptions model{};
  int n_ctx = 0;              // context, tokens; 0: the model's, at most 8192
  std::int64_t kv_bytes = 0;  // memory for keys and values; 0: as DensityOptions chooses it
};

/// Owns the model, its density and the prompts it has read. Threads: one call at a time.
class Session {
 public:
  /// Loads the weights. Errors: those of Model::load and LanguageDensity::make.
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<const TextModel>,
                                               const SessionOptions& = {});

  /// A session whose numbers come from outside, and whose texts are spelled by `vocabulary`. Its
  /// records and proofs name the source. Errors: kInvalid (a vocabulary of another size), those of
  /// the source.
  static Result<std::unique_ptr<Session>> over(std::shared_ptr<LogitSource>,
                                               const TextModel& vocabulary,
                                               const SessionOptions& = {});

  const TextModel& text() const { return *text_; }
  const std::shared_ptr<const TextModel>& shared_text() const { return text_; }
  const Model& model() const { return *model_; }
  const SessionOptions& options() const { return options_; }
  LanguageDensity& density() { return *density_; }
  /// The same model with the same context, in f32; weights held as asked for. Errors: those of
  /// open; kUnsupported (a model outside, whose numbers are f32 already).
  Result<std::unique_ptr<Session>> in_f32(WeightForm) const;
  /// This session, if it is in f32; else one with the same model in f32, which is opened at the
  /// first call and kept. Its weights are lean, or stay in the file where memory is short. Errors:
  /// those of open.
  Result<Session*> exact();
  /// What the precision of the model may change of a reply's log-probability, nats: kErrorBF16 or
  /// kErrorF32, or the drift of a model outside if that is more.
  double rounding_error() const;
  /// The node after a prompt. The last few prompts stay in memory: requests often come with the
  /// same one.
  Result<PrefixRef> context(std::span<const Token> prompt);

  // Errors of all: kInvalid (a request that contradicts itself or the model), those of the density.
  // A budget that is used up is no error where there is something to answer.
  Result<GenerateAnswer> generate(const GenerateRequest&);
  Result<CompleteAnswer> complete(const CompleteRequest&);
  /// One result a request: what cannot be scored takes no other with it. Errors: kInvalid of the
  /// options.
  Result<std::vector<Result<ScoreAnswer>>> score(std::span<const ScoreRequest>,
                                                 const ScoreOptions& = {});
  /// The same of gradients; kNumeric for one that is not finite. `tape_limit`: GradientOptions.
  std::vector<Result<GradientAnswer>> gradients(std::span<const GradientRequest>,
                                                std::int64_t tape_limit = 0);
  /// Typed questions on texts, all in few batches: one result a request, which takes no other with
  /// it.
  std::vector<Result<DecideAnswer>> decide(std::span<const DecideRequest>);
  Result<ThinkAnswer> think(const ThinkRequest&);
  Result<ProveAnswer> prove(const ProveRequest&);
  /// Checks a proof by plain enumeration; by a session in f32, as a check demands.
  Result<CheckAnswer> check(const CheckRequest&);
  /// The likeliest answer and the mass of each.
  Result<AnswerReport> answer(const AnswerRequest&);
  /// Asks questions whose answers are known. Errors: kInvalid, too, for a question without known
  /// answers. A question that fails, and a group that is too small to be fitted, is a note.
  Result<CalibrateAnswer> calibrate(const CalibrateRequest&);
  /// Checks what was proved about an answer; by a session in f32, as a check demands.
  Result<AnswerCheckReport> check_answer(const AnswerCheckRequest&);
  Result<SampleAnswer> sample(const SampleRequest&);
  /// Restricts the law to a few ids and short replies, and compares the chains' draws with its
  /// enumeration.
  Result<VerifyAnswer> verify(const SampleRequest&);
  /// Errors: kInvalid, too, where the first reply does not end or is the only one.
  Result<LandscapeAnswer> landscape(const LandscapeRequest&);
  /// Errors: kInvalid, too, for a context of fewer than 512 tokens.
  Result<BenchAnswer> bench(const BenchRequest&);

 private:
  friend class SharedSession;
  Session(std::shared_ptr<const TextModel>, SessionOptions, std::shared_ptr<const Model>,
          std::unique_ptr<LanguageDensity>);
  static Result<std::unique_ptr<Session>> with_density(std::shared_ptr<const TextModel>,
                                                       const SessionOptions&,
                                                       std::shared_ptr<const Model>);
  static DensityOptions density_options(const TextModel&, const Model&, const SessionOptions&);
  SpelledReply spelled(Reply) const;
  RunRecord record(const ReplyLaw&, const Cost&, double seconds, std::uint64_t seed) const;
  // The notes on the prompt, and one on a reply without text.
  static std::vector<std::string> notes_on(Prompt, const SpelledReply&);
  // What a proof of this model's is about, and why one that was written down is not about it; "":
  // it is. Errors: kInvalid (longer than the context).
  ProofSubject subject(std::vector<Token> prompt, const ReplyLaw&) const;
  Result<std::string> other_subject(const ProofSubject&, const std::string& where) const;
  double error_of(const ProofSubject&) const;  // what its search left open, nats
  Status settle_in_f32(const Prompt&, const ReplyLaw&, const BestFirstConfig&, BestFirstResult&);

  struct Kept {
    std::vector<Token> prompt;
    PrefixRef node;
  };
  std::shared_ptr<const TextModel> text_;
  SessionOptions options_;
  std::shared_ptr<const Model> model_;
  std::unique_ptr<LanguageDensity> density_;
  std::list<Kept> kept_;  // most recent first; after the density, which outlives their nodes
  std::unique_ptr<Session> exact_;
  std::function<Result<std::unique_ptr<Session>>()> open_exact_;  // of callers, who share one
};

}  // namespace ponder
