// FASTA: a line '>name', then lines of letters.
#include <algorithm>
#include <cctype>

#include "dna/lines.h"
#include "ponder/dna/dna.h"

namespace ponder::dna {
namespace {

constexpr std::size_t kLineWidth = 80;

Error bad(const std::string& expected, const std::string& got, const std::string& where, int line) {
  return {Code::kInvalid, expected, got, where + ", line " + std::to_string(line), ""};
}

}  // namespace

Result<std::vector<FastaRecord>> parse_fasta(std::string_view text, const std::string& where) {
  std::vector<FastaRecord> records;
  int last = 0;
  for (auto& [line, n] : dna::lines_of(text)) {
    last = n;
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
    if (line.empty()) continue;
    if (line[0] == '>') {
      if (!records.empty() && records.back().letters.empty())
        return bad("letters after >" + records.back().name, "another record", where, n);
      const std::size_t name = std::min(line.find_first_not_of(" \t", 1), line.size());
      records.push_back({.name = line.substr(name)});
    } else if (records.empty()) {
      return bad("FASTA: a line that begins with '>'", "'" + line.substr(0, 20) + "'", where, n);
    } else {
      for (char c : line)
        if (!std::isspace(static_cast<unsigned char>(c))) records.back().letters += c;
    }
  }
  if (records.empty()) return bad("at least one FASTA record", "none", where, last);
  if (records.back().letters.empty())
    return bad("letters after >" + records.back().name, "the end", where, last);
  return records;
}

std::string fasta_text(std::span<const FastaRecord> records) {
  std::string out;
  for (const FastaRecord& r : records) {
    out += ">" + r.name + "\n";
    for (std::size_t i = 0; i < r.letters.size(); i += kLineWidth)
      out += r.letters.substr(i, kLineWidth) + "\n";
  }
  return out;
}

}  // namespace ponder::dna
