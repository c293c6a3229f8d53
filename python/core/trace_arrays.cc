// Columns and replies of a trace, row after row.
#include "trace_arrays.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include <algorithm>
#include <cstdint>

#include "arrays.h"

namespace nb = nanobind;

namespace ponder::python {
namespace {

template <class T>
nb::object column_array(const Column& c) {
  std::vector<T> all;
  for (const auto& chain : c.chains)
    for (const double x : chain) all.push_back(static_cast<T>(x));
  const std::size_t n = c.chains.size();
  const std::size_t draws = n == 0 ? 0 : c.chains[0].size();
  return nb::cast(array_of(std::move(all), {n, draws}));
}

nb::dict columns_dict(const std::vector<Column>& columns, nb::dict& descriptions) {
  nb::dict d;
  for (const Column& c : columns) {
    d[c.name.c_str()] = c.integer ? column_array<std::int64_t>(c) : column_array<double>(c);
    if (!c.description.empty()) descriptions[c.name.c_str()] = c.description;
  }
  return d;
}

}  // namespace

nb::dict trace_dict(const Trace& t) {
  const std::size_t chains = t.replies.size(), draws = chains == 0 ? 0 : t.replies[0].size();
  std::size_t longest = 0;
  for (const auto& chain : t.replies)
    for (const auto& reply : chain) longest = std::max(longest, reply.size());
  std::vector<std::int32_t> tokens(chains * draws * longest, -1);
  std::vector<std::int64_t> length;
  auto at = tokens.begin();
  for (const auto& chain : t.replies)
    for (const auto& reply : chain) {
      std::copy(reply.begin(), reply.end(), at);
      at += static_cast<std::ptrdiff_t>(longest);
      length.push_back(static_cast<std::int64_t>(reply.size()));
    }
  nb::dict d, descriptions, attributes;
  d["tokens"] = array_of(std::move(tokens), {chains, draws, longest});
  d["length"] = array_of(std::move(length), {chains, draws});
  d["posterior"] = columns_dict(t.posterior, descriptions);
  d["sample_stats"] = columns_dict(t.sample_stats, descriptions);
  for (const auto& [name, value] : t.attributes) attributes[name.c_str()] = value;
  d["descriptions"] = descriptions;
  d["attributes"] = attributes;
  return d;
}

}  // namespace ponder::python
