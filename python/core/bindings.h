// What each source of the module adds to it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/typing.h>

#include "model.h"

namespace ponder::python {

using ModelClass = nanobind::class_<Model>;
/// As the stubs know them.
using Dict = nanobind::typed<nanobind::dict, nanobind::str, nanobind::any>;
using Dicts = nanobind::typed<nanobind::list, Dict>;

void bind_requests(ModelClass&);  // one JSON object in, one out
void bind_numbers(ModelClass&);   // scores, gradients, draws and landscapes, with their arrays
void bind_text(ModelClass&);      // tokens, templates, what the file says
void bind_stream(nanobind::module_&, ModelClass&);
void bind_design(nanobind::module_&);
void bind_catalog(nanobind::module_&);

}  // namespace ponder::python
