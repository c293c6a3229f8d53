// A table with an arbitrary function of the reply as its gradient: the exactness of a kernel must
// not depend on the gradient.
#pragma once

#include <cmath>
#include <vector>

#include "law/toy/table.h"
#include "ponder/density/gradient.h"

namespace ponder::test {

class GradientTable final : public TableDensity {
 public:
  using TableDensity::TableDensity;
  Status value_and_grad(std::span<const SoftReply> replies, const Objective&,
                        const GradientOptions&, std::vector<ReplyGradient>& out) override {
    out.assign(replies.size(), {});
    for (std::size_t k = 0; k < replies.size(); ++k) {
      for (std::size_t t = 0; t < replies[k].n(); ++t)
        for (int v = 0; v < n_vocab(); ++v) {
          const auto h = static_cast<double>(hash(replies[k].candidates) % 1000003);
          out[k].slopes.push_back(
              static_cast<float>(std::sin(h + 3 * static_cast<double>(t) + 1.7 * v)));
        }
      double mixture = 0;
      for (std::size_t i = 0; i < replies[k].weights.size(); ++i)
        mixture += static_cast<double>(i + 1) * replies[k].weights[i];
      for (std::size_t i = 0; i < replies[k].weights.size(); ++i)
        out[k].weights.push_back(
            static_cast<float>(2 * std::sin(mixture + 1.3 * static_cast<double>(i))));
    }
    return {};
  }
};

}  // namespace ponder::test
