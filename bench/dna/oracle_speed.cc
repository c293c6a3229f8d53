// Speed of an oracle's value and derivative on batches, and its numbers, which run.py compares with
// PyTorch.
//   oracle_speed ORACLE.json THREADS SECONDS < weights.f32 > answers.f32
// weights: float32 (n, length, 4), one batch. answers: float32 (n) values, then (n, length, 4)
// derivatives. stderr: sequences per second over as many whole batches as SECONDS hold; 0: one
// batch, untimed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>

#include "ponder/dna/oracle.h"

int main(int argc, char** argv) {
  if (argc != 4)
    return std::fputs("usage: oracle_speed ORACLE.json THREADS SECONDS < weights.f32\n", stderr), 2;
  const auto oracle = ponder::dna::read_oracle(argv[1], std::atoi(argv[2]));
  if (!oracle.ok()) return std::fprintf(stderr, "%s\n", oracle.error().message().c_str()), 1;
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  const std::size_t each = static_cast<std::size_t>(oracle->length) * ponder::dna::kLetters;
  std::vector<float> weights(bytes.size() / sizeof(float));
  bytes.copy(reinterpret_cast<char*>(weights.data()), weights.size() * sizeof(float));
  std::vector<ponder::Token> candidates(each);
  for (std::size_t i = 0; i < each; ++i)
    candidates[i] = static_cast<ponder::Token>(i % ponder::dna::kLetters);
  std::vector<ponder::SoftPoint> batch;
  for (std::size_t i = 0; i + each <= weights.size(); i += each)
    batch.push_back({candidates, {weights.data() + i, each}, ponder::dna::kLetters});

  std::vector<ponder::SoftValue> out;
  using Clock = std::chrono::steady_clock;
  const auto evaluate = [&] {
    if (const auto s = oracle->term->evaluate(batch, out); !s.ok())
      std::fprintf(stderr, "%s\n", s.error().message().c_str()), std::exit(1);
  };
  evaluate();  // warms the caches up
  const auto begin = Clock::now();
  double elapsed = 0;
  std::size_t n = 0;
  while (elapsed < std::atof(argv[3])) {
    evaluate();
    n += batch.size();
    elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  if (n > 0) std::fprintf(stderr, "%.1f\n", static_cast<double>(n) / elapsed);
  std::vector<float> answers;
  for (const auto& v : out) answers.push_back(static_cast<float>(v.value));
  for (const auto& v : out) answers.insert(answers.end(), v.weights.begin(), v.weights.end());
  std::fwrite(answers.data(), sizeof(float), answers.size(), stdout);
}
