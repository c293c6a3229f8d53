// What ponder grad (grad.cc) and its --check (grad_check.cc) share: arguments and request lines.
#pragma once

#include "output.h"

namespace ponder::app {

struct GradArgs {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  std::string reply, out = ".";
  double tape_mb = 0;
  bool end = false;
  bool check = false;
  int directions = 8;
  double tolerance = 0;  // 0: by precision
};

/// A request, or its error.
struct GradLine {
  int number = 0;
  std::vector<Token> prompt, candidates;  // (n, m); the reply's tokens when not relaxed
  std::vector<float> weights;
  int m = 1;
  bool relaxed = false;
  std::string error;
};

/// Checks the gradients of lines one by one; at the end prints the verdict and returns the exit code.
class GradCheck {
 public:
  GradCheck(const GradArgs&, Engine&);
  ~GradCheck();
  void add(const GradLine&);
  int finish();

 private:
  struct Figures {
    double differences = 0, reference = 0;  // relative errors
  };
  Figures check(const GradLine&);
  void print(const GradLine&, const Figures&);
  struct Ways;  // to a slope besides the gradient

  const GradArgs& args_;
  Engine& engine_;
  Prompts prompts_;
  std::unique_ptr<Ways> ways_;
  double limit_differences_, limit_reference_;
  Figures worst_;
  int n_checked_ = 0, n_broken_ = 0, code_ = 0;
  Json lines_ = Json::array();
};

}  // namespace ponder::app
