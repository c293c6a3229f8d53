// ponder grad --check: compares gradients, reply by reply, with slopes computed in other ways.
#include <fmt/format.h>

#include <algorithm>

#include "grad.h"
#include "output.h"

namespace ponder::app {
namespace {

// The comparisons made so far.
struct Checked {
  std::vector<CheckedGradient> lines{};
  GradientCheck::Errors worst{};
  int n_checked = 0, n_broken = 0, code = 0;
  void add(int number, const Result<GradientCheck::Errors>& e) {
    if (e.ok()) {
      if (e->differences)
        worst.differences = std::max(worst.differences.value_or(0), *e->differences);
      if (e->reference) worst.reference = std::max(worst.reference.value_or(0), *e->reference);
      ++n_checked;
    } else {
      code = std::max(code, exit_code(e.error()));
      ++n_broken;
    }
    lines.push_back({number, e});
  }
};

void print_line(const CheckedGradient& line) {
  std::string text = fmt::format("line {}  ", line.number);
  if (!line.errors.ok()) {
    text += line.errors.error().message();
  } else {
    const auto& [differences, reference] = *line.errors;
    if (differences) text += fmt::format("differences {:.1e}", *differences);
    if (differences && reference) text += "  ";
    if (reference) text += fmt::format("reference {:.1e}", *reference);
  }
  write(text + "\n");
}

void print_verdict(const Checked& c, const GradientCheck::Errors& limits, int directions,
                   bool pass) {
  const auto limit = [](double x, double most) {
    return fmt::format("{:.1e} (at most {:.1e})", x, most);
  };
  const std::string differences =
      limits.differences ? "against differences " +
                               limit(c.worst.differences.value_or(0), *limits.differences) + ", "
                         : "";
  const std::string reference =
      limits.reference
          ? "against the f64 reference " + limit(c.worst.reference.value_or(0), *limits.reference)
          : "no reference for so large a model";
  write(fmt::format("{}: relative error {}{}; {} directions a line, {} lines checked, {} broken\n",
                    pass ? "pass" : "FAIL", differences, reference, directions, c.n_checked,
                    c.n_broken));
}

}  // namespace

Result<int> check_gradients(const GradArgs& a, Session& s) {
  PONDER_ASSIGN(const auto check, GradientCheck::make(s, a.options));
  Checked checked;
  const auto add = [&](int number, const Result<GradientCheck::Errors>& e) {
    checked.add(number, e);
    if (!a.lines.json) print_line(checked.lines.back());
  };
  const auto one = [&](int number, const RequestLine& line) -> Status {
    PONDER_ASSIGN(const GradientRequest r, gradient_request(line));
    add(number, check->check(r));
    return {};
  };
  PONDER_ASSIGN(const int code, for_gradients(a, s,
                                              {.fn = one,
                                               .on_error =
                                                   [&](int n, const Error& e) {
                                                     add(n, e);
                                                     return Status();
                                                   },
                                               .idle =
                                                   [] {
                                                     flush();
                                                     return Status();
                                                   }}));
  const GradientCheck::Errors &worst = checked.worst, &limits = check->limits();
  const bool pass = checked.n_checked > 0 && checked.n_broken == 0 &&
                    worst.differences.value_or(0) <= limits.differences.value_or(0) &&
                    worst.reference.value_or(0) <= limits.reference.value_or(0);
  if (a.lines.json)
    write_line(to_json(checked.lines, limits, a.options.directions, pass));
  else
    print_verdict(checked, limits, a.options.directions, pass);
  return std::max({code, checked.code, pass ? 0 : 1});
}

}  // namespace ponder::app
