// GGUF files: metadata and tensors of a model file, mapped into memory. Not a model: the meaning of
// the tensors is unknown here. Format: the GGUF specification, versions 2 and 3, split files
// included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

/// The storage format of a tensor's values; the numbers are those of the file format.
enum class TensorType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ2_XXS = 16,
  kIQ2_XS = 17,
  kIQ3_XXS = 18,
  kIQ1_S = 19,
  kIQ4_NL = 20,
  kIQ3_S = 21,
  kIQ2_S = 22,
  kIQ4_XS = 23,
  kIQ1_M = 29,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
};

struct TensorTypeInfo {
  std::string_view name;  // "Q4_1"
  int block_values;       // values in a block
  int block_bytes;        // bytes of a block
};
/// Returns nullptr for a type that ponder does not read.
const TensorTypeInfo* tensor_type_info(TensorType);
/// The names of all types that ponder reads, with spaces between.
std::string tensor_type_names();

/// Expands n values (a multiple of the block size) of `blocks` into `out`, float32, each value as
/// ggml's reference dequantiser defines it.
void dequantize(TensorType, const std::byte* blocks, std::int64_t n, float* out);

struct GgufTensor {
  std::string name;
  TensorType type{};
  // fastest dimension first, as in the file: (n_in, n_out) for a matrix
  std::vector<std::int64_t> shape;
  const std::byte* data = nullptr;  // into the mapping; row-major over reversed shape
  std::int64_t n_values = 0;
  std::size_t n_bytes = 0;
  std::int64_t row_bytes() const;  // bytes of one row of shape[0] values
  /// The matrix (shape[0], n) of rows [begin, begin + n), counted over all other dimensions.
  GgufTensor rows(std::int64_t begin, std::int64_t n) const;
};

struct GgufValue;
/// A metadata array. Numbers are widened; strings point into the mapping.
struct GgufArray {
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string_view>,
               std::vector<bool>, std::vector<GgufValue>>
      items;
  std::size_t size() const;
};
struct GgufValue {
  std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view,
               std::shared_ptr<GgufArray>>
      v;
};

/// An open model file, or all parts of a split one, given any part. Immutable; views are valid as
/// long as it lives.
class GgufFile {
 public:
  /// Errors: kNotFound, kIo, kInvalid (corrupt, with the byte), kUnsupported (version, tensor
  /// type).
  static Result<std::shared_ptr<const GgufFile>> open(const std::string& path);
  /// Reads the descriptions in one file, or in one part, for those who only list it: tensors have
  /// no data, their types may be others than ponder reads, and a file that ends too soon is no
  /// error. Errors: those of open, if the header itself cannot be read.
  static Result<std::shared_ptr<const GgufFile>> open_header(const std::string& path);
  /// Parses a file in memory (one part only); the caller keeps the bytes alive.
  static Result<std::shared_ptr<const GgufFile>> parse(std::span<const std::byte> bytes,
                                                       const std::string& name);

  virtual ~GgufFile() = default;
  virtual int version() const = 0;
  virtual const std::string& path() const = 0;   // as given to open
  virtual std::uint64_t file_bytes() const = 0;  // all parts
  virtual const std::map<std::string, GgufValue, std::less<>>& metadata() const = 0;
  virtual const std::vector<GgufTensor>& tensors() const = 0;       // file order
  virtual const GgufTensor* find(std::string_view name) const = 0;  // nullptr when absent
  /// Releases the memory of a tensor's pages; they are read from the file again when they are
  /// needed.
  virtual void page_out(const GgufTensor&) const = 0;
  /// SHA-256 of the file(s), lower-case hex; computed on first use, thread-safe.
  virtual const std::string& sha256() const = 0;

  std::string name() const;  // of the file, without its folder

  // Typed look-ups. get_* fails with kInvalid when the key is absent or of another type. *_or
  // returns the default when the key is absent; a wrong type, or an integer out of range, is an
  // error.
  Result<std::int64_t> get_int(std::string_view key) const;
  Result<std::int64_t> int_or(std::string_view key, std::int64_t fallback) const;
  Result<double> get_float(std::string_view key) const;
  Result<double> float_or(std::string_view key, double fallback) const;
  Result<bool> bool_or(std::string_view key, bool fallback) const;
  Result<std::string_view> get_string(std::string_view key) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;
  const GgufArray* find_array(std::string_view key) const;  // nullptr when absent or not an array
};

}  // namespace ponder
