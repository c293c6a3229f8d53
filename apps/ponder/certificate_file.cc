// JSON to structs and back.
#include "certificate_file.h"

#include <cmath>

#include "io/replace_file.h"
#include "jsonl.h"

namespace ponder::app {
namespace {

constexpr const char* kFormat = "ponder certificate 1";
constexpr double kInf = std::numeric_limits<double>::infinity();

// JSON has no infinities: null.
Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }
double number_or(const Json& j, double none) { return j.is_null() ? none : j.get<double>(); }

template <class E>
E enum_of(const std::string& s, int n) {
  for (int i = 0; i < n; ++i)
    if (to_string(static_cast<E>(i)) == s) return static_cast<E>(i);
  fail({Code::kInvalid, "a known status and claim", "'" + s.substr(0, 40) + "'", "certificate", ""});
}

CertificateFile parse(const Json& j) {
  if (j.at("format") != kFormat) fail({Code::kInvalid, kFormat, j.at("format").dump(), "certificate", ""});
  CertificateFile f;
  f.model_file = j.at("model").at("file");
  f.model_sha256 = j.at("model").at("sha256");
  f.precision = j.at("precision");
  f.prompt = j.at("prompt_ids").get<std::vector<Token>>();
  f.end_tokens = j.at("end_ids").get<std::vector<Token>>();
  const auto target = parse_target(j.at("target").get<std::string>());
  if (!target) fail({Code::kInvalid, "a known target", j.at("target").dump(), "certificate", ""});
  f.law = {*target, j.at("horizon"), j.at("min_length"), j.at("allowed_ids").get<std::vector<Token>>(),
           j.value("shortest", 0)};
  Statement& s = f.statement;
  s.n_best = j.at("n_best");
  s.length_prior = j.at("length_prior").get<std::vector<double>>();
  for (const Json& r : j.at("replies"))
    s.replies.push_back({r.at("reply_ids").get<std::vector<Token>>(), r.at("logprob"), r.at("ended")});
  Certificate& c = s.certificate;
  c.status = enum_of<Certificate::Status>(j.at("status"), 3);
  c.claim = enum_of<Certificate::Claim>(j.at("claim"), 4);
  c.gap = number_or(j.at("gap"), kInf);
  c.margin = number_or(j.at("margin"), kInf);
  c.bound = number_or(j.at("bound"), -kInf);
  c.tie = j.at("tie");
  c.horizon = f.law.horizon;
  c.shortest = f.law.shortest;
  c.expanded = j.at("counts").at("expanded");
  c.frontier = j.at("counts").at("frontier");
  c.mass_kept = j.at("mass");
  return f;
}

}  // namespace

void write_certificate(const std::string& path, const CertificateFile& f) {
  const Statement& s = f.statement;
  const Certificate& c = s.certificate;
  Json replies = Json::array();
  for (const Reply& r : s.replies)
    replies.push_back({{"reply_ids", r.tokens}, {"logprob", r.logprob}, {"ended", r.ended}});
  const Json j{{"format", kFormat},
               {"model", {{"file", f.model_file}, {"sha256", f.model_sha256}}},
               {"precision", f.precision},
               {"prompt_ids", f.prompt},
               {"target", to_string(f.law.target)},
               {"horizon", f.law.horizon},
               {"min_length", f.law.min_length},
               {"shortest", f.law.shortest},
               {"allowed_ids", f.law.allowed},
               {"end_ids", f.end_tokens},
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
               {"version", PONDER_VERSION}};
  must(replace_file(path, j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
}

CertificateFile read_certificate(const std::string& path) {
  try {
    return parse(Json::parse(read_all(path)));
  } catch (const Json::exception& e) {
    fail({Code::kInvalid, "a certificate as ponder prove writes it", e.what(), path, ""});
  }
}

}  // namespace ponder::app
