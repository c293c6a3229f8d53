// Model files with one thing wrong: every metadata value and every tensor of the tiny models
// dropped, of another type, of another size or far out of range. The result is an error with its
// four parts, or a model whose rows are numbers or errors; never a crash, and never more memory
// than the file justifies (the address sanitizer limits it in `asan`).
#include <sys/resource.h>

#include <cmath>
#include <functional>

#include "models.h"
#include "pieces.h"
#include "ponder/model/tokenizer.h"

namespace ponder {
namespace {

using test::array;
using test::Pieces;
using test::raw;
using test::str;
using test::Tensor;
using test::Value;

struct Outcome {
  bool loaded = false;
  Error error;
};

// Opens, describes, loads and runs a file.
Outcome run(const std::string& bytes) {
  Outcome o;
  const auto failed = [&](const Error& e) {
    o.error = e;
    EXPECT_FALSE(e.expected.empty() || e.got.empty() || e.where.empty()) << e.message();
    return o;
  };
  const auto file = GgufFile::parse(
      {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "hostile.gguf");
  if (!file.ok()) return failed(file.error());
  const auto tokenizer = Tokenizer::from_gguf(*file);
  if (!tokenizer.ok()) return failed(tokenizer.error());
  EXPECT_LE((*tokenizer)->decode((*tokenizer)->encode("the river <|im_end|> \xff")).size(), 100u);
  const auto described = Model::describe(**file, {.n_threads = 1});
  const auto model = Model::load(*file, {.precision = Precision::kF32, .n_threads = 1});
  if (!model.ok()) return failed(model.error());
  EXPECT_TRUE(described.ok());
  const auto d = LanguageDensity::make(*model, {.n_ctx = 16, .end_tokens = {}});
  if (!d.ok()) return failed(d.error());
  const std::vector<Token> tokens{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  for (const Draw::Kind kind : {Draw::Kind::kArgmax, Draw::Kind::kInverseCdf, Draw::Kind::kList}) {
    Rows rows;
    const Extend ask{.tokens = tokens,
                     .needs = {.alpha = 2, .lz = true, .draw = {.kind = kind, .u = 0.5}}};
    if (const Status s = (*d)->extend({&ask, 1}, rows); !s.ok()) return failed(s.error());
    if (kind != Draw::Kind::kList) {
      EXPECT_TRUE(rows.rows[0].drawn >= 0 && rows.rows[0].drawn < (*d)->n_vocab());
    }
  }
  o.loaded = true;
  return o;
}

class Hostile : public testing::TestWithParam<std::string> {
 protected:
  Hostile() : file_(*GgufFile::open(test::tiny_path(GetParam()))), good_(*file_) {}
  void TearDown() override {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    EXPECT_LT(u.ru_maxrss, 400 << 10) << "KB, for files of half a megabyte";
  }
  std::shared_ptr<const GgufFile> file_;
  const Pieces good_;
};

TEST_P(Hostile, EveryMetadataValue) {
  ASSERT_TRUE(run(good_.bytes()).loaded);
  const std::vector<std::pair<
      const char*, std::function<void(std::map<std::string, Value>&, const std::string&)>>>
      changes{
          {"dropped", [](auto& m, const std::string& k) { m.erase(k); }},
          {"a string",
           [](auto& m, const std::string& k) {
             m[k] = {8, str("\xff what")};
           }},
          {"zero",
           [](auto& m, const std::string& k) {
             m[k] = {11, raw<std::int64_t>(0)};
           }},
          {"minus one",
           [](auto& m, const std::string& k) {
             m[k] = {11, raw<std::int64_t>(-1)};
           }},
          {"odd",
           [](auto& m, const std::string& k) {
             m[k] = {11, raw<std::int64_t>(7)};
           }},
          {"at the limit",
           [](auto& m, const std::string& k) {
             m[k] = {11, raw<std::int64_t>(1 << 20)};
           }},
          {"large",
           [](auto& m, const std::string& k) {
             m[k] = {11, raw<std::int64_t>(1 << 29)};
           }},
          {"beyond 64 bits",
           [](auto& m, const std::string& k) {
             m[k] = {10, raw<std::uint64_t>(~0ull)};
           }},
          {"tiny fraction",
           [](auto& m, const std::string& k) {
             m[k] = {12, raw(1e-300)};
           }},
          {"huge number",
           [](auto& m, const std::string& k) {
             m[k] = {12, raw(1e300)};
           }},
          {"no number",
           [](auto& m, const std::string& k) {
             m[k] = {12, raw(std::nan(""))};
           }},
          {"empty array",
           [](auto& m, const std::string& k) {
             m[k] = array(8, std::vector<int>{}, [](int) { return ""; });
           }},
          {"numbers",
           [](auto& m, const std::string& k) {
             m[k] = array(4, std::vector<int>(300, 9), [](int i) { return raw(i); });
           }},
          {"strings",
           [](auto& m, const std::string& k) {
             m[k] = array(8, std::vector<int>(300, 9), [](int) { return str("x y"); });
           }},
      };
  int errors = 0;
  for (const auto& [name, unused] : good_.metadata) {
    for (const auto& [what, change] : changes) {
      SCOPED_TRACE(name + " " + what);
      Pieces p = good_;
      change(p.metadata, name);
      errors += !run(p.bytes()).loaded;
    }
  }
  EXPECT_GT(errors, 100);
  // Optional keys that the tiny models do not have.
  const std::string a(*file_->get_string("general.architecture"));
  for (const char* k :
       {"rope.scaling.factor", "rope.scaling.type", "rope.scaling.original_context_length",
        "rope.scaling.attn_factor", "rope.scaling.yarn_beta_fast", "attention.key_length",
        "attention.value_length", "attention.sliding_window_pattern", "final_logit_softcapping"}) {
    for (const auto& [what, change] : changes) {
      SCOPED_TRACE(std::string(k) + " " + what);
      Pieces p = good_;
      p.metadata[a + ".rope.scaling.type"] = {8, str("yarn")};
      change(p.metadata, a + "." + k);
      run(p.bytes());
    }
  }
}

TEST_P(Hostile, EveryTensor) {
  for (std::size_t i = 0; i < good_.tensors.size(); ++i) {
    const auto with = [&](const char* what, const std::function<void(Tensor&)>& change,
                          bool must_fail) {
      SCOPED_TRACE(good_.tensors[i].name + " " + what);
      Pieces p = good_;
      change(p.tensors[i]);
      const Outcome o = run(p.bytes());
      EXPECT_TRUE(!must_fail || !o.loaded);
    };
    with(
        "renamed", [](Tensor& t) { t.name = "nobody.asks.for.me"; }, true);
    with(
        "one row", [](Tensor& t) { t.shape = {t.shape[0]}; }, good_.tensors[i].shape.size() > 1);
    with(
        "three dimensions",
        [](Tensor& t) {
          t.shape.insert(t.shape.begin() + 1, 1);
          t.shape.resize(3, 1);
        },
        true);
    with(
        "half as long", [](Tensor& t) { t.shape[0] /= 2; }, true);
    with(
        "exchanged", [](Tensor& t) { std::reverse(t.shape.begin(), t.shape.end()); },
        good_.tensors[i].shape.front() != good_.tensors[i].shape.back());
    with(
        "half precision", [](Tensor& t) { t.type = 1; }, false);
    with(
        "quantised", [](Tensor& t) { t.type = 8; }, false);
    with(
        "not finite", [](Tensor& t) { std::fill(t.data.begin(), t.data.end(), '\xff'); }, false);
    with(
        "infinite",
        [](Tensor& t) {
          for (std::size_t k = 0; k + 4 <= t.data.size(); k += 4)
            t.data.replace(k, 4, raw(0x7f800000u));
        },
        false);
  }
  Pieces none = good_;
  none.tensors.clear();
  EXPECT_FALSE(run(none.bytes()).loaded);
}

INSTANTIATE_TEST_SUITE_P(Tiny, Hostile, testing::ValuesIn(test::kTiny), test::file_suite_name);

}  // namespace
}  // namespace ponder
