// Reads a FitnessRequest from JSON: one function per kind of term; a table has the kinds and their
// keys. Constraints are read before the terms.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include "ponder/core/spelling.h"
#include "ponder/wire.h"
#include "wire/fields.h"

namespace ponder {
namespace {

using Sites = std::vector<std::vector<dna::LetterSet>>;

class FitnessReader : private Fields {
 public:
  FitnessReader(std::string file, std::string folder)
      : Fields{std::move(file)}, folder_(std::move(folder)) {
    out_.where = where;
  }
  Result<FitnessRequest> read(std::string_view text);

 private:
  Result<std::string> file(const Json&) const;
  Result<dna::Strands> strands(const Json&) const;
  Result<Sites> sites(const Json& list) const;
  Result<MotifSource> motif_source(const Json&) const;

  Status constraints(const Json&);
  Result<FrozenLetters> span(const Json&) const;
  Result<FitnessTerm> term(const Json&) const;
  Status motif(const Json&, FitnessTerm&) const;
  Status spacing(const Json&, FitnessTerm&) const;
  Status gc(const Json&, FitnessTerm&) const;
  Status avoid(const Json&, FitnessTerm&) const;
  Status similarity(const Json&, FitnessTerm&) const;
  Status oracle(const Json&, FitnessTerm&) const;
  Status language_model(const Json&, FitnessTerm&) const;
  struct Kind {
    Status (FitnessReader::*read)(const Json&, FitnessTerm&) const;
    std::vector<std::string> keys;  // keys besides kind, name and weight
  };
  static const std::map<std::string, Kind> kKinds;

  std::string folder_;
  FitnessRequest out_{};
};

Result<std::string> FitnessReader::file(const Json& j) const {
  PONDER_ASSIGN(const std::string name, text(j, "file"));
  return (std::filesystem::path(folder_) / name).string();
}

Result<dna::Strands> FitnessReader::strands(const Json& j) const {
  PONDER_ASSIGN(const std::string which, choice(j, "strands", {"both", "forward"}));
  return which == "both" ? dna::Strands::kBoth : dna::Strands::kForward;
}

// Reads the sites and adds their reverse complements, where these differ.
Result<Sites> FitnessReader::sites(const Json& list) const {
  if (!list.is_array()) return bad("a list of sites", list.dump());
  Sites out;
  for (const Json& s : list) {
    if (!s.is_string() || s.get<std::string>().empty())
      return bad("a site in IUPAC codes", s.dump());
    PONDER_ASSIGN(auto site, dna::parse_iupac(s.get<std::string>(), where));
    auto other = dna::reverse_complement(site);
    const bool same = other == site;
    out.push_back(std::move(site));
    if (!same) out.push_back(std::move(other));
  }
  return out;
}

Result<MotifSource> FitnessReader::motif_source(const Json& j) const {
  MotifSource m;
  PONDER_ASSIGN(m.file, file(j));
  if (j.contains("id")) {
    PONDER_ASSIGN(m.id, text(j, "id"));
  }
  return m;
}

Status FitnessReader::motif(const Json& j, FitnessTerm& t) const {
  MotifFitness m;
  PONDER_ASSIGN(const std::string over, choice(j, "over", {"best", "sum"}));
  m.over = over == "best" ? dna::Over::kBest : dna::Over::kSum;
  PONDER_ASSIGN(m.source, motif_source(j));
  PONDER_ASSIGN(m.strands, strands(j));
  t.kind = std::move(m);
  return {};
}

Status FitnessReader::spacing(const Json& j, FitnessTerm& t) const {
  for (const char* which : {"first", "second"}) {
    if (!j.contains(which) || !j[which].is_object())
      return bad(std::string("a motif for ") + which, "none");
    PONDER_TRY(check_keys(j[which], {"file", "id"}));
  }
  SpacingFitness s;
  PONDER_ASSIGN(const std::string order, choice(j, "order", {"kept", "any"}));
  s.in_order = order == "kept";
  PONDER_ASSIGN(s.gap, number_in(j, "gap", 0));
  if (s.gap < 0)
    return bad("a number of letters between the motifs, 0 or more, for gap", shown(s.gap));
  PONDER_ASSIGN(s.first, motif_source(j["first"]));
  PONDER_ASSIGN(s.second, motif_source(j["second"]));
  PONDER_ASSIGN(s.deviation, positive(j, "deviation", 1));
  PONDER_ASSIGN(s.strands, strands(j));
  t.kind = std::move(s);
  return {};
}

Status FitnessReader::gc(const Json& j, FitnessTerm& t) const {
  GcFitness g;
  PONDER_ASSIGN(g.target, share(j, "target", g.target));
  PONDER_ASSIGN(g.deviation, positive(j, "deviation", g.deviation));
  if (g.deviation > 1)
    t.warnings.push_back("a deviation of " + shown(g.deviation) +
                         " lets every share pass, from 0 to 1; " + likely_share(g.deviation) +
                         " (" + where + ")");
  t.kind = g;
  return {};
}

Status FitnessReader::avoid(const Json& j, FitnessTerm& t) const {
  PONDER_ASSIGN(Sites all, sites(j.value("sites", Json())));
  if (all.empty()) return bad("at least one site", "none");
  t.kind = AvoidFitness{std::move(all)};
  return {};
}

Status FitnessReader::similarity(const Json&, FitnessTerm& t) const {
  t.kind = SimilarityFitness{};
  return {};
}

Status FitnessReader::oracle(const Json& j, FitnessTerm& t) const {
  PONDER_ASSIGN(std::string path, file(j));
  t.kind = OracleFitness{std::move(path)};
  return {};
}

Status FitnessReader::language_model(const Json& j, FitnessTerm& t) const {
  LanguageFitness m;
  if (j.contains("prompt")) {
    PONDER_ASSIGN(m.prompt, text(j, "prompt"));
  }
  PONDER_ASSIGN(m.file, file(j));
  t.kind = std::move(m);
  return {};
}

const std::map<std::string, FitnessReader::Kind> FitnessReader::kKinds{
    {"avoid", {&FitnessReader::avoid, {"sites"}}},
    {"gc", {&FitnessReader::gc, {"target", "deviation"}}},
    {"language-model", {&FitnessReader::language_model, {"file", "prompt"}}},
    {"motif", {&FitnessReader::motif, {"file", "id", "over", "strands"}}},
    {"oracle", {&FitnessReader::oracle, {"file"}}},
    {"similarity", {&FitnessReader::similarity, {}}},
    {"spacing",
     {&FitnessReader::spacing, {"first", "second", "gap", "deviation", "order", "strands"}}}};

Result<FitnessTerm> FitnessReader::term(const Json& j) const {
  if (!j.is_object()) return bad("an object", j.dump());
  PONDER_ASSIGN(const std::string kind, text(j, "kind"));
  const auto it = kKinds.find(kind);
  std::vector<std::string> names;
  for (const auto& [name, of_name] : kKinds) names.push_back(name);
  if (it == kKinds.end())
    return bad("a term of kind " + Json(names).dump(), "'" + kind + "'",
               did_you_mean(kind, names, 3));
  std::vector<std::string> keys = it->second.keys;
  keys.insert(keys.end(), {"kind", "name", "weight"});
  PONDER_TRY(check_keys(j, keys));
  FitnessTerm t;
  t.where = where;
  if (j.contains("name")) {
    PONDER_ASSIGN(t.name, text(j, "name"));
  }
  PONDER_ASSIGN(t.weight, number_in(j, "weight", 1));
  PONDER_TRY((this->*it->second.read)(j, t));
  return t;
}

Result<FrozenLetters> FitnessReader::span(const Json& j) const {
  if (!j.is_object() || !j.contains("begin") || !j["begin"].is_number_integer())
    return bad("a frozen span {begin, letters}", j.dump());
  PONDER_TRY(check_keys(j, {"begin", "letters"}));
  PONDER_ASSIGN(const std::string letters, text(j, "letters"));
  FrozenLetters s{.begin = j["begin"].get<std::int64_t>(), .text = j.dump()};
  PONDER_ASSIGN(s.letters, dna::parse_iupac(letters, where));
  return s;
}

Status FitnessReader::constraints(const Json& j) {
  if (j.contains("letters")) {
    PONDER_ASSIGN(const std::string letters, text(j, "letters"));
    PONDER_ASSIGN(out_.letters, dna::parse_iupac(letters, where));
  }
  for (const Json& frozen : j.value("frozen", Json::array())) {
    PONDER_ASSIGN(FrozenLetters s, span(frozen));
    out_.frozen.push_back(std::move(s));
  }
  if (j.contains("forbidden")) {
    PONDER_ASSIGN(out_.forbidden, sites(j["forbidden"]));
  }
  if (!j.contains("max_homopolymer")) return {};
  PONDER_ASSIGN(const double longest, number_in(j, "max_homopolymer", 1));
  if (longest < 1 || longest != std::floor(longest))
    return bad("a whole number of letters above 0 for max_homopolymer", shown(longest));
  out_.max_homopolymer =
      static_cast<int>(std::min<double>(longest, std::numeric_limits<int>::max()));
  return {};
}

Result<FitnessRequest> FitnessReader::read(std::string_view text) {
  auto parsed = parse_json(text, bad("a JSON object", ""), where);
  if (!parsed.ok()) {
    Error e = parsed.error();
    // The library's message begins with "[json.exception.parse_error.101] ".
    if (const std::size_t end = e.got.find("] "); end != std::string::npos) e.got.erase(0, end + 2);
    return e;
  }
  const Json& j = *parsed;
  if (!j.is_object()) return bad("a JSON object", j.dump().substr(0, 40));
  PONDER_TRY(check_keys(j, {"terms", "letters", "frozen", "forbidden", "max_homopolymer"}));
  PONDER_TRY(constraints(j));
  if (!j.contains("terms") || !j["terms"].is_array()) return bad("a list of terms", "none");
  for (const Json& t : j["terms"]) {
    where = out_.where + ", term " + std::to_string(out_.terms.size());
    PONDER_ASSIGN(FitnessTerm made, term(t));
    out_.terms.push_back(std::move(made));
  }
  return std::move(out_);
}

}  // namespace

Result<FitnessRequest> parse_fitness(std::string_view json, const std::string& where,
                                     const std::string& folder) {
  return FitnessReader(where, folder).read(json);
}

}  // namespace ponder
