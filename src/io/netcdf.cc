// The file is made in memory, where the only failure is a lack of memory, and written by
// replace_file.
#include "ponder/core/files.h"

#include <fmt/chrono.h>
#include <netcdf.h>
#include <netcdf_mem.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <numeric>
#include <utility>

#include "ponder/core/files.h"
#include "ponder/core/version.h"

namespace ponder {
namespace {

std::string shape_text(std::size_t chains, std::size_t draws) {
  return std::to_string(chains) + " chains of " + std::to_string(draws) + " draws";
}

template <class T>
Status check_shape(const std::vector<std::vector<T>>& chains, const std::string& name,
                   std::size_t n, std::size_t draws) {
  for (const auto& chain : chains)
    if (chains.size() != n || chain.size() != draws)
      return Error{Code::kInvalid, shape_text(n, draws), shape_text(chains.size(), chain.size()),
                   name, ""};
  return {};
}

Status check(const Trace& t) {
  if (t.replies.empty() || t.replies[0].empty())
    return Error{Code::kInvalid, "a trace of at least one draw", "an empty one", "trace",
                 "draw first"};
  const std::size_t n = t.replies.size(), draws = t.replies[0].size();
  PONDER_TRY(check_shape(t.replies, "replies", n, draws));
  for (const auto* group : {&t.posterior, &t.sample_stats})
    for (const Column& c : *group) {
      if (c.chains.empty()) return Error{Code::kInvalid, shape_text(n, draws), "none", c.name, ""};
      PONDER_TRY(check_shape(c.chains, c.name, n, draws));
    }
  return {};
}

// The C interface. The first error is kept, and later calls do nothing.
class File {
 public:
  File() { run(nc_create_mem("trace", NC_NETCDF4, 0, &id_), "file"); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (id_ >= 0) nc_abort(id_);
  }

  int id() const { return id_; }
  bool ok() const { return code_ == NC_NOERR; }
  void run(int code, const std::string& where) {
    if (!ok() || code == NC_NOERR) return;
    code_ = code;
    where_ = where;
  }
  Status status() const {
    if (ok()) return {};
    const Code code = code_ == NC_ENOMEM || code_ == NC_EHDFERR ? Code::kResource : Code::kInvalid;
    return Error{code, "to lay out the trace as NetCDF", nc_strerror(code_), where_, ""};
  }
  /// Closes the file in memory and writes it.
  Status write(const std::string& path) {
    NC_memio image{};
    if (ok()) run(nc_close_memio(std::exchange(id_, -1), &image), "file");
    PONDER_TRY(status());
    const std::unique_ptr<void, decltype(&std::free)> memory(image.memory, &std::free);
    return replace_file(path, {static_cast<const char*>(memory.get()), image.size});
  }

 private:
  int id_ = -1, code_ = NC_NOERR;
  std::string where_;
};

using Attributes = decltype(Trace::attributes);

Attributes all_attributes(const Trace& t) {
  Attributes a = t.attributes;
  a["created_at"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00", fmt::gmtime(std::time(nullptr)));
  a["creation_library"] = a["inference_library"] = "ponder";
  a["creation_library_version"] = a["inference_library_version"] = std::string(kVersion);
  a["creation_library_language"] = "C++";
  return a;
}

// Writes text as NC_STRING, which is UTF-8: the file declares NC_CHAR as ASCII, and h5netcdf reads
// it as such.
void put_text(File& f, int group, int variable, const char* name, const std::string& text) {
  const char* s = text.c_str();
  f.run(nc_put_att_string(group, variable, name, 1, &s), name);
}

void put_attributes(File& f, int group, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (const auto* text = std::get_if<std::string>(&value))
      put_text(f, group, NC_GLOBAL, name.c_str(), *text);
    if (const auto* x = std::get_if<double>(&value))
      f.run(nc_put_att_double(group, NC_GLOBAL, name.c_str(), NC_DOUBLE, 1, x), name);
    if (const auto* n = std::get_if<std::uint64_t>(&value)) {
      const unsigned long long count = *n;
      f.run(nc_put_att_ulonglong(group, NC_GLOBAL, name.c_str(), NC_UINT64, 1, &count), name);
    }
  }
}

// Adds a dimension, and the coordinate variable 0, 1, … of the same name.
int put_dimension(File& f, int group, const char* name, std::size_t size) {
  int dimension = -1, variable = -1;
  std::vector<long long> coordinate(size);
  std::iota(coordinate.begin(), coordinate.end(), 0);
  f.run(nc_def_dim(group, name, size, &dimension), name);
  f.run(nc_def_var(group, name, NC_INT64, 1, &dimension, &variable), name);
  f.run(nc_put_var_longlong(group, variable, coordinate.data()), name);
  return dimension;
}

struct Group {
  int id, chain, draw;  // dimensions
};

Group put_group(File& f, const char* name, const Trace& t, const Attributes& attributes) {
  Group g{};
  f.run(nc_def_grp(f.id(), name, &g.id), name);
  put_attributes(f, g.id, attributes);
  g.chain = put_dimension(f, g.id, "chain", t.replies.size());
  g.draw = put_dimension(f, g.id, "draw", t.replies[0].size());
  return g;
}

void put_column(File& f, const Group& g, const Column& c) {
  const std::array<int, 2> dimensions{g.chain, g.draw};
  int variable = -1;
  f.run(nc_def_var(g.id, c.name.c_str(), c.integer ? NC_INT64 : NC_DOUBLE, 2, dimensions.data(),
                   &variable),
        c.name);
  if (!c.description.empty()) put_text(f, g.id, variable, "long_name", c.description);
  for (std::size_t k = 0; k < c.chains.size() && f.ok(); ++k) {
    const std::array<std::size_t, 2> start{k, 0}, count{1, c.chains[k].size()};
    f.run(nc_put_vara_double(g.id, variable, start.data(), count.data(), c.chains[k].data()),
          c.name);
  }
}

Column length_column(const Trace& t) {
  Column c{
      .name = "length", .description = "tokens of the reply, end token included", .integer = true};
  for (const auto& chain : t.replies) {
    auto& lengths = c.chains.emplace_back();
    for (const auto& reply : chain) lengths.push_back(static_cast<double>(reply.size()));
  }
  return c;
}

void put_tokens(File& f, const Group& g, const Trace& t) {
  constexpr std::size_t kChunkBytes = 1 << 20;
  constexpr Token kPadding = -1;
  const std::size_t draws = t.replies[0].size();
  std::size_t longest = 1;
  for (const auto& chain : t.replies)
    for (const auto& reply : chain) longest = std::max(longest, reply.size());
  const std::array<int, 3> dimensions{g.chain, g.draw, put_dimension(f, g.id, "token", longest)};
  int variable = -1;
  f.run(nc_def_var(g.id, "tokens", NC_INT, 3, dimensions.data(), &variable), "tokens");
  put_text(f, g.id, variable, "long_name", "token ids of the reply, -1 after its end");
  // Compressed because of the padding, and in chunks of one chain, since chains are written one
  // after the other.
  const std::array<std::size_t, 3> chunk{
      1, std::clamp(kChunkBytes / sizeof(Token) / longest, std::size_t{1}, draws), longest};
  f.run(nc_def_var_chunking(g.id, variable, NC_CHUNKED, chunk.data()), "tokens");
  f.run(nc_def_var_deflate(g.id, variable, 1, 1, 1), "tokens");
  for (std::size_t k = 0; k < t.replies.size() && f.ok(); ++k) {
    std::vector<Token> rows(draws * longest, kPadding);  // (draws, longest)
    for (std::size_t d = 0; d < draws; ++d)
      std::copy(t.replies[k][d].begin(), t.replies[k][d].end(),
                rows.begin() + static_cast<std::ptrdiff_t>(d * longest));
    const std::array<std::size_t, 3> start{k, 0, 0}, count{1, draws, longest};
    f.run(nc_put_vara_int(g.id, variable, start.data(), count.data(), rows.data()), "tokens");
  }
}

}  // namespace

Status write_netcdf(const Trace& t, const std::string& path) {
  PONDER_TRY(check(t));
  File f;
  const Attributes attributes = all_attributes(t);
  put_attributes(f, f.id(), attributes);
  const Group posterior = put_group(f, "posterior", t, attributes);
  put_tokens(f, posterior, t);
  put_column(f, posterior, length_column(t));
  for (const Column& c : t.posterior) put_column(f, posterior, c);
  const Group stats = put_group(f, "sample_stats", t, attributes);
  for (const Column& c : t.sample_stats) put_column(f, stats, c);
  return f.write(path);
}

}  // namespace ponder
