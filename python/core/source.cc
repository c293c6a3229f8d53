// PythonSource: arrays to Python and back, with the GIL.
#include "source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <nanobind/stl/string.h>

#include "arrays.h"

namespace nb = nanobind;

namespace ponder::python {
namespace {

// The name that a density has, or that of its class.
std::string name_of(const nb::object& density) {
  const auto own = nb::cast<std::string>(density.attr("name"));
  return own.empty() ? nb::cast<std::string>(density.type().attr("__name__")) : own;
}

template <class F>
Array<std::int32_t> column(std::span<const SourceToken> tokens, const F& field) {
  std::vector<std::int32_t> values;
  for (const SourceToken& t : tokens) values.push_back(field(t));
  return array_of(std::move(values));
}

Array<float> matrix(std::span<const float> x, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  return array_of(std::vector<float>(x.begin(), x.end()), {x.size() / width, width});
}

}  // namespace

PythonSource::PythonSource(nb::object density, std::shared_ptr<Raised> raised)
    : density_(std::move(density)),
      raised_(std::move(raised)),
      name_(name_of(density_)),
      n_vocab_(nb::cast<int>(density_.attr("n_vocab"))),
      n_ctx_(nb::cast<int>(density_.attr("n_ctx"))),
      n_embd_(nb::cast<int>(density_.attr("n_embd"))),
      slot_bytes_(nb::cast<std::int64_t>(density_.attr("slot_bytes"))),
      free_bytes_(nb::cast<std::int64_t>(density_.attr("free_bytes"))),
      drift_(nb::cast<double>(density_.attr("drift"))) {
  const nb::module_ module = nb::module_::import_("ponder._density");
  fed_tokens_ = module.attr("FedTokens");
  prefixes_ = module.attr("Prefixes");
  floats_ = module.attr("floats");
}

PythonSource::~PythonSource() {
  const nb::gil_scoped_acquire gil;
  for (nb::object* o : {&density_, &fed_tokens_, &prefixes_, &floats_}) o->reset();
}

template <class F>
Status PythonSource::call(const F& f) const {
  const nb::gil_scoped_acquire gil;
  const InPython here(raised_->in_python);
  try {
    f();
  } catch (nb::python_error& e) {
    return raised_->keep(std::move(e));
  }
  return {};
}

void PythonSource::copy(const char* what, const nb::object& value, int width,
                        std::span<float> out) const {
  const nb::object shape = nb::make_tuple(out.size() / static_cast<std::size_t>(width), width);
  const auto array = nb::cast<nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>>(
      floats_(density_, what, value, shape));
  std::copy_n(array.data(), out.size(), out.begin());
}

Status PythonSource::start(int n_slots) {
  return call([&] { density_.attr("start")(n_slots); });
}

Status PythonSource::feed(std::span<const SourceToken> tokens) {
  return call([&] { density_.attr("feed")(fed(tokens)); });
}

Status PythonSource::logits(std::span<const SourcePrefix> prefixes, std::span<float> out) {
  return call([&] {
    std::vector<std::int32_t> slots;
    nb::list tokens;
    for (const SourcePrefix& p : prefixes) {
      slots.push_back(p.slot);
      tokens.append(array_of(std::vector<std::int32_t>(p.tokens.begin(), p.tokens.end())));
    }
    const nb::object asked = prefixes_(array_of(std::move(slots)), tokens);
    copy("logits", density_.attr("logits")(asked), n_vocab_, out);
  });
}

Status PythonSource::embeddings(std::span<float> out) {
  if (n_embd_ == 0) return LogitSource::embeddings(out);
  return call([&] { copy("embeddings", density_.attr("embeddings")(), n_embd_, out); });
}

Status PythonSource::feed_vectors(std::span<const SourceToken> tokens, std::span<const float> x) {
  if (n_embd_ == 0) return LogitSource::feed_vectors(tokens, x);
  return call([&] { density_.attr("feed_vectors")(fed(tokens), matrix(x, n_embd_)); });
}

Status PythonSource::backward(std::span<const float> dlogits, std::span<float> dx) {
  return call(
      [&] { copy("backward", density_.attr("backward")(matrix(dlogits, n_vocab_)), n_embd_, dx); });
}

nb::object PythonSource::fed(std::span<const SourceToken> tokens) const {
  return fed_tokens_(column(tokens, [](const SourceToken& t) { return t.slot; }),
                     column(tokens, [](const SourceToken& t) { return t.parent; }),
                     column(tokens, [](const SourceToken& t) { return t.position; }),
                     column(tokens, [](const SourceToken& t) { return t.token; }));
}

}  // namespace ponder::python
