// Proofs as requests and answers: the most likely replies, and the check of a written certificate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ponder/search/certificate.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"
#include "ponder/session/specs.h"

namespace ponder {

struct ProveRequest {
  PromptRequest prompt{};
  LawRequest law{};
  int n_best = 1;           // K: how many of the most likely replies to prove
  bool per_length = false;  // instead: the most likely reply of each length
  int batch = 64;           // most prefixes expanded in one pass
  TermsRequest terms{};     // preferences besides the probability; check_provable() accepts them
  bool record = false;      // write down what was proved (ProveAnswer::record)
  Budget budget{};          // the prompt counts
};

/// What was proved, about which model and prompt: all that a check needs.
struct CertificateRecord : ProofSubject {
  Statement statement{};
};

struct ProveAnswer : Answer {
  struct Best : SpelledReply {
    double worth = 0;  // nats: what it is ranked by, log p with the prior and the terms
  };
  struct OfLength : SpelledReply {
    double gap = 0;  // nats: no reply of this length is more likely by more; 0: proved
  };
  int n_best = 1;                                     // as asked
  bool by_worth = false;                              // ranked by more than log p
  std::vector<Best> replies{};                        // worth most first; empty: none is known
  std::optional<std::vector<OfLength>> per_length{};  // where it was asked for, shortest first
  Certificate certificate{};
  std::optional<CertificateRecord> record{};  // where it was asked for and a reply is known
};

struct CheckRequest {
  CertificateRecord record{};
  std::string where{};  // the record's file, for messages
  Budget budget{};
};
struct CheckAnswer {
  CheckResult result{};
  double tolerance = 0;  // nats: what the precision of the search may have changed
  Statement statement{};
};

}  // namespace ponder
