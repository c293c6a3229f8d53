// A Density of Python as a LogitSource. What its methods raise is kept, ends the pass, and is
// raised again by the call that asked (raised.h).
#pragma once

#include <memory>

#include <nanobind/nanobind.h>

#include "ponder/model/logit_source.h"
#include "raised.h"

namespace ponder::python {

/// Threads: those of LogitSource. Made with the GIL; all other functions take it.
class PythonSource final : public LogitSource {
 public:
  /// Errors: what reading the attributes raises.
  PythonSource(nanobind::object density, std::shared_ptr<Raised>);
  ~PythonSource() override;
  std::string name() const override { return name_; }
  int n_vocab() const override { return n_vocab_; }
  int n_ctx() const override { return n_ctx_; }
  int n_embd() const override { return n_embd_; }
  std::int64_t slot_bytes() const override { return slot_bytes_; }
  std::int64_t free_bytes() const override { return free_bytes_; }
  double drift() const override { return drift_; }

  Status start(int n_slots) override;
  Status feed(std::span<const SourceToken>) override;
  Status logits(std::span<const SourcePrefix>, std::span<float> out) override;
  Status embeddings(std::span<float> out) override;
  Status feed_vectors(std::span<const SourceToken>, std::span<const float> x) override;
  Status backward(std::span<const float> dlogits, std::span<float> dx) override;

 private:
  // Copies what a method has returned; `width`: its columns.
  void copy(const char* what, const nanobind::object& value, int width, std::span<float> out) const;
  nanobind::object fed(std::span<const SourceToken>) const;
  template <class F>
  Status call(const F&) const;

  nanobind::object density_, fed_tokens_, prefixes_, floats_;
  std::shared_ptr<Raised> raised_;
  std::string name_;
  int n_vocab_, n_ctx_, n_embd_;
  std::int64_t slot_bytes_, free_bytes_;
  double drift_;
};

}  // namespace ponder::python
