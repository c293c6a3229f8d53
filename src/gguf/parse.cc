// A cursor over the bytes, then header, metadata, tensor descriptions and the check of the data
// section.
#include "gguf/parse.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace ponder::gguf {
namespace {

enum class ValueType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};
constexpr int kMaxNesting = 4;
constexpr std::uint64_t kMaxDims = 4;

// The least number of bytes of a value of the type (for strings and arrays, of their counts); 0:
// unknown type.
std::uint64_t least_size(std::uint32_t t) {
  constexpr std::uint64_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return t < std::size(kSizes) ? kSizes[t] : 0;
}

class Cursor {
 public:
  Cursor(std::span<const std::byte> b, const std::string& name) : bytes_(b), name_(name) {}
  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return bytes_.size() - at_; }
  Error error(const std::string& expected, const std::string& got, std::uint64_t at) const {
    return {Code::kInvalid, expected, got, name_ + ", byte " + std::to_string(at),
            "the file may be truncated or corrupt: fetch it again"};
  }
  template <class T>
  Result<T> number(const char* what) {
    if (left() < sizeof(T)) return error(what, "the end of the file", at_);
    T v;
    std::memcpy(&v, bytes_.data() + at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  Result<std::string_view> string(const char* what) {
    const std::uint64_t start = at_;
    PONDER_ASSIGN(const auto n, number<std::uint64_t>(what));
    if (n > left())
      return error(std::string(what) + " of at most " + std::to_string(left()) + " bytes",
                   std::to_string(n) + " bytes", start);
    std::string_view s(reinterpret_cast<const char*>(bytes_.data()) + at_, n);
    at_ += n;
    return s;
  }
  Result<GgufValue> value(std::uint32_t type, int depth);

 private:
  Result<GgufValue> array(int depth);
  template <class T, class Wide>
  Result<GgufValue> numbers(std::uint64_t n);

  std::span<const std::byte> bytes_;
  const std::string& name_;
  std::uint64_t at_ = 0;
};

template <class T, class Wide>
Result<GgufValue> Cursor::numbers(std::uint64_t n) {
  std::vector<Wide> v;
  v.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    PONDER_ASSIGN(const T x, number<T>("an array item"));
    v.push_back(static_cast<Wide>(x));
  }
  return GgufValue{std::make_shared<GgufArray>(GgufArray{std::move(v)})};
}

Result<GgufValue> Cursor::array(int depth) {
  const std::uint64_t start = at_;
  PONDER_ASSIGN(const auto type, number<std::uint32_t>("an array's type"));
  PONDER_ASSIGN(const auto n, number<std::uint64_t>("an array's length"));
  const std::uint64_t size = least_size(type);
  if (size == 0) return error("a value type from 0 to 12", std::to_string(type), start);
  if (n > left() / size)
    return error("an array of at most " + std::to_string(left() / size) + " items",
                 std::to_string(n) + " items", start);
  switch (static_cast<ValueType>(type)) {
    case ValueType::kU8:
      return numbers<std::uint8_t, std::int64_t>(n);
    case ValueType::kI8:
      return numbers<std::int8_t, std::int64_t>(n);
    case ValueType::kU16:
      return numbers<std::uint16_t, std::int64_t>(n);
    case ValueType::kI16:
      return numbers<std::int16_t, std::int64_t>(n);
    case ValueType::kU32:
      return numbers<std::uint32_t, std::int64_t>(n);
    case ValueType::kI32:
      return numbers<std::int32_t, std::int64_t>(n);
    case ValueType::kU64:
      return numbers<std::uint64_t, std::int64_t>(n);
    case ValueType::kI64:
      return numbers<std::int64_t, std::int64_t>(n);
    case ValueType::kF32:
      return numbers<float, double>(n);
    case ValueType::kF64:
      return numbers<double, double>(n);
    case ValueType::kBool:
      return numbers<std::uint8_t, bool>(n);
    case ValueType::kString: {
      std::vector<std::string_view> v;
      v.reserve(n);
      for (std::uint64_t i = 0; i < n; ++i) {
        PONDER_ASSIGN(const auto s, string("a string in an array"));
        v.push_back(s);
      }
      return GgufValue{std::make_shared<GgufArray>(GgufArray{std::move(v)})};
    }
    case ValueType::kArray:
      break;
  }
  if (depth >= kMaxNesting)
    return error("arrays nested at most " + std::to_string(kMaxNesting) + " deep", "deeper ones",
                 start);
  std::vector<GgufValue> v;
  for (std::uint64_t i = 0; i < n;
       ++i) {  // no reserve: an empty inner array has fewer bytes than the vector's element
    PONDER_ASSIGN(auto x, array(depth + 1));
    v.push_back(std::move(x));
  }
  return GgufValue{std::make_shared<GgufArray>(GgufArray{std::move(v)})};
}

Result<GgufValue> Cursor::value(std::uint32_t type, int depth) {
  const auto as_int = [&]<class T>(T) -> Result<GgufValue> {
    PONDER_ASSIGN(const T x, number<T>("a number"));
    return GgufValue{static_cast<std::int64_t>(x)};
  };
  switch (static_cast<ValueType>(type)) {
    case ValueType::kU8:
      return as_int(std::uint8_t{});
    case ValueType::kI8:
      return as_int(std::int8_t{});
    case ValueType::kU16:
      return as_int(std::uint16_t{});
    case ValueType::kI16:
      return as_int(std::int16_t{});
    case ValueType::kU32:
      return as_int(std::uint32_t{});
    case ValueType::kI32:
      return as_int(std::int32_t{});
    case ValueType::kI64:
      return as_int(std::int64_t{});
    case ValueType::kU64: {
      PONDER_ASSIGN(const auto x, number<std::uint64_t>("a number"));
      return GgufValue{x};
    }
    case ValueType::kF32: {
      PONDER_ASSIGN(const float x, number<float>("a number"));
      return GgufValue{static_cast<double>(x)};
    }
    case ValueType::kF64: {
      PONDER_ASSIGN(const double x, number<double>("a number"));
      return GgufValue{x};
    }
    case ValueType::kBool: {
      PONDER_ASSIGN(const auto x, number<std::uint8_t>("a boolean"));
      return GgufValue{x != 0};
    }
    case ValueType::kString: {
      PONDER_ASSIGN(const auto s, string("a string"));
      return GgufValue{s};
    }
    case ValueType::kArray:
      return array(depth);
  }
  return error("a value type from 0 to 12", std::to_string(type), at_ - 4);
}

// Guesses the format of a file that is no GGUF by its first bytes.
std::string looks_like(std::span<const std::byte> b) {
  const std::string_view s(reinterpret_cast<const char*>(b.data()),
                           std::min<std::size_t>(b.size(), 64));
  if (s.empty()) return "an empty file";
  if (s.starts_with("version https://git-lfs")) return "a git-lfs pointer, not the file itself";
  if (s.starts_with("PK")) return "a zip archive";
  if (s.starts_with("<!") || s.starts_with("<h") || s.starts_with("<H")) return "a web page";
  if (s.size() > 9 && s.substr(8).starts_with("{\"")) return "a safetensors file";
  std::string hex;
  for (char c : s.substr(0, 4)) {
    constexpr char kHex[] = "0123456789abcdef";
    hex += kHex[(c >> 4) & 15];
    hex += kHex[c & 15];
  }
  return "a file that begins with bytes " + hex;
}

Result<int> header(Cursor& in, std::span<const std::byte> bytes) {
  if (bytes.size() < 4 || std::memcmp(bytes.data(), "GGUF", 4) != 0)
    return in.error("a GGUF file", looks_like(bytes), 0);
  PONDER_ASSIGN([[maybe_unused]] const auto magic, in.number<std::uint32_t>("the magic"));
  PONDER_ASSIGN(const auto version, in.number<std::uint32_t>("a version"));
  if (version == 2 || version == 3) return static_cast<int>(version);
  Error e = in.error(
      "GGUF version 2 or 3",
      (version & 0xffffu) == 0 ? "a big-endian file" : "version " + std::to_string(version), 4);
  e.code = Code::kUnsupported;
  e.hint = "convert the file again with a current converter";
  return e;
}

Result<GgufTensor> tensor_info(Cursor& in, std::uint64_t& offset, Depth depth) {
  GgufTensor t;
  const std::uint64_t start = in.at();
  PONDER_ASSIGN(const auto name, in.string("a tensor's name"));
  t.name = name;
  PONDER_ASSIGN(const auto n_dims, in.number<std::uint32_t>("a number of dimensions"));
  if (n_dims < 1 || n_dims > kMaxDims)
    return in.error("1 to 4 dimensions of tensor " + t.name, std::to_string(n_dims), start);
  t.n_values = 1;
  for (std::uint32_t i = 0; i < n_dims; ++i) {
    PONDER_ASSIGN(const auto d, in.number<std::uint64_t>("a dimension"));
    if (d < 1 || d > (1ull << 40) ||
        __builtin_mul_overflow(t.n_values, static_cast<std::int64_t>(d), &t.n_values) ||
        t.n_values > (1ll << 48))
      return in.error("dimensions of tensor " + t.name + " from 1, fewer than 2^48 values",
                      std::to_string(d), in.at() - 8);
    t.shape.push_back(static_cast<std::int64_t>(d));
  }
  PONDER_ASSIGN(const auto type, in.number<std::uint32_t>("a tensor type"));
  t.type = static_cast<TensorType>(type);
  const TensorTypeInfo* info = tensor_type_info(t.type);
  if (depth == Depth::kHeader) {
    PONDER_ASSIGN(offset, in.number<std::uint64_t>("a tensor's offset"));
    return t;
  }
  if (!info) {
    Error e = in.error("tensor " + t.name + " of type " + tensor_type_names(),
                       "type " + std::to_string(type), in.at() - 4);
    e.code = Code::kUnsupported;
    e.hint = "use a file quantised to one of these";
    return e;
  }
  if (t.shape[0] % info->block_values != 0)
    return in.error(
        "rows of tensor " + t.name + " in blocks of " + std::to_string(info->block_values),
        std::to_string(t.shape[0]) + " values", start);
  t.n_bytes = static_cast<std::size_t>(t.n_values / info->block_values) * info->block_bytes;
  PONDER_ASSIGN(offset, in.number<std::uint64_t>("a tensor's offset"));
  return t;
}

// Points every tensor into the data section and checks that tensors are aligned, inside it, and do
// not overlap.
Status place(Part& part, const std::vector<std::uint64_t>& offsets, const Cursor& in,
             std::span<const std::byte> bytes, std::uint64_t alignment) {
  const std::uint64_t begin = (in.at() + alignment - 1) / alignment * alignment;
  const std::uint64_t size = begin < bytes.size() ? bytes.size() - begin : 0;
  std::vector<std::size_t> order(offsets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return offsets[a] < offsets[b]; });
  std::uint64_t end = 0;
  for (std::size_t i : order) {
    GgufTensor& t = part.tensors[i];
    const std::string subject = "tensor " + t.name;
    if (offsets[i] % alignment != 0)
      return in.error(subject + " at a multiple of " + std::to_string(alignment),
                      "offset " + std::to_string(offsets[i]), begin);
    if (offsets[i] > size || t.n_bytes > size - offsets[i])
      return in.error(subject + " (" + std::to_string(t.n_bytes) + " bytes) inside the " +
                          std::to_string(size) + " bytes of data",
                      "offset " + std::to_string(offsets[i]), begin);
    if (offsets[i] < end)
      return in.error(subject + " apart from the others",
                      "offset " + std::to_string(offsets[i]) + " inside another tensor", begin);
    end = offsets[i] + t.n_bytes;
    t.data = bytes.data() + begin + offsets[i];
  }
  return {};
}

}  // namespace

Result<Part> parse_part(std::span<const std::byte> bytes, const std::string& name, Depth depth) {
  Cursor in(bytes, name);
  Part part;
  PONDER_ASSIGN(part.version, header(in, bytes));
  PONDER_ASSIGN(const auto n_tensors, in.number<std::uint64_t>("a tensor count"));
  PONDER_ASSIGN(const auto n_keys, in.number<std::uint64_t>("a metadata count"));
  constexpr std::uint64_t kLeastTensor = 32, kLeastKey = 13;  // bytes
  if (n_keys > in.left() / kLeastKey || n_tensors > in.left() / kLeastTensor)
    return in.error("counts that fit the file's " + std::to_string(bytes.size()) + " bytes",
                    std::to_string(n_tensors) + " tensors and " + std::to_string(n_keys) + " keys",
                    8);
  for (std::uint64_t i = 0; i < n_keys; ++i) {
    const std::uint64_t at = in.at();
    PONDER_ASSIGN(const auto key, in.string("a key"));
    PONDER_ASSIGN(const auto type, in.number<std::uint32_t>("a value's type"));
    PONDER_ASSIGN(auto value, in.value(type, 0));
    if (!part.metadata.emplace(key, std::move(value)).second)
      return in.error("keys that differ", "'" + std::string(key) + "' twice", at);
  }
  std::uint64_t alignment = 32;
  if (const auto it = part.metadata.find("general.alignment"); it != part.metadata.end()) {
    const auto* a = std::get_if<std::int64_t>(&it->second.v);
    if (!a || *a < 1 || *a > (1 << 20) || (*a & (*a - 1)) != 0)
      return in.error("general.alignment a power of two up to 2^20",
                      a ? std::to_string(*a) : "another type", 0);
    alignment = static_cast<std::uint64_t>(*a);
  }
  std::vector<std::uint64_t> offsets;
  std::set<std::string_view> names;
  part.tensors.reserve(n_tensors);
  for (std::uint64_t i = 0; i < n_tensors; ++i) {
    const std::uint64_t at = in.at();
    std::uint64_t offset = 0;
    PONDER_ASSIGN(auto t, tensor_info(in, offset, depth));
    part.tensors.push_back(std::move(t));
    offsets.push_back(offset);
    if (!names.insert(part.tensors.back().name).second)
      return in.error("tensors that differ", "'" + part.tensors.back().name + "' twice", at);
  }
  if (depth == Depth::kData) PONDER_TRY(place(part, offsets, in, bytes, alignment));
  return part;
}

}  // namespace ponder::gguf
