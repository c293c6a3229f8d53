// nlohmann-json writes and reads the CBOR; it never aborts, and its exceptions are caught here.
#include "chain/checkpoint.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "ponder/core/files.h"

namespace ponder {
namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kMagic = "ponder checkpoint\n";
constexpr char kFormat = 2;
constexpr std::size_t kBodyAt = kMagic.size() + 1 + SHA256_DIGEST_LENGTH;

static_assert(std::endian::native == std::endian::little);
// CBOR tags of little-endian arrays.
template <class T>
constexpr std::uint64_t kTag = 0;
template <>
constexpr std::uint64_t kTag<std::int32_t> = 78;
template <>
constexpr std::uint64_t kTag<std::int64_t> = 79;
template <>
constexpr std::uint64_t kTag<float> = 85;
template <>
constexpr std::uint64_t kTag<double> = 86;

template <class T>
Json to_json(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return Json::binary(std::move(bytes), kTag<T>);
}
Json to_json(const Arrays& arrays) {
  Json j = Json::object();
  for (const auto& [name, array] : arrays)
    j[name] = std::visit([](const auto& values) { return to_json(values); }, array);
  return j;
}

// Throws std::runtime_error for an array of another number type, and nlohmann-json's exceptions for
// other JSON.
template <class T>
std::vector<T> values_of(const Json& j) {
  const auto& bytes = j.get_binary();
  if (!bytes.has_subtype() || bytes.subtype() != kTag<T> || bytes.size() % sizeof(T) != 0)
    throw std::runtime_error("an array of another type");
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}
template <class... T>
void set_by_tag(std::variant<std::vector<T>...>& array, const Json& j) {
  const auto tag = j.get_binary().subtype();
  if (!((tag == kTag<T> && (array = values_of<T>(j), true)) || ...))
    throw std::runtime_error("an array of another type");
}
Arrays arrays_of(const Json& j) {
  Arrays arrays;
  for (const auto& [name, array] : j.items()) set_by_tag(arrays[name], array);
  return arrays;
}

Checkpoint checkpoint_of(const Json& j) {
  Checkpoint c{.step = j.at("step"),
               .config_hash = j.at("config_hash"),
               .replies = {},
               .arrays = arrays_of(j.at("arrays"))};
  for (const Json& reply : j.at("replies")) c.replies.push_back(values_of<Token>(reply));
  return c;
}

std::string digest(std::string_view body) {
  std::string d(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(),
         reinterpret_cast<unsigned char*>(d.data()));
  return d;
}

// Returns the CBOR of a file whose envelope is valid.
Result<std::string_view> body_of(std::string_view file, const std::string& path) {
  const auto bad = [&](Code code, const std::string& expected, const std::string& got,
                       const char* hint) {
    return Error{code, expected, got, path, hint};
  };
  const std::string_view magic = file.substr(0, kMagic.size());
  if (magic != kMagic && (magic.empty() || !kMagic.starts_with(magic)))
    return bad(Code::kInvalid, "a checkpoint of ponder",
               file.empty() ? "an empty file" : "another file", "check the path");
  const char* again = "start the run anew, without resuming";
  if (file.size() < kBodyAt)
    return bad(Code::kInvalid, "a whole checkpoint",
               "its first " + std::to_string(file.size()) + " bytes", again);
  const int format = static_cast<unsigned char>(file[kMagic.size()]);
  if (format != kFormat)
    return bad(Code::kUnsupported, "a checkpoint of format " + std::to_string(kFormat),
               "format " + std::to_string(format),
               "go on with the version of ponder that wrote it");
  const std::string_view body = file.substr(kBodyAt);
  if (digest(body) != file.substr(kMagic.size() + 1, SHA256_DIGEST_LENGTH))
    return bad(Code::kInvalid, "a checkpoint as it was written",
               "one that was cut short or changed", again);
  return body;
}

}  // namespace

std::string sha256(std::string_view text) {
  std::string hex;
  for (const char byte : digest(text))
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

Status write_checkpoint(const Checkpoint& c, const std::string& path) {
  Json j{{"step", c.step},
         {"config_hash", c.config_hash},
         {"replies", Json::array()},
         {"arrays", to_json(c.arrays)}};
  for (const auto& reply : c.replies) j["replies"].push_back(to_json(reply));
  std::string body;
  Json::to_cbor(j, body);
  return replace_file(path, std::string(kMagic) + kFormat + digest(body) + body);
}

Result<Checkpoint> parse_checkpoint(std::string_view file, std::string_view config_hash,
                                    const std::string& name) {
  PONDER_ASSIGN(const std::string_view body, body_of(file, name));
  Checkpoint c;
  try {
    c = checkpoint_of(Json::from_cbor(body, true, true, Json::cbor_tag_handler_t::store));
  } catch (
      const std::exception& e) {  // the checksum is right, so another program has written this body
    return Error{Code::kInvalid, "the state of a run", e.what(), name, ""};
  }
  if (c.config_hash != config_hash)
    return Error{Code::kInvalid, "a checkpoint of this run",
                 "one of another model, prompt, target or kernel", name,
                 "repeat the flags of the run that wrote it, or start anew without resuming"};
  return c;
}

Result<Checkpoint> read_checkpoint(const std::string& path, std::string_view config_hash) {
  std::ifstream in(path, std::ios::binary);
  if (std::error_code ec; !in || std::filesystem::is_directory(path, ec))
    return Error{Code::kNotFound, "a readable checkpoint", "none", path,
                 "check the path, or start the run anew"};
  std::ostringstream bytes;
  bytes << in.rdbuf();  // bytes lost by a failing disk are caught by the checksum
  return parse_checkpoint(bytes.str(), config_hash, path);
}

}  // namespace ponder
