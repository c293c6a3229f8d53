// NoisePlane: a plane through the noise of a decoder. One draw of noise is lifted to two replies;
// the draw and its two lifts span the plane. They differ in few numbers, so that a model row is
// needed once for each prefix on the plane, and every further point costs no model call. Not the
// whole noise space (energy/noise_rows.h). docs/methods.md#noise-space.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "landscape/surface.h"
#include "ponder/density/density.h"
#include "ponder/density/law.h"

namespace ponder {

class NoisePlane final : public Surface {
 public:
  /// The density must outlive the plane; x and y are different replies of the law. `seed`: of the
  /// noise. Errors: kInvalid (not two replies), kNumeric (by rounding, a lift does not decode to
  /// its reply), those of the density.
  static Result<std::unique_ptr<NoisePlane>> make(CausalDensity&, const PrefixRef& context,
                                                  const ReplyLaw&, double alpha,
                                                  const std::vector<Token>& x,
                                                  const std::vector<Token>& y, std::uint64_t seed);

  Status look(std::span<const Point>, std::vector<Spot>& out) override;
  /// Errors: kUnsupported without a differentiable density.
  Status slopes(std::span<const Point>, std::vector<Point>& out) override;
  double height(int peak) const override { return replies_.at(peak).logprob; }

  /// The points of the lifts of x and y, and of the original noise.
  Point first() const { return first_; }
  Point second() const { return second_; }
  Point noise() const { return noise_; }
  /// (n_peaks) the replies seen so far; 0 is x and 1 is y.
  const std::vector<Reply>& replies() const { return replies_; }
  /// The noise (n_vocab) of position t at a point.
  std::vector<double> normals(int t, Point) const;
  /// The plane's two directions at position t, (n_vocab) each: orthonormal over all positions.
  std::pair<std::vector<double>, std::vector<double>> directions(int t) const;

 private:
  // One number of the noise that changes over the plane: eps = foot + u along_u + v along_v.
  struct Coordinate {
    Token token;
    double foot, along_u, along_v;
    double at(Point z) const { return foot + z.u * along_u + z.v * along_v; }
  };
  struct Position {
    std::vector<Coordinate> moving{};  // by token
    std::vector<float> gumbels{};      // (n_vocab) of the original noise
  };
  struct Next {
    int node = -1, reply = -1;  // neither: no reply of the law
  };
  // A prefix, and the part of its row that the plane needs.
  struct Node {
    std::vector<Token> tokens{};
    PrefixRef at{};
    double logprob = 0, lz = 0;  // of the tokens; of the rows, this one included
    double log_normalizer = 0;
    std::vector<float> logits{};  // of the moving tokens
    Token rest = -1;              // the winner among the others,
    double rest_score = 0;        // and alpha logit + noise
    float rest_logit = 0;
    std::map<Token, Next> next{};
  };
  struct Request {
    int node;  // -1: the row of the root is wanted
    Token token;
    double logprob;
    bool operator==(const Request& o) const { return node == o.node && token == o.token; }
  };
  // The data for the force at one position of a reply: for each moving token, and for all other
  // tokens together.
  struct Lever {
    std::vector<double> log_q, gain;
    double rest_log_sum = 0, rest_gain = 0;  // log sum of q e^g; mean gain by it
  };

  NoisePlane(CausalDensity& d, PrefixRef c, const ReplyLaw& l, double alpha, std::uint64_t seed)
      : density_(d), context_(std::move(c)), law_(l), alpha_(alpha), seed_(seed) {}
  std::vector<double> fresh(int t) const;
  Status span_plane(const std::vector<Token>& x, const std::vector<Token>& y);
  TokenProb winner(const Node&, Point) const;
  bool close(int node, TokenProb);
  Status grow(std::span<const Request>);
  void add_node(const Request&, const Row&, PrefixRef at);
  Status add_levers(std::span<const Spot>);
  std::vector<Lever> levers_of(int reply, std::span<const Row>, std::span<const float> gain) const;
  Point slope(const std::vector<Lever>&, Point) const;

  CausalDensity& density_;
  PrefixRef context_;
  ReplyLaw law_;
  double alpha_;
  std::uint64_t seed_;
  std::vector<Position> positions_{};  // (horizon)
  Point first_{}, second_{}, noise_{};
  std::vector<Node> nodes_{};
  std::vector<Reply> replies_{};
  std::vector<double> log_weights_{};           // of replies
  std::map<int, std::vector<Lever>> levers_{};  // by reply; empty: there is no force
};

}  // namespace ponder
