// A model file seen through its vocabulary alone.
#include <algorithm>
#include <mutex>

#include "gguf/sha256.h"
#include "outside/outside.h"

namespace ponder {
namespace {

class OutsideFile final : public GgufFile {
 public:
  OutsideFile(std::shared_ptr<const GgufFile> f, const std::string& source)
      : file_(std::move(f)), path_(source + ", spelled by " + file_->name()) {
    std::ranges::replace(path_, '/', ':');  // a path's name is what follows its last slash
  }
  int version() const override { return file_->version(); }
  const std::string& path() const override { return path_; }
  std::uint64_t file_bytes() const override { return 0; }
  const std::map<std::string, GgufValue, std::less<>>& metadata() const override {
    return file_->metadata();
  }
  const std::vector<GgufTensor>& tensors() const override { return none_; }
  const GgufTensor* find(std::string_view) const override { return nullptr; }
  void page_out(const GgufTensor&) const override {}
  // The first call reads the whole vocabulary's file.
  const std::string& sha256() const override {
    std::call_once(hashed_, [this] {
      Sha256 hash;
      for (const std::string& part : {path_, file_->sha256()})
        hash.add(std::as_bytes(std::span(part)));
      sha256_ = hash.hex();
    });
    return sha256_;
  }

 private:
  std::shared_ptr<const GgufFile> file_;
  std::string path_;
  mutable std::once_flag hashed_;
  mutable std::string sha256_;
  std::vector<GgufTensor> none_;
};

}  // namespace

std::shared_ptr<const GgufFile> outside_file(std::shared_ptr<const GgufFile> vocabulary,
                                             const LogitSource& source) {
  return std::make_shared<OutsideFile>(std::move(vocabulary), source.name());
}

}  // namespace ponder
