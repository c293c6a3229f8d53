// The catalogue of models: each layout of folders as its program makes it, names and what they
// mean, what headers say, and folders with trouble in them.
#include "ponder/model/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "catalog/stores.h"
#include "gguf/bytes.h"
#include "io/folder.h"
#include "must.h"

namespace ponder {
namespace {

namespace fs = std::filesystem;

std::string tiny(const std::string& name) {
  return std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name + "/model.gguf";
}

// A folder of models that tests fill.
class Models : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& bytes) {
    const fs::path path = dir_ / name;
    fs::create_directories(path.parent_path());
    write_all(path.string(), bytes);
    return path.string();
  }
  std::string put_model(const std::string& name, const std::string& model = "llama-tied") {
    return put(name, read_all(tiny(model)));
  }
  void link(const std::string& name, const std::string& target) {
    const fs::path path = dir_ / name;
    fs::create_directories(path.parent_path());
    fs::create_symlink(target, path);
  }
  Catalog find(ModelStore store, const std::string& below = "") {
    return find_models(std::vector<ModelFolder>{{store, dir_ / below}});
  }
  static std::vector<std::string> names(const Catalog& c) {
    std::vector<std::string> all;
    for (const StoredModel& m : c.models) all.push_back(m.name);
    return all;
  }
  using Names = std::vector<std::string>;
  Folder dir_;
};

TEST_F(Models, OfTheHub) {
  const std::string repo = "hub/models--org--Small-Model-GGUF/";
  put_model(repo + "blobs/aa");
  put_model(repo + "blobs/bb", "qwen2");
  put(repo + "refs/main", "rev2");
  link(repo + "snapshots/rev1/small-q4_k_m.gguf", "../../blobs/aa");
  link(repo + "snapshots/rev2/small-q4_k_m.gguf", "../../blobs/bb");
  link(repo + "snapshots/rev1/sub/small-Q8_0.gguf", "../../../blobs/aa");
  put(repo + "snapshots/rev2/README.md", "text");
  put_model(repo + "snapshots/rev2/mmproj-F16.gguf");
  put_model("hub/datasets--org--set/snapshots/r/x.gguf");
  const Catalog c = find(ModelStore::kHub, "hub");
  EXPECT_EQ(names(c), (Names{"org/Small-Model-GGUF:Q4_K_M", "org/Small-Model-GGUF:Q8_0"}));
  EXPECT_NE(c.models[0].path.find("/rev2/"), std::string::npos) << "not the main revision";
  EXPECT_EQ(summarize(c.models[0]).architecture, "qwen2");
  EXPECT_EQ(summarize(c.models[1]).architecture, "llama");
  EXPECT_EQ(c.models[0].n_bytes, fs::file_size(tiny("qwen2")));
  EXPECT_TRUE(c.notes.empty());
}

TEST_F(Models, OfLlamaCpp) {
  put_model("org_Small_GGUF_small-q8_0.gguf");
  put("manifest=org=Small_GGUF=latest.json", "{}");
  put_model("alone.gguf", "gpt2");
  put_model("half.gguf.downloadInProgress");
  const Catalog c = find(ModelStore::kLlamaCpp);
  EXPECT_EQ(names(c), (Names{"alone", "org/Small_GGUF:Q8_0"}));
  EXPECT_EQ(c.models[1].file, "small-q8_0");
}

TEST_F(Models, OfLmStudio) {
  put_model("org/name/name-IQ2_XS.gguf");
  put_model("loose.gguf", "qwen3");
  EXPECT_EQ(names(find(ModelStore::kLmStudio)), (Names{"loose", "org/name:IQ2_XS"}));
}

TEST_F(Models, OfOllama) {
  const auto manifest = [](const std::string& digest) {
    return R"({"layers":[{"mediaType":"application/vnd.ollama.image.template","digest":"sha256:00"},)"
           R"({"mediaType":"application/vnd.ollama.image.model","digest":")" +
           digest + R"("}]})";
  };
  put_model("blobs/sha256-0a1b");
  for (const char* name : {"host/library/small/latest", "host/library/small/1b-q4_K_M",
                           "host/user/own/latest", "other/org/name/Q8_0"})
    put(std::string("manifests/") + name, manifest("sha256:0a1b"));
  put("manifests/host/library/gone/latest", manifest("sha256:ffff"));
  put_model("blobs/sha256-../x");  // so that the path of the next digest would lead to a file
  put_model("blobs/secret");
  put("manifests/host/library/out/latest", manifest("sha256:../../secret"));
  put("manifests/host/library/bad/latest", "{\"layers\":[7,{}]}");
  put("manifests/host/library/worse/latest", std::string(100000, '['));
  const Catalog c = find(ModelStore::kOllama);
  EXPECT_EQ(names(c),
            (Names{"org/name:Q8_0", "small:1b-q4_K_M", "small:latest", "user/own:latest"}));
  EXPECT_EQ(c.notes.size(), 4u);
  EXPECT_EQ(summarize(c.models[1]).quantisation, "Q4_K_M");
  EXPECT_EQ(summarize(c.models[2]).quantisation, "F32");
}

TEST_F(Models, SplitFilesAreOneModel) {
  test::GgufBytes a, b;
  a.add_key(test::key("general.architecture", 8, test::str("llama")));
  a.add_key(test::key("split.count", 2, test::raw<std::uint16_t>(2)));
  b.add_key(test::key("split.no", 2, test::raw<std::uint16_t>(1)));
  put("org/name/big-Q8_0-00001-of-00002.gguf", a.bytes());
  const std::string second = put("org/name/big-Q8_0-00002-of-00002.gguf", b.bytes());
  Catalog c = find(ModelStore::kLmStudio);
  ASSERT_EQ(names(c), (Names{"org/name:Q8_0"}));
  EXPECT_EQ(c.models[0].n_parts, 2);
  EXPECT_EQ(c.models[0].n_bytes, a.bytes().size() + b.bytes().size());
  EXPECT_EQ(c.models[0].file, "big-Q8_0");
  fs::remove(second);
  c = find(ModelStore::kLmStudio);
  ASSERT_EQ(c.models.size(), 1u);
  EXPECT_NE(summarize(c.models[0]).refusal->message().find("part 2 of 2"), std::string::npos);
}

TEST_F(Models, NamesThatTwoModelsWouldHave) {
  put_model("a/org/name/x-Q8_0.gguf");
  put_model("a/org/name/y-Q8_0.gguf", "gpt2");
  put_model("a/Org/Same/z-Q4_0.gguf");
  const std::string other = put_model("b/org/same/z-q4_0.gguf");
  const Catalog c = find_models(std::vector<ModelFolder>{{ModelStore::kLmStudio, dir_ / "a"},
                                                         {ModelStore::kLmStudio, dir_ / "b"}});
  EXPECT_EQ(names(c),
            (Names{dir_ / "a/Org/Same/z-Q4_0.gguf", other, "org/name:x-Q8_0", "org/name:y-Q8_0"}));
  EXPECT_EQ(choose_model(c, "org/same").error().code, Code::kInvalid);
  EXPECT_EQ(test::must(choose_model(c, other)).path, other);
}

Catalog some_models() {
  Catalog c;
  const auto add = [&](const std::string& repository, const std::string& tag,
                       const std::string& file) {
    StoredModel m{.repository = repository, .tag = tag, .file = file};
    m.name = repository.empty() ? file : repository + ":" + tag;
    m.path = "/models/" + file + ".gguf";
    c.models.push_back(m);
  };
  add("ab/Llama-3.2-1B-GGUF", "Q4_K_M", "Llama-3.2-1B-Q4_K_M");
  add("ab/Llama-3.2-1B-GGUF", "Q8_0", "Llama-3.2-1B-Q8_0");
  add("cd/Qwen3-0.6B-GGUF", "Q8_0", "Qwen3-0.6B-Q8_0");
  add("", "Q4_1", "SmolLM2-135M-Instruct.Q4_1");
  return c;
}

TEST(ModelNames, MeanOneModel) {
  const Catalog c = some_models();
  for (const auto& [said, file] : {std::pair{"ab/Llama-3.2-1B-GGUF:Q4_K_M", "Llama-3.2-1B-Q4_K_M"},
                                   {"AB/llama-3.2-1b-gguf:q8_0", "Llama-3.2-1B-Q8_0"},
                                   {"Llama-3.2-1B-GGUF:q8_0", "Llama-3.2-1B-Q8_0"},
                                   {"Llama-3.2-1B-Q8_0", "Llama-3.2-1B-Q8_0"},
                                   {"Llama-3.2-1B-Q8_0.gguf", "Llama-3.2-1B-Q8_0"},
                                   {"cd/qwen3-0.6b-gguf", "Qwen3-0.6B-Q8_0"},
                                   {"qwen3-0.6b", "Qwen3-0.6B-Q8_0"},
                                   {"smollm2-135m-instruct:q4_1", "SmolLM2-135M-Instruct.Q4_1"},
                                   {"smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1"}}) {
    const auto m = choose_model(c, said);
    ASSERT_TRUE(m.ok()) << said << ": " << m.error().message();
    EXPECT_EQ(m->file, file) << said;
  }
}

TEST(ModelNames, ThatMeanSeveralOrNone) {
  const Catalog c = some_models();
  for (const char* said : {"Llama-3.2-1B-GGUF", "ab/llama-3.2-1b-gguf", "llama-3.2-1b"}) {
    const auto m = choose_model(c, said);
    ASSERT_FALSE(m.ok()) << said;
    EXPECT_EQ(m.error().code, Code::kInvalid);
    EXPECT_NE(m.error().hint.find("GGUF:Q4_K_M, ab/Llama-3.2-1B-GGUF:Q8_0"), std::string::npos)
        << m.error().hint;
  }
  const auto hint = [&](const char* said) {
    const auto m = choose_model(c, said);
    EXPECT_FALSE(m.ok()) << said;
    EXPECT_EQ(m.error().code, Code::kNotFound) << said;
    return m.error().hint;
  };
  EXPECT_NE(hint("cd/Qwen3-0.6B-GGUF:Q2_K").find("near: cd/Qwen3-0.6B-GGUF:Q8_0;"),
            std::string::npos);
  EXPECT_NE(hint("qwem3-0.6b-ggu").find("near: cd/Qwen3-0.6B-GGUF:Q8_0;"), std::string::npos);
  EXPECT_NE(hint("smol").find("near: SmolLM2-135M-Instruct.Q4_1;"), std::string::npos);
  EXPECT_EQ(hint("xyzzy").find("near"), std::string::npos);
  EXPECT_NE(hint("org/New-GGUF:IQ2_M").find("hf download org/New-GGUF --include \"*IQ2_M.gguf\""),
            std::string::npos);
  EXPECT_NE(hint("org/New-GGUF").find("hf download org/New-GGUF --include \"*Q4_K_M.gguf\""),
            std::string::npos);
  // what a shell would read is not repeated as a command
  for (const char* said : {"xyzzy", "a/b;rm", "a/b:$(x)"})
    EXPECT_NE(hint(said).find("hf download ORG/NAME "), std::string::npos) << said;
  EXPECT_FALSE(choose_model({}, "a").ok());
}

TEST(ModelNames, QuantisationInAFilesName) {
  for (const auto& [file, tag] : {std::pair{"Llama-3.2-1B-Instruct-Q4_K_M", "Q4_K_M"},
                                  {"small.q4_1", "Q4_1"},
                                  {"tinyllama_q4_0", "Q4_0"},
                                  {"model-UD-IQ2_XXS", "UD-IQ2_XXS"},
                                  {"bitnet-TQ1_0", "TQ1_0"},
                                  {"gpt-oss-20b-MXFP4", "MXFP4"},
                                  {"gemma-BF16", "BF16"},
                                  {"Q4_0-of-q8_0", "Q8_0"},
                                  {"qwen2-7b", ""},
                                  {"faq4", ""},
                                  {"", ""}})
    EXPECT_EQ(catalog::quantisation_in(file), tag) << file;
}

TEST_F(Models, WhatHeadersSay) {
  const auto summary = [&](const std::string& name) {
    const Catalog c = find(ModelStore::kPonder);
    return summarize(test::must(choose_model(c, name)));
  };
  put_model("good.gguf");
  EXPECT_FALSE(summary("good").refusal);
  EXPECT_EQ(summary("good").quantisation, "F32");
  EXPECT_GT(summary("good").n_parameters, 60000);

  test::GgufBytes g;
  g.add_key(test::key("general.architecture", 8, test::str("foo9")));
  g.add_tensor(test::tensor("a", {8, 4}, 0, 0)).data = std::string(128, '\1');
  put("arch-Q8_0.gguf", g.bytes());
  EXPECT_EQ(summary("arch").architecture, "foo9");
  EXPECT_EQ(summary("arch").n_parameters, 32);
  EXPECT_EQ(summary("arch").quantisation, "Q8_0");
  EXPECT_EQ(summary("arch").refusal->got, "'foo9'");
  g.add_tensor(test::tensor("b", {64, 4}, 99, 128));
  put("type.gguf", g.bytes());
  EXPECT_EQ(summary("type").architecture, "foo9");
  EXPECT_EQ(summary("type").n_parameters, 288);
  EXPECT_EQ(summary("type").quantisation, "type 99");
  EXPECT_EQ(summary("type").refusal->got, "type 99");

  std::string pre = read_all(tiny("llama-tied"));
  pre.replace(pre.find("smollm"), 6, "foobar");
  put("pre.gguf", pre);
  EXPECT_EQ(summary("pre").refusal->got, "'foobar'");
  const std::string whole = read_all(tiny("llama-tied"));
  put("cut.gguf", whole.substr(0, whole.size() - 100));
  EXPECT_EQ(summary("cut").architecture, "llama");
  EXPECT_EQ(summary("cut").refusal->code, Code::kInvalid);
  put("html.gguf", "<!DOCTYPE html>");
  EXPECT_NE(summary("html").refusal->got.find("a web page"), std::string::npos);
  EXPECT_EQ(summary("html").architecture, "");
  put("empty.gguf", "");
  EXPECT_TRUE(summary("empty").refusal);
}

TEST_F(Models, TroubleIsANote) {
  put_model("org/name/a-Q8_0.gguf");
  link("org/name/gone-Q8_0.gguf", "nowhere");
  link("org/name/loop.gguf", "loop.gguf");
  link("org/name/up", "..");
  link("org/name/top", dir_ / "");
  put("file", "no folder");
  put("refs", "no folder");
  Catalog c = find(ModelStore::kLmStudio);
  EXPECT_EQ(names(c), (Names{"org/name:Q8_0"}));
  EXPECT_EQ(c.notes.size(), 2u);
  c = find(ModelStore::kLmStudio, "file");
  EXPECT_TRUE(c.models.empty());
  EXPECT_EQ(c.notes.size(), 1u);
  for (const ModelStore store : {ModelStore::kPonder, ModelStore::kHub, ModelStore::kLlamaCpp,
                                 ModelStore::kLmStudio, ModelStore::kOllama}) {
    c = find(store, "none/at/all");
    EXPECT_TRUE(c.models.empty() && c.notes.empty()) << to_string(store);
  }
}

// Root may read everything: while this lives, the program reads as nobody.
class Unprivileged {
 public:
  Unprivileged() { become(kNobody); }
  ~Unprivileged() { become(0); }

 private:
  static constexpr uid_t kNobody = 65534;
  void become(uid_t user) const {
    if (!is_root_) return;
    EXPECT_EQ(::seteuid(user), 0);
  }
  const bool is_root_ = ::geteuid() == 0;
};

TEST_F(Models, AFolderThatMayNotBeRead) {
  put_model("org/name/a-Q8_0.gguf");
  put_model("secret/name/b-Q8_0.gguf");
  fs::permissions(dir_ / ".", fs::perms(0755));
  fs::permissions(dir_ / "secret", fs::perms::none);
  const Catalog c = [&] {
    const Unprivileged nobody;
    return find(ModelStore::kLmStudio);
  }();
  fs::permissions(dir_ / "secret", fs::perms::owner_all);
  EXPECT_EQ(names(c), (Names{"org/name:Q8_0"}));
  EXPECT_EQ(c.notes.size(), 1u);
}

TEST_F(Models, ThousandsOfFiles) {
  for (int i = 0; i < 3000; ++i) put("m" + std::to_string(i) + ".gguf", "x");
  const Catalog c = find(ModelStore::kPonder);
  EXPECT_EQ(c.models.size(), 3000u);
  EXPECT_EQ(test::must(choose_model(c, "m2999")).file, "m2999");
}

TEST_F(Models, AFileOfSeveralNamesIsListedOnce) {
  const std::string file = put_model("a/one-Q8_0.gguf");
  link("b/org/name/two-Q8_0.gguf", file);
  const ModelList list =
      list_models({{ModelStore::kPonder, dir_ / "a"}, {ModelStore::kLmStudio, dir_ / "b"}});
  ASSERT_EQ(list.rows.size(), 1u);
  EXPECT_EQ(list.rows[0].model.name, "one-Q8_0");
  EXPECT_EQ(list.rows[0].summary.architecture, "llama");
  EXPECT_EQ(list.folders.size(), 2u);
}

}  // namespace
}  // namespace ponder
