// Motif matrices: JASPAR ('>id name' and four rows of counts, "A [ 1 2 ]" or bare), MEME ("letter-probability matrix"),
// TRANSFAC ("P0 A C G T" and a row a position). https://jaspar.elixir.no/docs
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "ponder/dna.h"

namespace ponder {
namespace {

constexpr double kSumSlack = 0.02;  // of probabilities printed with a few digits

struct Line {
  std::string text;
  int number;
};

struct Raw {
  Motif motif;
  bool counts = true;
  int line = 0;
};

class Reader {
 public:
  Reader(std::string_view text, std::string where) : where_(std::move(where)) {
    std::istringstream in{std::string(text)};
    int n = 0;
    for (std::string line; std::getline(in, line);) lines_.push_back({line, ++n});
  }
  Result<std::vector<Raw>> read() {
    for (const Line& l : lines_) {
      if (l.text.starts_with("MEME version")) return meme();
      if (l.text.starts_with("P0") || l.text.starts_with("PO")) return transfac();
      if (l.text.starts_with(">")) return jaspar();
    }
    return bad("motifs in JASPAR, MEME or TRANSFAC format", "none of them", 0);
  }
  Error bad(const std::string& expected, const std::string& got, int line) const {
    return {Code::kInvalid, expected, got, where_ + ", line " + std::to_string(line), ""};
  }

 private:
  // Numbers of a row after `skip` words; brackets are spaces. False: something else among them.
  static bool numbers(std::string text, int skip, std::vector<double>& out) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '[' || c == ']'; }, ' ');
    std::istringstream in(text);
    std::string word;
    for (int i = 0; in >> word; ++i) {
      if (i < skip) continue;
      char* end = nullptr;
      const double v = std::strtod(word.c_str(), &end);
      if (*end != '\0') return out.size() >= kLetters && skip == 1;  // TRANSFAC: the consensus letter
      out.push_back(v);
    }
    return true;
  }

  Result<std::vector<Raw>> jaspar() {
    std::vector<Raw> all;
    int row = kLetters;
    for (const auto& [text, n] : lines_) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (text[0] == '>') {
        if (row != kLetters) return bad("four rows of counts", std::to_string(row), n);
        std::istringstream in(text.substr(1));
        Raw& r = all.emplace_back();
        r.line = n;
        in >> r.motif.id >> r.motif.name;
        row = 0;
        continue;
      }
      if (row == kLetters) return bad("'>' before the next motif", "'" + text.substr(0, 20) + "'", n);
      std::vector<double> values;
      const bool named = std::isalpha(static_cast<unsigned char>(text[text.find_first_not_of(" \t")])) != 0;
      if (named && text[text.find_first_not_of(" \t")] != "ACGT"[row])
        return bad(std::string("the row of ") + "ACGT"[row], "'" + text.substr(0, 20) + "'", n);
      if (!numbers(text, named ? 1 : 0, values)) return bad("a row of numbers", "'" + text.substr(0, 20) + "'", n);
      auto& columns = all.back().motif.columns;
      if (row == 0) columns.resize(values.size());
      if (values.size() != columns.size())
        return bad(std::to_string(columns.size()) + " numbers, as in the row of A", std::to_string(values.size()), n);
      for (std::size_t j = 0; j < values.size(); ++j) columns[j][row] = values[j];
      ++row;
    }
    if (row != kLetters) return bad("four rows of counts", std::to_string(row), lines_.back().number);
    return all;
  }

  Result<std::vector<Raw>> meme() {
    std::vector<Raw> all;
    bool in_matrix = false;
    for (const auto& [text, n] : lines_) {
      std::istringstream in(text);
      std::string word;
      in >> word;
      if (word == "MOTIF") {
        Raw& r = all.emplace_back();
        r.counts = false;
        r.line = n;
        in >> r.motif.id >> r.motif.name;
        in_matrix = false;
      } else if (word == "letter-probability") {
        if (all.empty()) return bad("a line MOTIF before its matrix", "none", n);
        in_matrix = true;
      } else if (in_matrix) {
        std::vector<double> values;
        if (word.empty() || !numbers(text, 0, values)) {
          in_matrix = all.back().motif.columns.empty() && word.empty();
          continue;
        }
        if (values.size() != kLetters) return bad("four probabilities", std::to_string(values.size()), n);
        all.back().motif.columns.push_back({values[0], values[1], values[2], values[3]});
      }
    }
    return all;
  }

  Result<std::vector<Raw>> transfac() {
    std::vector<Raw> all;
    Raw now;
    bool in_matrix = false;
    for (const auto& [text, n] : lines_) {
      std::istringstream in(text);
      std::string word;
      in >> word;
      if (word == "AC" || (word == "ID" && now.motif.id.empty())) {
        in >> now.motif.id;
      } else if (word == "ID" || word == "NA") {
        in >> now.motif.name;
      } else if (word == "P0" || word == "PO") {
        in_matrix = true;
        now.line = n;
      } else if (word == "//" || word == "XX") {
        if (in_matrix) all.push_back(std::move(now)), now = {};
        in_matrix = false;
      } else if (in_matrix) {
        std::vector<double> values;
        if (!numbers(text, 1, values) || values.size() < kLetters)
          return bad("a position and four numbers", "'" + text.substr(0, 20) + "'", n);
        now.motif.columns.push_back({values[0], values[1], values[2], values[3]});
      }
    }
    if (in_matrix) all.push_back(std::move(now));
    return all;
  }

  std::string where_;
  std::vector<Line> lines_;
};

}  // namespace

Result<std::vector<Motif>> parse_motifs(std::string_view text, const std::string& where, double pseudocount) {
  Reader reader(text, where);
  PONDER_ASSIGN(std::vector<Raw> all, reader.read());
  if (all.empty()) return reader.bad("at least one motif", "none", 0);
  std::vector<Motif> out;
  for (Raw& r : all) {
    if (r.motif.columns.empty()) return reader.bad("a motif of at least one position", "none", r.line);
    double first = 0;
    for (std::size_t j = 0; j < r.motif.columns.size(); ++j) {
      auto& column = r.motif.columns[j];
      double sum = 0;
      bool fits = true;
      for (double v : column) fits = fits && v >= 0 && std::isfinite(v), sum += v;
      if (j == 0) first = sum;
      const bool counts = r.counts && first > 1 + kSumSlack;
      const double expected = counts ? first : 1;
      if (!fits || sum <= 0 || std::abs(sum - expected) > kSumSlack * expected)
        return reader.bad("columns that sum to " + std::string(counts ? "the counts of the first one, " : "") +
                              std::to_string(expected).substr(0, 8),
                          (fits ? std::to_string(sum) : "a number that is negative or none") + " in column " +
                              std::to_string(j) + " of " + r.motif.id,
                          r.line);
      const double pseudo = counts ? pseudocount : 0;
      for (double& v : column) v = (v + pseudo / kLetters) / (sum + pseudo);
    }
    out.push_back(std::move(r.motif));
  }
  return out;
}

LogOdds log_odds(const Motif& m, const std::array<double, kLetters>& background) {
  LogOdds out;
  for (const auto& column : m.columns) {
    auto& s = out.emplace_back();
    for (int v = 0; v < kLetters; ++v) s[v] = std::max(std::log(column[v] / background[v]), kLeastOdds);
  }
  return out;
}

LogOdds reverse_complement(const LogOdds& odds) {
  LogOdds out(odds.rbegin(), odds.rend());
  for (auto& column : out) std::reverse(column.begin(), column.end());
  return out;
}

}  // namespace ponder
