// Certificate files: a written file can be read again, and any other content is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "ponder/wire.h"

namespace ponder {
namespace {

CertificateRecord example() {
  CertificateRecord r{{.model_file = "m.gguf", .model_sha256 = "ab", .precision = "bf16"}};
  r.prompt = {1, 2, 3};
  r.end_tokens = {0};
  r.law = {.target = Target::kTruncated,
           .horizon = 7,
           .min_length = 1,
           .allowed = {0, 5},
           .shortest = 2};
  r.statement.n_best = 2;
  r.statement.replies = {{{5, 0}, -1.25, true}, {{5, 5}, -2, false}};
  r.statement.length_prior = {0, 0.5};
  Certificate& c = r.statement.certificate;
  c.status = Certificate::Status::kGap;
  c.claim = Certificate::Claim::kTruncated;
  c.gap = INFINITY;
  c.margin = 0.25;
  c.bound = -3;
  c.tie = 0.125;
  c.horizon = 7;
  c.shortest = 2;
  c.expanded = 11;
  c.frontier = 12;
  c.mass_kept = 0.5;
  return r;
}

TEST(CertificateFile, IsReadAsItWasWritten) {
  const std::string text = to_json(example());
  const auto read = parse_certificate(text, "file");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(to_json(*read), text);
  EXPECT_EQ(read->statement.replies.at(1).tokens, (std::vector<Token>{5, 5}));
  EXPECT_EQ(read->statement.certificate.gap, INFINITY);
}

TEST(CertificateFile, MissesNoKey) {
  const auto whole = nlohmann::ordered_json::parse(to_json(example()));
  for (const auto& [key, value] : whole.items()) {
    auto j = whole;
    j.erase(key);
    const bool needed = key != "shortest" && key != "version";
    EXPECT_EQ(parse_certificate(j.dump(), "file").ok(), !needed) << key;
    j[key] = nlohmann::ordered_json::object();
    if (needed) {
      EXPECT_FALSE(parse_certificate(j.dump(), "file").ok()) << key;
    }
  }
}

TEST(CertificateFile, RefusesAnythingElse) {
  for (const char* text : {"", "{", "[]", "3", R"({"format":"other"})"}) {
    const auto r = parse_certificate(text, "paper.json");
    ASSERT_FALSE(r.ok()) << text;
    EXPECT_EQ(r.error().where, "paper.json");
  }
}

}  // namespace
}  // namespace ponder
