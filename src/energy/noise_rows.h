// One position of the noise space: a row of standard normals given the token that it decodes to,
// its decoding, and the force on it. Not a whole state (relaxation.h, mcmc/noise_path.h).
// docs/methods.md#noise-space.
#pragma once

#include <span>

#include "ponder/density/density.h"

namespace ponder {

/// log q(v) = alpha lp(v) - lZ of a whole row with its lz at alpha; -inf where masked.
double log_q(const Row&, double alpha, Token v);

/// argmax_v alpha lp(v) + noise[v] over a whole row, as a density picks it (Draw::Kind::kArgmax).
Token argmax(const Row&, double alpha, std::span<const float> noise);

/// Turns fresh normals (n_vocab) into a draw of normals given that they decode to `winner`. u in
/// [0, 1) draws the largest sum. Masked ids keep their normals. Returns false if the result, by
/// rounding, does not decode to `winner`.
bool condition_normals(const Row&, double alpha, Token winner, double u, std::span<double> eps);

/// F = kappa d/d eps of sum_v s_v gain_v, s = softmax((log q + g(eps)) / tau). out (n_vocab).
void noise_force(const Row&, double alpha, std::span<const float> gain, std::span<const double> eps,
                 double kappa, double tau, std::span<double> out);

/// Turns slopes (n, n_vocab) of log w at a text, E_v . d log w/d e_t, into estimates of log w(x
/// with x_t = v) - log w(x). For an end token, which cuts the rows that follow, the value is exact.
/// lz (n): of the text's rows.
void slopes_to_gain(std::span<const Token> x, std::span<const double> lz,
                    std::span<const Token> end_tokens, std::span<float> slopes);

}  // namespace ponder
