// Reads the file back with libnetcdf; arviz_test.py opens it with ArviZ.
#include "ponder/core/files.h"

#include <gtest/gtest.h>
#include <netcdf.h>

#include <limits>

#include "folder.h"
#include "sample_trace.h"

namespace ponder {
namespace {

// A group of a file, open for reading.
class Group {
 public:
  Group(const std::string& path, const char* name) {
    EXPECT_EQ(nc_open(path.c_str(), NC_NOWRITE, &file_), NC_NOERR);
    EXPECT_EQ(nc_inq_grp_ncid(file_, name, &group_), NC_NOERR);
  }
  ~Group() { nc_close(file_); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int variable(const std::string& name) const {
    int id = -1;
    EXPECT_EQ(nc_inq_varid(group_, name.c_str(), &id), NC_NOERR) << name;
    return id;
  }
  nc_type type(const std::string& name) const {
    nc_type t = 0;
    nc_inq_vartype(group_, variable(name), &t);
    return t;
  }
  // "chain 3, draw 40"
  std::string shape(const std::string& name) const {
    int n = 0, dimensions[NC_MAX_VAR_DIMS];
    nc_inq_var(group_, variable(name), nullptr, nullptr, &n, dimensions, nullptr);
    std::string s;
    for (int i = 0; i < n; ++i) {
      char label[NC_MAX_NAME + 1];
      std::size_t size = 0;
      nc_inq_dim(group_, dimensions[i], label, &size);
      s += (s.empty() ? "" : ", ") + std::string(label) + " " + std::to_string(size);
    }
    return s;
  }
  std::vector<double> values(const std::string& name, std::size_t n) const {
    std::vector<double> v(n);
    EXPECT_EQ(nc_get_var_double(group_, variable(name), v.data()), NC_NOERR) << name;
    return v;
  }
  std::string text(const std::string& variable_name, const char* attribute) const {
    const int v = variable_name.empty() ? NC_GLOBAL : variable(variable_name);
    char* s = nullptr;
    EXPECT_EQ(nc_get_att_string(group_, v, attribute, &s), NC_NOERR) << attribute;
    const std::string copy = s == nullptr ? "" : s;
    nc_free_string(1, &s);
    return copy;
  }
  int id() const { return group_; }

 private:
  int file_ = -1, group_ = -1;
};

std::vector<double> joined(const Column& c) {
  std::vector<double> all;
  for (const auto& chain : c.chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

TEST(NetCdf, ReadsBack) {
  const Folder folder;
  const Trace t = sample_trace();
  const auto written = write_netcdf(t, folder / "run.nc");
  ASSERT_TRUE(written.ok()) << written.error().message();
  const Group posterior(folder / "run.nc", "posterior"), stats(folder / "run.nc", "sample_stats");
  EXPECT_EQ(posterior.shape("tokens"), "chain 3, draw 40, token 7");
  EXPECT_EQ(posterior.type("tokens"), NC_INT);
  const auto tokens = posterior.values("tokens", 3 * 40 * 7),
             lengths = posterior.values("length", 3 * 40);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t d = 0; d < 40; ++d) {
      const auto& reply = t.replies[c][d];
      EXPECT_EQ(lengths[c * 40 + d], static_cast<double>(reply.size()));
      for (std::size_t i = 0; i < 7; ++i)
        EXPECT_EQ(tokens[(c * 40 + d) * 7 + i], i < reply.size() ? reply[i] : -1);
    }
  EXPECT_EQ(posterior.shape("logprob"), "chain 3, draw 40");
  EXPECT_EQ(posterior.type("logprob"), NC_DOUBLE);
  EXPECT_EQ(posterior.values("logprob", 120), joined(t.posterior[0]));
  EXPECT_EQ(posterior.text("logprob", "long_name"), "log p of the reply, nats");
  EXPECT_EQ(posterior.type("length"), NC_INT64);
  EXPECT_EQ(stats.type("tries"), NC_INT64);
  for (const Column& column : t.sample_stats)
    EXPECT_EQ(stats.values(column.name, 120), joined(column));
  for (const Group* g : {&posterior, &stats}) {
    EXPECT_EQ(g->values("chain", 3), (std::vector<double>{0, 1, 2}));
    EXPECT_EQ(g->values("draw", 40)[39], 39);
    EXPECT_EQ(g->text("", "model"), "toy, ü");
    EXPECT_EQ(g->text("", "inference_library"), "ponder");
    EXPECT_EQ(g->text("", "created_at").substr(10, 1), "T");
    unsigned long long seed = 0;
    EXPECT_EQ(nc_get_att_ulonglong(g->id(), NC_GLOBAL, "seed", &seed), NC_NOERR);
    EXPECT_EQ(seed, 1ULL << 63);
  }
}

TEST(NetCdf, ValuesAsTheyAre) {
  const Folder folder;
  Trace t = sample_trace();
  t.replies = {{{}, {}}};  // replies of no tokens
  t.posterior = {
      {.name = "x", .chains = {{-std::numeric_limits<double>::infinity(), 0x1.fffffffffffffp-2}}}};
  t.sample_stats = {};
  ASSERT_TRUE(write_netcdf(t, folder / "run.nc").ok());
  const Group posterior(folder / "run.nc", "posterior");
  EXPECT_EQ(posterior.shape("tokens"), "chain 1, draw 2, token 1");
  EXPECT_EQ(posterior.values("tokens", 2), (std::vector<double>{-1, -1}));
  EXPECT_EQ(posterior.values("x", 2), t.posterior[0].chains[0]);
}

void fails(const Trace& t, const std::string& part, const std::string& where) {
  const Folder folder;
  write_all(folder / "run.nc", "old");
  const Status s = write_netcdf(t, folder / "run.nc");
  ASSERT_FALSE(s.ok()) << part;
  EXPECT_EQ(s.error().code, Code::kInvalid);
  EXPECT_NE(s.error().message().find(part), std::string::npos) << s.error().message();
  EXPECT_EQ(s.error().where, where);
  EXPECT_EQ(read_all(folder / "run.nc"), "old");
  EXPECT_EQ(folder.n_files(), 1);
}

TEST(NetCdf, Errors) {
  fails({}, "at least one draw", "trace");
  Trace t;
  t.replies = {{}, {}};
  fails(t, "at least one draw", "trace");
  t = sample_trace();
  t.posterior[0].chains[2].pop_back();
  fails(t, "expected 3 chains of 40 draws, got 3 chains of 39 draws", "logprob");
  t = sample_trace();
  t.replies.pop_back();
  fails(t, "expected 2 chains of 40 draws, got 3 chains of 40 draws", "logprob");
  t = sample_trace();
  t.sample_stats[1].chains.clear();
  fails(t, "got none", "lp");
  t = sample_trace();
  t.replies[1].push_back({});
  fails(t, "got 3 chains of 41 draws", "replies");
  t = sample_trace();
  t.sample_stats[1].name = "tries";
  fails(t, "name in use", "tries");
  t.sample_stats[1].name = "draw";
  fails(t, "name in use", "draw");
  t.sample_stats[1].name = "a/b";
  fails(t, "illegal characters", "a/b");
  t = sample_trace();
  t.attributes["a/b"] = t.attributes["c/d"] = 1.0;
  fails(t, "illegal characters", "a/b");  // the first error, not the last
  const Folder folder;
  const Status s = write_netcdf(sample_trace(), folder / "missing/run.nc");
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kIo);
}

}  // namespace
}  // namespace ponder
