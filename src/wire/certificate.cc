// Certificate files: reads and writes the statement of a proof as JSON. Its meaning and its check
// are in ponder/search/certificate.h.
#include <cmath>

#include "base/infinity.h"
#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

constexpr const char* kCertificateFormat = "ponder certificate 1";

double number_or(const Json& j, double none) { return j.is_null() ? none : j.get<double>(); }

Error bad_field(const std::string& expected, const Json& got, const std::string& where) {
  return invalid(expected, text_of(got).substr(0, 40), where);
}

// Sets `out` to the value with this name, among the first n. Returns false if there is none.
template <class E>
bool read_enum(const Json& j, int n, E& out) {
  for (int i = 0; i < n; ++i)
    if (j == to_string(static_cast<E>(i))) return out = static_cast<E>(i), true;
  return false;
}

// Throws the JSON library's exceptions on missing keys and wrong types.
Result<CertificateRecord> read_certificate(const Json& j, const std::string& where) {
  if (j.at("format") != kCertificateFormat)
    return bad_field(kCertificateFormat, j.at("format"), where);
  PONDER_ASSIGN(ProofSubject subject, read_subject(j, where));
  CertificateRecord r{std::move(subject), {}};
  Statement& s = r.statement;
  s.n_best = j.at("n_best");
  s.length_prior = j.at("length_prior").get<std::vector<double>>();
  if (!j.at("replies").is_array()) return bad_field("a list of replies", j.at("replies"), where);
  for (const Json& x : j.at("replies"))
    s.replies.push_back(
        {x.at("reply_ids").get<std::vector<Token>>(), x.at("logprob"), x.at("ended")});
  Certificate& c = s.certificate;
  if (!read_enum(j.at("status"), 3, c.status))
    return bad_field("a known status", j.at("status"), where);
  if (!read_enum(j.at("claim"), 4, c.claim))
    return bad_field("a known claim", j.at("claim"), where);
  c.gap = number_or(j.at("gap"), kInf);
  c.margin = number_or(j.at("margin"), kInf);
  c.bound = number_or(j.at("bound"), -kInf);
  c.tie = j.at("tie");
  c.horizon = r.law.horizon;
  c.shortest = r.law.shortest;
  c.expanded = j.at("counts").at("expanded");
  c.frontier = j.at("counts").at("frontier");
  c.mass_kept = j.at("mass");
  return r;
}

}  // namespace

Result<ProofSubject> read_subject(const Json& j, const std::string& where) {
  ProofSubject r;
  r.model_file = j.at("model").at("file");
  r.model_sha256 = j.at("model").at("sha256");
  r.precision = j.at("precision");
  r.prompt = j.at("prompt_ids").get<std::vector<Token>>();
  r.end_tokens = j.at("end_ids").get<std::vector<Token>>();
  const auto target = parse_target(j.at("target").get<std::string>());
  if (!target) return bad_field("a known target", j.at("target"), where);
  r.law = {*target, j.at("horizon"), j.at("min_length"),
           j.at("allowed_ids").get<std::vector<Token>>(), j.value("shortest", 0)};
  return r;
}

std::string to_json(const CertificateRecord& r) {
  const Statement& s = r.statement;
  const Certificate& c = s.certificate;
  Json replies = Json::array();
  for (const Reply& x : s.replies)
    replies.push_back({{"reply_ids", x.tokens}, {"logprob", x.logprob}, {"ended", x.ended}});
  const Json j{{"format", kCertificateFormat},
               {"model", {{"file", r.model_file}, {"sha256", r.model_sha256}}},
               {"precision", r.precision},
               {"prompt_ids", r.prompt},
               {"target", to_string(r.law.target)},
               {"horizon", r.law.horizon},
               {"min_length", r.law.min_length},
               {"shortest", r.law.shortest},
               {"allowed_ids", r.law.allowed},
               {"end_ids", r.end_tokens},
               {"length_prior", s.length_prior},
               {"n_best", s.n_best},
               {"replies", replies},
               {"status", to_string(c.status)},
               {"claim", to_string(c.claim)},
               {"bound", number(c.bound)},
               {"gap", number(c.gap)},
               {"margin", number(c.margin)},
               {"tie", c.tie},
               {"mass", c.mass_kept},
               {"counts", {{"expanded", c.expanded}, {"frontier", c.frontier}}},
               {"version", kVersion}};
  return j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<CertificateRecord> parse_certificate(std::string_view text, const std::string& where) {
  const Error broken{Code::kInvalid, "a certificate as ponder prove writes it", "", where, ""};
  PONDER_ASSIGN(const Json j, parse_json(text, broken, where));
  if (!fits_int(j))
    return Error{Code::kInvalid, "numbers of at most 2000000000", "a larger one", where, ""};
  try {
    return read_certificate(j, where);
  } catch (const Json::exception& e) {
    return Error{broken.code, broken.expected, e.what(), where, ""};
  }
}

}  // namespace ponder
