// Prints the log-odds of all motifs of the files named, a JSON line a motif, which jaspar_test.py
// compares with numpy. For a file that cannot be read it prints one line with the error. Not a test
// by itself.
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ponder/dna/dna.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto motifs = ponder::dna::parse_motifs(text, argv[i]);
    if (!motifs.ok()) {
      std::cout << nlohmann::json{{"file", argv[i]}, {"error", motifs.error().message()}} << "\n";
      continue;
    }
    for (const ponder::dna::Motif& m : *motifs)
      std::cout << nlohmann::json{{"file", argv[i]},
                                  {"id", m.id},
                                  {"name", m.name},
                                  {"log_odds", ponder::dna::log_odds(m)}}
                << "\n";
  }
}
