// Tokens and templates: what needs no weights.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bindings.h"
#include "ponder/wire.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

Array<Token> tokenize(const Model& m, const std::string& text, bool parse_special) {
  const auto shared = m.opened();
  return array_of(shared->text().tokenizer().encode(text, {.parse_special = parse_special}));
}

nb::bytes detokenize(const Model& m, const std::vector<Token>& ids, bool with_special) {
  const auto shared = m.opened();
  const Status known = shared->text().check_ids(ids, "ids");
  if (!known.ok()) throw Failure(known.error());
  const std::string text = shared->text().tokenizer().decode(ids, with_special);
  return nb::bytes(text.data(), text.size());
}

std::string prompt(const Model& m, const std::string& json) {
  const auto shared = m.opened();
  const auto line = value_of(parse_request(json, shared->text().tokenizer().n_vocab()));
  return to_json(value_of(shared->text().prompt(value_of(prompt_of(line)))));
}

// What `ponder info` says, with the precision and the weights that the model has.
std::string info_of(const Model& m) {
  const auto shared = m.opened();
  return to_json(info(shared->text(), shared->info()));
}

std::string sha256(const Model& m) {
  const auto shared = m.opened();
  const nb::gil_scoped_release free;
  return shared->text().file().sha256();
}

}  // namespace

void bind_text(ModelClass& c) {
  c.def("tokenize", &tokenize, "text"_a, "parse_special"_a)
      .def("detokenize", &detokenize, "ids"_a, "with_special"_a)
      .def("prompt", &prompt, "request"_a)
      .def("info", &info_of)
      .def_prop_ro("n_ctx", [](const Model& m) { return m.opened()->n_ctx(); })
      .def_prop_ro("n_vocab", [](const Model& m) { return m.opened()->info().n_vocab; })
      .def_prop_ro("end_tokens",
                   [](const Model& m) { return m.opened()->text().tokenizer().end_tokens(); })
      .def_prop_ro("path", [](const Model& m) { return m.opened()->text().file().path(); })
      .def_prop_ro("sha256", &sha256);
}

}  // namespace ponder::python
