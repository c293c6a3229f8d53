// One function a kind of term; the table at the end names them.
#include "design_fitness.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/nearest.h"
#include "ponder/dna_oracle.h"

namespace ponder::app {
namespace {

class Reader {
 public:
  Reader(std::string path, const Dna& start, int length, int n_threads)
      : path_(std::move(path)), start_(start), length_(length), n_threads_(n_threads) {}
  Fitness read(int max_edits);

 private:
  [[noreturn]] void bad(const std::string& expected, const std::string& got, const std::string& hint = "") const {
    fail({Code::kInvalid, expected, got, where_, hint});
  }
  std::string beside(const std::string& file) const {
    return (std::filesystem::path(path_).parent_path() / file).string();
  }
  double number(const Json& j, const std::string& key, double usual) const {
    if (!j.contains(key)) return usual;
    if (!j[key].is_number()) bad("a number for " + key, j[key].dump());
    return j[key].get<double>();
  }
  double positive(const Json& j, const std::string& key, double usual) const {
    const double v = number(j, key, usual);
    if (!(v > 0)) bad("a number above 0 for " + key, std::to_string(v));
    return v;
  }
  std::string word(const Json& j, const std::string& key, const std::vector<std::string>& choices) const {
    if (choices.empty() && !j.contains(key)) bad("a text for " + key, "none");
    const Json v = j.contains(key) ? j[key] : Json(choices[0]);
    if (!v.is_string()) bad("a text for " + key, v.dump());
    auto s = v.get<std::string>();
    if (!choices.empty() && std::find(choices.begin(), choices.end(), s) == choices.end())
      bad("one of " + Json(choices).dump() + " for " + key, "'" + s + "'");
    return s;
  }
  LogOdds odds(const Json& j) const;
  Strands strands(const Json& j) const {
    return word(j, "strands", {"both", "forward"}) == "both" ? Strands::kBoth : Strands::kForward;
  }
  std::vector<std::vector<LetterSet>> sites(const Json& list) const;
  void constraints(const Json&);

  std::unique_ptr<Term> motif(const Json&, double weight);
  std::unique_ptr<Term> spacing(const Json&, double weight);
  std::unique_ptr<Term> gc(const Json&, double weight);
  std::unique_ptr<Term> avoid(const Json&, double weight);
  std::unique_ptr<Term> similarity(const Json&, double weight);
  std::unique_ptr<Term> oracle(const Json&, double weight);
  std::unique_ptr<Term> language_model(const Json&, double weight);
  static const std::map<std::string, std::unique_ptr<Term> (Reader::*)(const Json&, double)> kMakers;

  std::string path_, where_ = path_;
  const Dna& start_;
  int length_, n_threads_;
  Fitness out_;
};

LogOdds Reader::odds(const Json& j) const {
  const std::string file = beside(word(j, "file", {}));
  const auto motifs = must(parse_motifs(read_all(file), file));
  const Motif* chosen = &motifs[0];
  if (j.contains("id")) {
    const std::string id = word(j, "id", {});
    chosen = nullptr;
    for (const Motif& m : motifs)
      if (m.id == id || m.name == id) chosen = &m;
    if (!chosen) bad("a motif '" + id + "' in " + file, "none");
  }
  if (chosen->n() > length_)
    bad("motifs no longer than the sequence, " + std::to_string(length_) + " letters",
        chosen->id + " of " + std::to_string(chosen->n()));
  return log_odds(*chosen);
}

std::vector<std::vector<LetterSet>> Reader::sites(const Json& list) const {
  if (!list.is_array()) bad("a list of sites", list.dump());
  std::vector<std::vector<LetterSet>> out;
  for (const Json& s : list) {
    if (!s.is_string() || s.get<std::string>().empty()) bad("a site in IUPAC codes", s.dump());
    out.push_back(must(parse_iupac(s.get<std::string>(), where_)));
    const auto other = reverse_complement(out.back());
    if (other != out.back()) out.push_back(other);
  }
  return out;
}

std::unique_ptr<Term> Reader::motif(const Json& j, double weight) {
  const Over over = word(j, "over", {"best", "sum"}) == "best" ? Over::kBest : Over::kSum;
  LogOdds o = odds(j);
  if (over == Over::kBest && weight > 0)
    out_.exact.motifs.push_back({o, strands(j), weight});
  else
    out_.is_exact = false;
  return make_motif_term(j.value("name", "motif"), {std::move(o), over, strands(j)});
}
std::unique_ptr<Term> Reader::spacing(const Json& j, double) {
  out_.is_exact = false;
  for (const char* which : {"first", "second"})
    if (!j.contains(which) || !j[which].is_object()) bad(std::string("a motif for ") + which, "none");
  const bool in_order = word(j, "order", {"kept", "any"}) == "kept";
  return make_spacing_term(j.value("name", "spacing"), {odds(j["first"]), odds(j["second"]), number(j, "gap", 0),
                                                        positive(j, "deviation", 1), in_order, strands(j)});
}
std::unique_ptr<Term> Reader::gc(const Json& j, double) {
  out_.is_exact = false;
  return make_gc_term(number(j, "target", 0.5), positive(j, "deviation", 0.1));
}
std::unique_ptr<Term> Reader::avoid(const Json& j, double) {
  out_.is_exact = false;
  return make_avoid_term(sites(j.value("sites", Json())));
}
std::unique_ptr<Term> Reader::similarity(const Json&, double weight) {
  if (start_.empty()) bad("--start with the term similarity", "none");
  out_.exact.letters.resize(start_.size() * kLetters, 0);
  for (std::size_t t = 0; t < start_.size(); ++t)
    for (Token v = 0; v < kLetters; ++v)
      if (v != start_[t]) out_.exact.letters[t * kLetters + v] -= weight;
  return make_similarity_term(start_);
}
std::unique_ptr<Term> Reader::oracle(const Json& j, double) {
  out_.is_exact = false;
  return oracle_of(beside(word(j, "file", {})), length_, n_threads_);
}
std::unique_ptr<Term> Reader::language_model(const Json& j, double) {
  out_.is_exact = false;
  const std::string prompt = j.contains("prompt") ? word(j, "prompt", {}) : "";
  return language_term(beside(word(j, "file", {})), prompt, length_, n_threads_, where_);
}

const std::map<std::string, std::unique_ptr<Term> (Reader::*)(const Json&, double)> Reader::kMakers{
    {"avoid", &Reader::avoid},    {"gc", &Reader::gc},         {"language-model", &Reader::language_model},
    {"motif", &Reader::motif},    {"oracle", &Reader::oracle}, {"similarity", &Reader::similarity},
    {"spacing", &Reader::spacing}};

void Reader::constraints(const Json& j) {
  DnaConstraints& c = out_.constraints;
  c.letters.assign(length_, kAnyLetter);
  if (j.contains("letters")) {
    c.letters = must(parse_iupac(word(j, "letters", {}), where_));
    if (static_cast<int>(c.letters.size()) != length_)
      bad(std::to_string(length_) + " letters", std::to_string(c.letters.size()));
  }
  for (const Json& span : j.value("frozen", Json::array())) {
    if (!span.is_object() || !span.contains("begin") || !span["begin"].is_number_integer())
      bad("a frozen span {begin, letters}", span.dump());
    const auto letters = must(parse_iupac(word(span, "letters", {}), where_));
    const auto begin = span["begin"].get<std::int64_t>();
    if (begin < 0 || begin + static_cast<std::int64_t>(letters.size()) > length_)
      bad("a span within the sequence", span.dump());
    for (std::size_t k = 0; k < letters.size(); ++k) c.letters[begin + k] &= letters[k];
  }
  for (int t = 0; t < length_; ++t)
    if (c.letters[t] == 0) bad("constraints that some sequence keeps", "none for position " + std::to_string(t));
  if (j.contains("forbidden")) c.forbidden = sites(j["forbidden"]);
  if (j.contains("max_homopolymer")) forbid_homopolymers(static_cast<int>(positive(j, "max_homopolymer", 1)), c);
}

Fitness Reader::read(int max_edits) {
  const std::string text = path_.starts_with('{') ? path_ : read_all(path_);
  if (path_ == text) path_ = where_ = "--fitness";
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object()) bad("a JSON object", "something else");
  const std::vector<std::string> known{"terms", "letters", "frozen", "forbidden", "max_homopolymer"};
  for (const auto& [key, value] : j.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      bad("one of the keys " + Json(known).dump(), "'" + key + "'");
  constraints(j);
  out_.constraints.start = start_;
  out_.constraints.max_edits = max_edits;
  if (!j.contains("terms") || !j["terms"].is_array() || j["terms"].empty()) bad("a list of terms", "none");
  int k = 0;
  for (const Json& t : j["terms"]) {
    where_ = path_ + ", term " + std::to_string(k++);
    if (!t.is_object()) bad("an object", t.dump());
    const std::string kind = word(t, "kind", {});
    const auto it = kMakers.find(kind);
    std::vector<std::string> names;
    for (const auto& [name, maker] : kMakers) names.push_back(name);
    if (it == kMakers.end()) bad("a term of kind " + Json(names).dump(), "'" + kind + "'", nearest(kind, names, 3));
    if (t.contains("name") && !t["name"].is_string()) bad("a text for name", t["name"].dump());
    const double weight = number(t, "weight", 1);
    out_.terms.push_back((this->*it->second)(t, weight));
    out_.weights.push_back(weight);
  }
  return std::move(out_);
}

}  // namespace

std::unique_ptr<DnaTerm> oracle_of(const std::string& path, int length, int n_threads) {
  Oracle o = must(read_oracle(path, n_threads));
  if (o.length != length)
    fail({Code::kInvalid, "sequences of " + std::to_string(o.length) + " letters, as the oracle takes",
          std::to_string(length), path, "use --length " + std::to_string(o.length)});
  return std::move(o.term);
}

Fitness read_fitness(const std::string& path, const Dna& start, int length, int max_edits, int n_threads) {
  return Reader(path, start, length, n_threads).read(max_edits);
}

}  // namespace ponder::app
