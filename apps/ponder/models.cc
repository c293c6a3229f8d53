// ponder models: the models on this machine that programs have fetched, and which of them ponder
// can run. Reads headers only.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>

#include "args.h"
#include "model_folders.h"
#include "option_table.h"
#include "output.h"
#include "ponder/model/catalog.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

constexpr std::size_t kWidth = 79, kIndent = 4;

std::string size_text(std::uint64_t bytes) {
  const double mb = static_cast<double>(bytes) / (1 << 20);
  return mb < 1000 ? fmt::format("{:.0f} MB", mb) : fmt::format("{:.1f} GB", mb / 1024);
}

std::string count_text(std::int64_t n) {
  const auto x = static_cast<double>(n);
  if (n == 0) return "?";
  return x < 1e6   ? fmt::format("{:.0f} k", x / 1e3)
         : x < 1e9 ? fmt::format("{:.0f} M", x / 1e6)
                   : fmt::format("{:.1f} B", x / 1e9);
}

std::string or_unknown(const std::string& s) { return s.empty() ? "?" : shown(s); }

void print_row(const ModelList::Row& row, std::size_t width) {
  const StoredModel& m = row.model;
  const ModelSummary& s = row.summary;
  write(fmt::format("{:<{}}  {:>8}  {:>6}  {:<8}  {:<8}  {}{}\n", shown(m.name), width,
                    size_text(m.n_bytes), count_text(s.n_parameters), or_unknown(s.architecture),
                    or_unknown(s.quantisation), to_string(m.store),
                    m.n_parts > 1 ? fmt::format(", {} parts", m.n_parts) : ""));
  if (!s.refusal) return;
  const std::string why =
      "not to be run: expected " + s.refusal->expected + ", got " + s.refusal->got;
  write(std::string(kIndent, ' ') + wrapped(shown(why), kWidth, kIndent) + "\n");
}

void print(const ModelList& list) {
  constexpr std::size_t kWidest = 36;
  std::size_t width = 4;
  for (const auto& row : list.rows)
    width = std::max(width, std::min(kWidest, shown(row.model.name).size()));
  if (!list.rows.empty())
    write(fmt::format("{:<{}}  {:>8}  {:>6}  {:<8}  {:<8}  {}\n", "name", width, "size", "params",
                      "kind", "weights", "from"));
  for (const auto& row : list.rows) print_row(row, width);
  if (list.rows.empty()) {
    write("no models; looked in\n");
    for (const ModelFolder& f : list.folders)
      write(fmt::format("  {:<9}  {}\n", to_string(f.store), shown(f.path)));
    write("to fetch one: hf download ORG/NAME --include \"*Q4_K_M.gguf\"\n");
  }
  for (const std::string& note : list.notes) write("note: " + shown(note) + "\n");
  flush();
}

}  // namespace

Run add_models(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "print one JSON object");
  app.footer(
      "Looks, without changing anything, into the caches of ponder, of the Hugging Face hub "
      "(HF_HUB_CACHE, HF_HOME) and of llama.cpp (LLAMA_CACHE), and into the folders of LM Studio "
      "and Ollama (OLLAMA_MODELS). A name goes after -m of any command; a part of it is enough "
      "where it means one model.\n"
      "Examples:\n  ponder models\n  ponder models --json");
  return [json]() -> Result<int> {
    const ModelList list = list_models(model_folders());
    if (*json)
      write_line(to_json(list));
    else
      print(list);
    return 0;
  };
}

}  // namespace ponder::app
