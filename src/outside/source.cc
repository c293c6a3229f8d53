// LogitSource: what a source without a gradient answers.
#include "ponder/model/logit_source.h"

namespace ponder {
namespace {

Error no_gradient(const LogitSource& s) {
  return {Code::kUnsupported, "a model with a gradient", s.name() + ", which gives logits alone",
          "LogitSource", "use a method or kernel without gradients"};
}

}  // namespace

Status LogitSource::embeddings(std::span<float>) { return no_gradient(*this); }
Status LogitSource::feed_vectors(std::span<const SourceToken>, std::span<const float>) {
  return no_gradient(*this);
}
Status LogitSource::backward(std::span<const float>, std::span<float>) {
  return no_gradient(*this);
}

}  // namespace ponder
