// One function a kind of term; the table at the end names them, and their keys. Constraints: read before the terms.
#include "design_fitness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/nearest.h"
#include "open_model.h"
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
    if (!(v > 0)) bad("a number above 0 for " + key, shown(v));
    return v;
  }
  // A share, of which percent is the likeliest mistake.
  double share(const Json& j, const std::string& key, double usual) const {
    const double v = number(j, key, usual);
    if (!(v >= 0 && v <= 1)) bad("a share of 0 to 1 for " + key, shown(v), as_share(v));
    return v;
  }
  static std::string as_share(double percent) {
    return percent > 1 && percent <= 100 ? "did you mean " + shown(percent / 100) + "?" : "";
  }
  static std::string shown(double v) { return fmt::format("{:g}", v); }
  void check_keys(const Json& j, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : j.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      bad("one of the keys " + Json(known).dump(), "'" + key + "'", did_you_mean(key, known, 3));
    }
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
  Motif read_motif(const Json& j);
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
  struct Kind {
    std::unique_ptr<Term> (Reader::*make)(const Json&, double);
    std::vector<std::string> keys;  // beside kind, name and weight
  };
  static const std::map<std::string, Kind> kKinds;

  std::string path_, where_ = path_;
  const Dna& start_;
  int length_, n_threads_;
  Fitness out_;
};

Motif Reader::read_motif(const Json& j) {
  const std::string file = beside(word(j, "file", {}));
  auto motifs = must(parse_motifs(must(read_all(file)), file));
  Motif* chosen = motifs.data();
  if (j.contains("id")) {
    const std::string id = word(j, "id", {});
    chosen = nullptr;
    std::vector<std::string> names;
    for (Motif& m : motifs) {
      if (m.id == id || m.name == id) chosen = &m;
      names.insert(names.end(), {m.id, m.name});
    }
    if (!chosen) bad("a motif '" + id + "' in " + file, "none", did_you_mean(id, names, 2));
  } else if (motifs.size() > 1) {
    out_.warnings.push_back(fmt::format("{} has {} motifs, of which the first, {}, is taken: \"id\" picks another ({})",
                                        file, motifs.size(), chosen->id, where_));
  }
  if (chosen->n() > length_)
    bad("motifs no longer than the sequence, " + std::to_string(length_) + " letters",
        chosen->id + " of " + std::to_string(chosen->n()));
  out_.warnings.insert(out_.warnings.end(), chosen->warnings.begin(), chosen->warnings.end());
  return std::move(*chosen);
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
  const Motif motif = read_motif(j);
  const MotifMatch match{log_odds(motif), over, strands(j)};
  if (over == Over::kBest && weight > 0)
    out_.exact.motifs.push_back({match.odds, match.strands, weight});
  else
    out_.is_exact = false;
  out_.motifs.push_back({j.value("name", motif.name.empty() ? motif.id : motif.name), match});
  return make_motif_term(j.value("name", "motif"), match);
}
std::unique_ptr<Term> Reader::spacing(const Json& j, double) {
  out_.is_exact = false;
  for (const char* which : {"first", "second"}) {
    if (!j.contains(which) || !j[which].is_object()) bad(std::string("a motif for ") + which, "none");
    check_keys(j[which], {"file", "id"});
  }
  const bool in_order = word(j, "order", {"kept", "any"}) == "kept";
  const double gap = number(j, "gap", 0);
  if (gap < 0) bad("a number of letters between the motifs, 0 or more, for gap", shown(gap));
  MotifPair pair{log_odds(read_motif(j["first"])),
                 log_odds(read_motif(j["second"])),
                 gap,
                 positive(j, "deviation", 1),
                 in_order,
                 strands(j)};
  if (const std::size_t n = pair.first.size() + pair.second.size(); n > static_cast<std::size_t>(length_))
    bad("two motifs that fit beside each other into " + std::to_string(length_) + " letters", std::to_string(n));
  return make_spacing_term(j.value("name", "spacing"), pair);
}
std::unique_ptr<Term> Reader::gc(const Json& j, double) {
  out_.is_exact = false;
  const double target = share(j, "target", 0.5), deviation = positive(j, "deviation", 0.1);
  if (deviation > 1)
    out_.warnings.push_back("a deviation of " + shown(deviation) + " lets every share pass, from 0 to 1; " +
                            as_share(deviation) + " (" + where_ + ")");
  return make_gc_term(target, deviation);
}
std::unique_ptr<Term> Reader::avoid(const Json& j, double) {
  out_.is_exact = false;
  auto patterns = sites(j.value("sites", Json()));
  if (patterns.empty()) bad("at least one site", "none");
  return make_avoid_term(std::move(patterns));
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

const std::map<std::string, Reader::Kind> Reader::kKinds{
    {"avoid", {&Reader::avoid, {"sites"}}},
    {"gc", {&Reader::gc, {"target", "deviation"}}},
    {"language-model", {&Reader::language_model, {"file", "prompt"}}},
    {"motif", {&Reader::motif, {"file", "id", "over", "strands"}}},
    {"oracle", {&Reader::oracle, {"file"}}},
    {"similarity", {&Reader::similarity, {}}},
    {"spacing", {&Reader::spacing, {"first", "second", "gap", "deviation", "order", "strands"}}}};

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
    check_keys(span, {"begin", "letters"});
    const auto letters = must(parse_iupac(word(span, "letters", {}), where_));
    const auto begin = span["begin"].get<std::int64_t>();
    if (begin < 0 || begin + static_cast<std::int64_t>(letters.size()) > length_)
      bad("a span within the sequence", span.dump());
    for (std::size_t k = 0; k < letters.size(); ++k) c.letters[begin + k] &= letters[k];
  }
  for (int t = 0; t < length_; ++t)
    if (c.letters[t] == 0) bad("constraints that some sequence keeps", "none for position " + std::to_string(t));
  if (j.contains("forbidden")) c.forbidden = sites(j["forbidden"]);
  if (!j.contains("max_homopolymer")) return;
  const double longest = number(j, "max_homopolymer", 1);
  if (longest < 1 || longest != std::floor(longest))
    bad("a whole number of letters above 0 for max_homopolymer", shown(longest));
  // Runs longer than the sequence are no constraint.
  if (longest < length_) forbid_homopolymers(static_cast<int>(longest), c);
}

Fitness Reader::read(int max_edits) {
  const std::size_t first = path_.find_first_not_of(" \t\r\n");
  const bool is_text = first != std::string::npos && path_[first] == '{';
  const std::string text = is_text ? path_ : must(read_all(path_));
  if (is_text) path_ = where_ = "--fitness";
  Json j;
  try {
    j = Json::parse(text);
  } catch (const Json::exception& e) {
    const std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line 1, …"
    bad("a JSON object", what.substr(std::min(what.find("] ") + 2, what.size())));
  }
  if (!j.is_object()) bad("a JSON object", j.dump().substr(0, 40));
  check_keys(j, {"terms", "letters", "frozen", "forbidden", "max_homopolymer"});
  constraints(j);
  out_.constraints.start = start_;
  out_.constraints.max_edits = max_edits;
  if (!j.contains("terms") || !j["terms"].is_array() || j["terms"].empty()) bad("a list of terms", "none");
  int k = 0;
  for (const Json& t : j["terms"]) {
    where_ = path_ + ", term " + std::to_string(k++);
    if (!t.is_object()) bad("an object", t.dump());
    const std::string kind = word(t, "kind", {});
    const auto it = kKinds.find(kind);
    std::vector<std::string> names;
    for (const auto& [name, of_name] : kKinds) names.push_back(name);
    if (it == kKinds.end()) bad("a term of kind " + Json(names).dump(), "'" + kind + "'", did_you_mean(kind, names, 3));
    std::vector<std::string> keys = it->second.keys;
    keys.insert(keys.end(), {"kind", "name", "weight"});
    check_keys(t, keys);
    if (t.contains("name") && !t["name"].is_string()) bad("a text for name", t["name"].dump());
    const double weight = number(t, "weight", 1);
    out_.terms.push_back((this->*it->second.make)(t, weight));
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
