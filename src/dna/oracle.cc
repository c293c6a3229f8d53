// Reads an oracle from untrusted files, and makes the network a term.
#include "ponder/dna/oracle.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/parallel.h"
#include "dna/layers.h"
#include "gguf/dequant.h"

namespace ponder::dna {
namespace {

using nlohmann::json;
constexpr int kMostNested = 8, kMostLength = 1 << 20, kMostSize = 1 << 28;

class OracleTerm final : public LetterTerm {
 public:
  OracleTerm(dna::Layers l, int length, int n_threads)
      : layers_(std::move(l)), length_(length), n_threads_(n_threads) {}
  std::string_view name() const override { return "oracle"; }

 protected:
  Status on_letters(std::span<const std::vector<float>> w, std::span<double> values,
                    std::span<std::vector<double>> dw) override {
    const dna::Shape in{length_, kLetters};
    for (const auto& one : w)
      if (static_cast<int>(one.size()) != in.size())
        return Error{Code::kInvalid, "sequences of " + std::to_string(length_) + " letters",
                     std::to_string(one.size() / kLetters), "oracle", ""};
    parallel_for(n_threads_, static_cast<std::int64_t>(w.size()), [&](std::int64_t i) {
      std::vector<dna::Saved> saved;
      values[i] =
          dna::run(layers_, {w[i].begin(), w[i].end()}, in, dw.empty() ? nullptr : &saved)[0];
      if (dw.empty()) return;
      const dna::Values dx = dna::run_back(layers_, {1.f}, in, saved);
      for (std::size_t j = 0; j < dx.size(); ++j) dw[i][j] += dx[j];
    });
    return {};
  }

 private:
  dna::Layers layers_;
  int length_, n_threads_;
};

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}
  Result<Oracle> read_files(int n_threads);
  Result<Oracle> read(std::string_view text, std::string_view weights, int n_threads);

 private:
  Error bad(const std::string& expected, const std::string& got, const std::string& where) const {
    return {Code::kInvalid, expected, got, where, "write it with tools/export_oracle.py"};
  }
  static Result<std::string> bytes(const std::string& path);
  Result<json> description(std::string_view text) const;
  Result<Oracle> build(const json&, int n_threads) const;
  Status read_tensors(std::string_view all, const std::string& path);
  Result<Tensor> tensor(const json& layer, const std::string& part, std::size_t rank,
                        const std::string& where) const;
  Result<std::unique_ptr<dna::Layer>> layer(const json&, dna::Shape, int depth,
                                            const std::string& where) const;
  Result<std::unique_ptr<dna::Layer>> weighted(const json&, const std::string& kind, dna::Shape,
                                               const std::string& where) const;
  Result<dna::Layers> layers(const json&, dna::Shape&, int depth, const std::string& where) const;

  std::string path_;
  std::map<std::string, Tensor> tensors_;
};

// Reads an integer within [least, most] from a JSON object.
std::optional<int> whole(const json& j, const char* key, int least, int most) {
  const auto it = j.find(key);
  if (it == j.end() || !it->is_number_integer() || *it < least || *it > most) return std::nullopt;
  return it->get<int>();
}
std::string word(const json& j, const char* key) {
  const auto it = j.is_object() ? j.find(key) : j.end();
  return it != j.end() && it->is_string() ? it->get<std::string>() : "";
}

Result<std::string> Reader::bytes(const std::string& path) {
  std::error_code ignored;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ignored))
    return Error{Code::kNotFound, "a file of an oracle", "none that can be read", path, ""};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// safetensors: eight bytes of length, a JSON header of that length, then the data.
Status Reader::read_tensors(std::string_view all, const std::string& path) {
  std::uint64_t size = 0;
  if (all.size() < sizeof size)
    return bad("a safetensors file", std::to_string(all.size()) + " bytes", path);
  std::memcpy(&size, all.data(), sizeof size);
  if (size > all.size() - sizeof size)
    return bad("a safetensors file", "a header longer than the file", path);
  const json header = json::parse(all.substr(sizeof size, size), nullptr, false);
  if (!header.is_object()) return bad("a JSON header", "something else", path);
  const std::string_view data = all.substr(sizeof size + size);
  for (const auto& [name, t] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string where = std::string(path).append(", ").append(name), type = word(t, "dtype");
    if (type != "F32" && type != "F16")
      return bad("tensors of F32 or F16", "'" + type + "'", where);
    const std::size_t each = type == "F16" ? sizeof(std::uint16_t) : sizeof(float);
    Tensor out;
    std::uint64_t n = 1;
    const json shape = t.value("shape", json()), offsets = t.value("data_offsets", json());
    if (!shape.is_array() || !offsets.is_array() || offsets.size() != 2 ||
        !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
      return bad("a shape and two offsets", "something else", where);
    for (const json& d : shape) {
      if (!d.is_number_unsigned() || d < 1 || d > kMostSize ||
          (n *= d.get<std::uint64_t>()) > kMostSize)
        return bad("dimensions of a tensor that fits", d.dump(), where);
      out.shape.push_back(d.get<std::int64_t>());
    }
    const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
    if (begin > end || end > data.size() || end - begin != n * each)
      return bad(std::to_string(n * each) + " bytes within the file",
                 std::to_string(begin) + " to " + std::to_string(end) + " of " +
                     std::to_string(data.size()),
                 where);
    out.values.resize(n);
    if (each == sizeof(float))
      std::memcpy(out.values.data(), data.data() + begin, n * sizeof(float));
    else
      for (std::uint64_t i = 0; i < n; ++i)
        out.values[i] =
            dequant::load_half(reinterpret_cast<const std::byte*>(data.data()) + begin + i * each);
    for (float v : out.values)
      if (!std::isfinite(v)) return bad("finite weights", "one that is not", where);
    tensors_[name] = std::move(out);
  }
  return {};
}

Result<Tensor> Reader::tensor(const json& layer, const std::string& part, std::size_t rank,
                              const std::string& where) const {
  const std::string name = word(layer, "name") + "." + part;
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) return bad("a tensor '" + name + "'", "none", where);
  if (it->second.shape.size() != rank)
    return bad("'" + name + "' of " + std::to_string(rank) + " dimensions",
               std::to_string(it->second.shape.size()), where);
  return it->second;
}

Result<std::unique_ptr<dna::Layer>> Reader::weighted(const json& j, const std::string& kind,
                                                     dna::Shape in,
                                                     const std::string& where) const {
  PONDER_ASSIGN(Tensor bias, tensor(j, "bias", 1, where));
  PONDER_ASSIGN(Tensor weight, tensor(j, "weight",
                                      kind == "conv"    ? 3
                                      : kind == "dense" ? 2
                                                        : 1,
                                      where));
  if (weight.shape[0] != bias.shape[0])
    return bad("as many biases as outputs, " + std::to_string(weight.shape[0]),
               std::to_string(bias.shape[0]), where);
  if (kind == "scale") return dna::make_scale(std::move(weight.values), std::move(bias.values));
  const int outputs = static_cast<int>(weight.shape[0]);
  if (kind == "dense") {  // (out, n, c) to (out, c, n)
    if (weight.shape[1] != in.size())
      return bad(std::to_string(in.size()) + " inputs", std::to_string(weight.shape[1]), where);
    dna::ConvWeights w{outputs, in.c, in.n, std::vector<float>(weight.values.size()),
                       std::move(bias.values)};
    for (int o = 0; o < outputs; ++o)
      for (int t = 0; t < in.n; ++t)
        for (int c = 0; c < in.c; ++c)
          w.weight[(o * in.c + c) * in.n + t] = weight.values[(o * in.n + t) * in.c + c];
    return dna::make_conv(w, 0, 1);
  }
  const int k = static_cast<int>(weight.shape[2]);
  const auto dilation = whole(j, "dilation", 1, kMostLength);
  const auto padding = whole(j, "padding", 0, kMostLength);
  if (!dilation || !padding || static_cast<std::int64_t>(*dilation) * (k - 1) > kMostLength ||
      *padding > *dilation * (k - 1))
    return bad("a dilation from 1, and a padding within its reach", j.dump(), where);
  if (weight.shape[1] != in.c)
    return bad(std::to_string(in.c) + " channels", std::to_string(weight.shape[1]), where);
  return dna::make_conv({outputs, in.c, k, std::move(weight.values), std::move(bias.values)},
                        *padding, *dilation);
}

Result<std::unique_ptr<dna::Layer>> Reader::layer(const json& j, dna::Shape in, int depth,
                                                  const std::string& where) const {
  const std::string kind = word(j, "kind");
  if (kind == "conv" || kind == "dense" || kind == "scale") return weighted(j, kind, in, where);
  if (kind == "relu") return dna::make_activation(dna::Activation::kRelu);
  if (kind == "gelu") return dna::make_activation(dna::Activation::kGelu);
  if (kind == "exp") return dna::make_activation(dna::Activation::kExp);
  if (kind == "global-max" || kind == "global-avg") return dna::make_pool(kind == "global-max", 0);
  if (kind == "max-pool" || kind == "avg-pool") {
    const auto size = whole(j, "size", 1, kMostLength);
    if (!size) return bad("a size from 1", j.dump(), where);
    return dna::make_pool(kind == "max-pool", *size);
  }
  if (kind == "residual" && depth < kMostNested) {
    dna::Shape s = in;
    PONDER_ASSIGN(dna::Layers inner, layers(j.value("layers", json()), s, depth + 1, where));
    return dna::make_residual(std::move(inner));
  }
  return bad(
      "a layer: conv, scale, dense, relu, gelu, exp, max-pool, avg-pool, global-max, global-avg or "
      "residual",
      "'" + kind + "'", where);
}

Result<dna::Layers> Reader::layers(const json& all, dna::Shape& s, int depth,
                                   const std::string& where) const {
  if (!all.is_array() || all.empty()) return bad("a list of layers", "none", where);
  dna::Layers out;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const std::string here = where + ", layer " + std::to_string(k);
    PONDER_ASSIGN(auto made, layer(all[k], s, depth, here));
    const dna::Shape next = made->out(s);
    if (next.n < 1 || static_cast<std::int64_t>(next.n) * next.c > kMostSize)
      return bad("a layer that fits (" + std::to_string(s.n) + " positions, " +
                     std::to_string(s.c) + " channels)",
                 "one that does not", here);
    s = next;
    out.push_back(std::move(made));
  }
  return out;
}

Result<json> Reader::description(std::string_view text) const {
  json j = json::parse(text, nullptr, false);
  if (!j.is_object() || word(j, "format") != "ponder-oracle")
    return bad("a JSON object of format ponder-oracle", "something else", path_);
  if (!whole(j, "length", 1, kMostLength) || !whole(j, "version", 1, 1))
    return bad("version 1 and a length from 1", "something else", path_);
  return j;
}

Result<Oracle> Reader::build(const json& j, int n_threads) const {
  const int length = j["length"].get<int>();
  dna::Shape s{length, kLetters};
  PONDER_ASSIGN(dna::Layers all, layers(j.value("layers", json()), s, 0, path_));
  if (s.size() != 1) return bad("one output", std::to_string(s.size()), path_);
  return Oracle{std::make_unique<OracleTerm>(std::move(all), length, n_threads), length};
}

Result<Oracle> Reader::read(std::string_view text, std::string_view weights, int n_threads) {
  PONDER_ASSIGN(const json j, description(text));
  PONDER_TRY(read_tensors(weights, path_));
  return build(j, n_threads);
}

Result<Oracle> Reader::read_files(int n_threads) {
  PONDER_ASSIGN(const std::string text, bytes(path_));
  PONDER_ASSIGN(const json j, description(text));
  const std::string weights =
      (std::filesystem::path(path_).parent_path() / word(j, "weights")).string();
  PONDER_ASSIGN(const std::string all, bytes(weights));
  PONDER_TRY(read_tensors(all, weights));
  return build(j, n_threads);
}

}  // namespace

Result<Oracle> read_oracle(const std::string& json_path, int n_threads) {
  return Reader(json_path).read_files(n_threads);
}
Result<Oracle> parse_oracle(std::string_view text, std::string_view safetensors,
                            const std::string& where, int n_threads) {
  return Reader(where).read(text, safetensors, n_threads);
}

}  // namespace ponder::dna
