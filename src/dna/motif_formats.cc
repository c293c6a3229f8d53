// JASPAR: '>id name' and four rows, "A [ 1 2 ]" or bare; a single matrix may lack its header. MEME:
// MOTIF lines, each with a "letter-probability matrix". TRANSFAC: "P0 A C G T", then a position a
// row. https://jaspar.elixir.no/docs, https://meme-suite.org/meme/doc/meme-format.html
#include "dna/motif_formats.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "dna/lines.h"

namespace ponder::dna {
namespace {

using Words = std::vector<std::string>;
using Records = std::vector<MotifRecord>;

// The words of a line; characters of `also` separate words like white space.
Words words_of(const std::string& text, std::string_view also = "") {
  Words words;
  bool inside = false;
  for (char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) || also.find(c) != std::string_view::npos) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    words.back() += c;
    inside = true;
  }
  return words;
}

bool is_number(const std::string& word) {
  char* end = nullptr;
  std::strtod(word.c_str(), &end);
  return end != word.c_str() && *end == '\0';
}

bool is_position(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
}

// The leading numbers among the words from `begin` on.
std::vector<double> leading_numbers(const Words& words, std::size_t begin) {
  std::vector<double> values;
  for (std::size_t i = begin; i < words.size() && is_number(words[i]); ++i)
    values.push_back(std::strtod(words[i].c_str(), nullptr));
  return values;
}

// The row, 0 … 3, of a JASPAR matrix that a word begins; -1: the word is no letter. RNA's U is T.
int letter_row(const std::string& word) {
  if (word.size() != 1) return -1;
  const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  const std::size_t row = std::string_view("ACGT").find(letter == 'U' ? 'T' : letter);
  return row == std::string_view::npos ? -1 : static_cast<int>(row);
}

std::string quoted(const std::string& text) { return "'" + text.substr(0, 20) + "'"; }

std::array<double, kLetters> column_of(const std::vector<double>& v) {
  return {v[0], v[1], v[2], v[3]};
}

class JasparReader {
 public:
  explicit JasparReader(const std::string& where) : where_(where) {}
  Result<Records> read(const std::vector<Line>& lines) {
    for (const Line& l : lines) {
      const Words words = words_of(l.text, "[]");
      if (words.empty()) continue;
      if (l.text[0] == '>')
        PONDER_TRY(begin(l));
      else
        PONDER_TRY(row(words, l));
    }
    PONDER_TRY(end(lines.back().number));
    return std::move(all_);
  }

 private:
  Status begin(const Line& l) {
    PONDER_TRY(end(l.number));
    MotifRecord& r = all_.emplace_back();
    r.line = l.number;
    const Words words = words_of(l.text.substr(1));
    for (std::size_t i = 0; i < words.size(); ++i)
      (i == 0 ? r.motif.id : r.motif.name) += (i > 1 ? " " : "") + words[i];
    n_rows_ = 0;
    return {};
  }
  Status row(const Words& words, const Line& l) {
    if (all_.empty()) PONDER_TRY(begin({">", l.number}));  // a single matrix without a header
    if (n_rows_ == kLetters)
      return bad_motif("'>' before the next motif", quoted(l.text), where_, l.number);
    const bool named = !is_number(words[0]);
    if (named && letter_row(words[0]) != n_rows_)
      return bad_motif(std::string("the row of ") + "ACGT"[n_rows_], quoted(l.text), where_,
                       l.number);
    const std::vector<double> values = leading_numbers(words, named ? 1 : 0);
    if (values.empty() || values.size() + (named ? 1 : 0) != words.size())
      return bad_motif("a row of numbers", quoted(l.text), where_, l.number);
    auto& columns = all_.back().motif.columns;
    if (n_rows_ == 0) columns.resize(values.size());
    if (values.size() != columns.size())
      return bad_motif(std::to_string(columns.size()) + " numbers, as in the row of A",
                       std::to_string(values.size()), where_, l.number);
    for (std::size_t j = 0; j < values.size(); ++j) columns[j][n_rows_] = values[j];
    ++n_rows_;
    return {};
  }
  Status end(int line) const {
    if (all_.empty() || n_rows_ == kLetters) return {};
    return bad_motif("four rows of counts", std::to_string(n_rows_), where_, line);
  }

  const std::string& where_;
  Records all_;
  int n_rows_ = 0;
};

// The number after `key` in "alength= 4 w= 19 nsites= 20 E= 0"; -1: the key is missing.
int announced(const std::string& text, const std::string& key) {
  const Words words = words_of(text, "=");
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == key && is_position(words[i + 1])) return std::atoi(words[i + 1].c_str());
  return -1;
}

Result<Records> read_meme(const std::vector<Line>& lines, const std::string& where) {
  Records all;
  bool in_matrix = false;
  for (const auto& [text, n] : lines) {
    const Words words = words_of(text);
    if (words.empty()) {
      in_matrix = in_matrix &&
                  all.back().motif.columns.empty();  // blank lines may stand before the first row
    } else if (words[0] == "MOTIF") {
      MotifRecord& r = all.emplace_back();
      r.may_count = false;
      r.line = n;
      if (words.size() > 1) r.motif.id = words[1];
      if (words.size() > 2) r.motif.name = words[2];
      in_matrix = false;
    } else if (words[0] == "letter-probability") {
      if (all.empty()) return bad_motif("a line MOTIF before its matrix", "none", where, n);
      if (const int letters = announced(text, "alength"); letters != -1 && letters != kLetters)
        return bad_motif("a motif of DNA, alength= 4", "alength= " + std::to_string(letters), where,
                         n);
      all.back().n_announced = std::max(announced(text, "w"), 0);
      in_matrix = true;
    } else if (in_matrix && is_number(words[0])) {
      const std::vector<double> values = leading_numbers(words, 0);
      if (values.size() != kLetters || words.size() != kLetters)
        return bad_motif("four probabilities", quoted(text), where, n);
      all.back().motif.columns.push_back(column_of(values));
    } else {
      in_matrix = false;  // "URL …", "-----" and other lines between motifs
    }
  }
  return all;
}

class TransfacReader {
 public:
  explicit TransfacReader(const std::string& where) : where_(where) {}
  Result<Records> read(const std::vector<Line>& lines) {
    for (const Line& l : lines) {
      const Words words = words_of(l.text);
      if (!words.empty()) PONDER_TRY(take(words, l));
    }
    end();
    return std::move(all_);
  }

 private:
  Status take(const Words& words, const Line& l) {
    const std::string value = words.size() > 1 ? words[1] : "";
    if (in_matrix_ && is_position(words[0])) {
      // a consensus letter may follow
      const std::vector<double> values = leading_numbers(words, 1);
      if (values.size() < kLetters)
        return bad_motif("a position and four numbers", quoted(l.text), where_, l.number);
      now_.motif.columns.push_back(column_of(values));
      return {};
    }
    in_matrix_ = false;
    if (words[0] == "//") {
      end();
    } else if (words[0] == "P0" || words[0] == "PO") {
      if (!now_.motif.columns.empty()) end();
      for (int v = 0; v < kLetters && words.size() > 1; ++v)
        if (static_cast<int>(words.size()) <= v + 1 || letter_row(words[v + 1]) != v)
          return bad_motif("the letters A C G T after " + words[0], quoted(l.text), where_,
                           l.number);
      now_.line = l.number;
      in_matrix_ = true;
    } else if (words[0] == "AC" || words[0] == "ID" || words[0] == "NA") {
      name(words[0], value);
    }
    return {};
  }
  // AC is the accession, ID the identifier ("V$MYOD_01"), NA the factor's name: the first two
  // identify a motif.
  void name(const std::string& field, const std::string& value) {
    if (field != "NA" && !now_.motif.columns.empty())
      end();  // the next record, without "//" before it
    if (field == "AC" || (field == "ID" && now_.motif.id.empty()))
      now_.motif.id = value;
    else if (field == "ID" || now_.motif.name.empty())
      now_.motif.name = value;
  }
  void end() {
    if (now_.line > 0) all_.push_back(std::move(now_));
    now_ = {};
    in_matrix_ = false;
  }

  const std::string& where_;
  Records all_;
  MotifRecord now_;
  bool in_matrix_ = false;
};

}  // namespace

Error bad_motif(const std::string& expected, const std::string& got, const std::string& where,
                int line) {
  return {Code::kInvalid, expected, got, where + ", line " + std::to_string(line), ""};
}

Result<Records> read_motif_records(std::string_view text, const std::string& where) {
  const std::vector<Line> lines = lines_of(text);
  bool first = true;
  for (const Line& l : lines) {
    const Words words = words_of(l.text, "[]");
    if (words.empty()) continue;
    const bool bare =
        first && words.size() > 1 && (is_number(words[0]) || letter_row(words[0]) == 0);
    if (l.text[0] == '>' || (bare && is_number(words[1]))) return JasparReader(where).read(lines);
    if (words[0] == "MEME" && words.size() > 1 && words[1] == "version")
      return read_meme(lines, where);
    if (words[0] == "P0" || words[0] == "PO") return TransfacReader(where).read(lines);
    first = false;
  }
  return bad_motif("motifs in JASPAR, MEME or TRANSFAC format", "none of them", where, 0);
}

}  // namespace ponder::dna
