// The module ponder._core: the public C++ interface as the files of python/ponder use it. Whoever
// writes Python uses those; what is here may change.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "ponder/core/spelling.h"
#include "ponder/core/version.h"
#include "source.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

Result<Precision> precision_of(const std::string& name) {
  for (const Precision p : {Precision::kAuto, Precision::kF32, Precision::kBF16})
    if (to_string(p) == name) return p;
  return invalid("auto, f32 or bf16", "'" + name + "'", "precision");
}

Result<std::shared_ptr<SharedSession>> open_shared(const std::string& path,
                                                   const std::string& chat_template,
                                                   const std::string& precision,
                                                   const std::string& weights, int n_ctx,
                                                   int threads) {
  SessionOptions o{.n_ctx = n_ctx};
  PONDER_ASSIGN(o.model.precision, precision_of(precision));
  const auto form = parse_weight_form(weights);
  if (!form) return invalid("auto, packed, lean or quantised", "'" + weights + "'", "weights");
  o.model.weights = *form;
  o.model.n_threads = threads;
  if (threads < 0) return invalid("a number from 1, or 0", std::to_string(threads), "threads");
  PONDER_ASSIGN(auto text, TextModel::open(path, chat_template));
  return SharedSession::open(std::move(text), o);
}

void check_context(int n_ctx) {
  if (n_ctx >= 0) return;
  throw Failure(invalid("a number of tokens from 1, or 0", std::to_string(n_ctx), "n_ctx"));
}

std::unique_ptr<Model> open_model(const std::string& path, const std::string& chat_template,
                                  const std::string& precision, const std::string& weights,
                                  int n_ctx, int threads) {
  check_context(n_ctx);
  Flags flags;
  std::optional<Result<std::shared_ptr<SharedSession>>> shared;
  run(flags, false, [&] {
    shared.emplace(open_shared(path, chat_template, precision, weights, n_ctx, threads));
  });
  return std::make_unique<Model>(value_of(std::move(*shared)));
}

// The vocabulary and the chat template are a file's, the numbers those of the density.
std::unique_ptr<Model> open_density(const std::string& path, const std::string& chat_template,
                                    nb::object density, int n_ctx) {
  check_context(n_ctx);
  const auto raised = std::make_shared<Raised>();
  const auto source = std::make_shared<PythonSource>(std::move(density), raised);
  Flags flags;
  flags.density = raised;
  std::optional<Result<std::shared_ptr<SharedSession>>> shared;
  run(flags, false, [&]() {
    const auto text = TextModel::open(path, chat_template);
    shared.emplace(text.ok() ? SharedSession::over(source, **text, {.n_ctx = n_ctx})
                             : text.error());
  });
  if (raised->last()) throw nb::python_error(*raised->last());
  return std::make_unique<Model>(value_of(std::move(*shared)), raised);
}

}  // namespace
}  // namespace ponder::python

NB_MODULE(_core, m) {
  using namespace ponder::python;
  m.doc() = "The C++ library, for the files of the package ponder.";
  m.attr("version") = nb::str(ponder::kVersion.data(), ponder::kVersion.size());
  m.def("nearest", &ponder::nearest, "word"_a, "candidates"_a, "most"_a);
  m.attr("ASK_CHOICE") = nb::str(ponder::kAskChoice.data(), ponder::kAskChoice.size());
  m.attr("ASK_SCORE") = nb::str(ponder::kAskScore.data(), ponder::kAskScore.size());
  translate_failures();
  ModelClass model(m, "Model");
  model.def("close", &Model::close).def_prop_ro("closed", &Model::closed);
  m.def("open_model", &open_model, "path"_a, "chat_template"_a, "precision"_a, "weights"_a,
        "n_ctx"_a, "threads"_a);
  m.def("open_density", &open_density, "path"_a, "chat_template"_a, "density"_a, "n_ctx"_a);
  bind_requests(model);
  bind_numbers(model);
  bind_text(model);
  bind_stream(m, model);
  bind_design(m);
  bind_catalog(m);
}
