// GgufFile: mapping of one or several parts, their union, the hash. Not the grammar (parse.cc) nor
// the typed look-ups (lookup.cc).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "gguf/parse.h"
#include "gguf/part_name.h"
#include "gguf/sha256.h"

namespace ponder {
namespace {

using gguf::Depth;
using gguf::PartName;

// A file mapped for reading; empty files map to nothing.
class Mapping {
 public:
  static Result<Mapping> open(const std::string& path) {
    const auto fail = [&](Code code, const std::string& got) {
      return Error{code, "a readable GGUF file", got, path, "check the path given with -m"};
    };
    // O_NONBLOCK: opening a pipe must not block
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(errno == ENOENT ? Code::kNotFound : Code::kIo, std::strerror(errno));
    struct stat st {};
    const int bad = fstat(fd, &st);
    Mapping m;
    if (bad == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
      m.size_ = static_cast<std::size_t>(st.st_size);
      m.data_ = mmap(nullptr, m.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    const int code = errno;
    ::close(fd);
    if (bad != 0) return fail(Code::kIo, std::strerror(code));
    if (S_ISDIR(st.st_mode)) return fail(Code::kInvalid, "a directory");
    if (!S_ISREG(st.st_mode)) return fail(Code::kInvalid, "something that is not a regular file");
    if (m.data_ == MAP_FAILED) {
      m.data_ = nullptr;
      return fail(Code::kIo, std::strerror(code));
    }
    return m;
  }
  Mapping() = default;
  Mapping(Mapping&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  Mapping& operator=(Mapping&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Mapping() {
    if (data_) munmap(data_, size_);
  }
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  // Releases the whole pages inside `part` that belong to this mapping.
  void page_out(std::span<const std::byte> part) const {
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)),
               base = reinterpret_cast<std::uintptr_t>(data_);
    const auto from = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
    const auto to = (reinterpret_cast<std::uintptr_t>(part.data()) + part.size()) / page * page;
    if (from >= base && from < to && to <= base + size_)
      madvise(static_cast<std::byte*>(data_) + (from - base), to - from, MADV_DONTNEED);
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

class File final : public GgufFile {
 public:
  explicit File(std::string path) : path_(std::move(path)) {}
  /// Adds one part; count 0: the file is not known to be split.
  Status add(std::span<const std::byte> bytes, const std::string& name, int number = 1,
             int count = 0, Depth depth = Depth::kData);
  Status add_all_parts();
  Status add_header();
  void own(Mapping m) { mappings_.push_back(std::move(m)); }

  int version() const override { return version_; }
  const std::string& path() const override { return path_; }
  std::uint64_t file_bytes() const override {
    std::uint64_t n = 0;
    for (const auto& p : parts_) n += p.size();
    return n;
  }
  const std::map<std::string, GgufValue, std::less<>>& metadata() const override {
    return metadata_;
  }
  const std::vector<GgufTensor>& tensors() const override { return tensors_; }
  const GgufTensor* find(std::string_view name) const override {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : &tensors_[it->second];
  }
  void page_out(const GgufTensor& t) const override { page_out(std::span(t.data, t.n_bytes)); }
  const std::string& sha256() const override {
    std::call_once(hashed_, [this] { sha256_ = hash(); });
    return sha256_;
  }

 private:
  Status add_part(const PartName& name, int i);
  std::string hash() const;
  void page_out(std::span<const std::byte> bytes) const {
    for (const Mapping& m : mappings_) m.page_out(bytes);
  }

  std::string path_;
  int version_ = 0;
  std::vector<Mapping> mappings_;
  std::vector<std::span<const std::byte>> parts_;
  std::map<std::string, GgufValue, std::less<>> metadata_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  mutable std::once_flag hashed_;
  mutable std::string sha256_;
};

std::string File::hash() const {
  Sha256 hash;
  constexpr std::size_t kChunk = 16 << 20;
  for (const auto& p : parts_)
    for (std::size_t at = 0; at < p.size(); at += kChunk) {
      const auto chunk = p.subspan(at, std::min(kChunk, p.size() - at));
      hash.add(chunk);
      page_out(chunk);  // else the whole file would stay in memory
    }
  return hash.hex();
}

// Each part states its number, so that parts of different splits are not joined because of their
// names.
Status check_number(const gguf::Part& part, const std::string& name, int number, int count) {
  for (const auto& [key, expected] : {std::pair{"split.no", number - 1}, {"split.count", count}}) {
    const auto it = part.metadata.find(std::string_view(key));
    if (it == part.metadata.end()) continue;
    const auto* said = std::get_if<std::int64_t>(&it->second.v);
    if (!said || *said != expected)
      return Error{Code::kInvalid, std::string(key) + " " + std::to_string(expected),
                   said ? std::to_string(*said) : "another type", name,
                   "it may be a part of another file: keep the names that the parts came with"};
  }
  return {};
}

Status File::add(std::span<const std::byte> bytes, const std::string& name, int number, int count,
                 Depth depth) {
  PONDER_ASSIGN(gguf::Part part, gguf::parse_part(bytes, name, depth));
  if (count > 0) PONDER_TRY(check_number(part, name, number, count));
  if (parts_.empty()) {
    version_ = part.version;
    metadata_ = std::move(part.metadata);
  }
  parts_.push_back(bytes);
  for (GgufTensor& t : part.tensors) {
    if (!by_name_.emplace(t.name, tensors_.size()).second)
      return Error{Code::kInvalid, "tensors that differ between parts", "'" + t.name + "' twice",
                   name, ""};
    tensors_.push_back(std::move(t));
  }
  return {};
}

Result<Mapping> open_part(const PartName& name, int i) {
  auto m = Mapping::open(name.of(i));
  if (m.ok()) return m;
  Error e = m.error();
  e.expected =
      "part " + std::to_string(i) + " of " + std::to_string(name.count) + " of a split file";
  e.hint = "all parts must lie in one folder under the names they came with";
  return e;
}

Status File::add_part(const PartName& name, int i) {
  PONDER_ASSIGN(Mapping m, open_part(name, i));
  own(std::move(m));
  return add(mappings_.back().bytes(), name.of(i), i, name.count);
}

Status File::add_header() {
  PONDER_ASSIGN(Mapping m, Mapping::open(path_));
  own(std::move(m));
  return add(mappings_.back().bytes(), path_, 1, 0, Depth::kHeader);
}

Status File::add_all_parts() {
  const PartName name = gguf::part_name(path_);
  for (int i = 1; i <= name.count; ++i) PONDER_TRY(add_part(name, i));
  if (name.count == 0) {
    PONDER_ASSIGN(Mapping whole, Mapping::open(path_));
    own(std::move(whole));
    PONDER_TRY(add(mappings_.back().bytes(), path_));
    PONDER_ASSIGN(const std::int64_t said, int_or("split.count", 1));
    if (said > 1)
      return Error{
          Code::kInvalid,
          "a file named as part 1 of " + std::to_string(said) + ", like " +
              PartName{"name", 1, static_cast<int>(std::min<std::int64_t>(said, 99999))}.of(1),
          path_, path_, "all parts must lie in one folder under the names they came with"};
  }
  PONDER_ASSIGN(const std::int64_t n_tensors,
                int_or("split.tensors.count", static_cast<std::int64_t>(tensors_.size())));
  if (n_tensors != static_cast<std::int64_t>(tensors_.size()))
    return Error{Code::kInvalid, std::to_string(n_tensors) + " tensors in all parts",
                 std::to_string(tensors_.size()), path_, "a part may be missing"};
  return {};
}

}  // namespace

std::int64_t GgufTensor::row_bytes() const {
  const TensorTypeInfo* info = tensor_type_info(type);
  return shape[0] / info->block_values * info->block_bytes;
}

GgufTensor GgufTensor::rows(std::int64_t begin, std::int64_t n) const {
  GgufTensor part = *this;
  part.shape = {shape[0], n};
  part.n_values = shape[0] * n;
  part.n_bytes = static_cast<std::size_t>(row_bytes() * n);
  if (data) part.data += row_bytes() * begin;
  return part;
}
std::size_t GgufArray::size() const {
  return std::visit([](const auto& v) { return v.size(); }, items);
}

Result<std::shared_ptr<const GgufFile>> GgufFile::open(const std::string& path) {
  auto file = std::make_shared<File>(path);
  PONDER_TRY(file->add_all_parts());
  return std::shared_ptr<const GgufFile>(std::move(file));
}
Result<std::shared_ptr<const GgufFile>> GgufFile::open_header(const std::string& path) {
  auto file = std::make_shared<File>(path);
  PONDER_TRY(file->add_header());
  return std::shared_ptr<const GgufFile>(std::move(file));
}
Result<std::shared_ptr<const GgufFile>> GgufFile::parse(std::span<const std::byte> bytes,
                                                        const std::string& name) {
  auto file = std::make_shared<File>(name);
  PONDER_TRY(file->add(bytes, name));
  return std::shared_ptr<const GgufFile>(std::move(file));
}

}  // namespace ponder
