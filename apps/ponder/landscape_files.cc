// Writes the numbers behind a picture as CSV (RFC 4180).
#include <fmt/format.h>

#include "landscape.h"
#include "ponder/core/files.h"

namespace ponder::app {
namespace {

std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (char c : s) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// The fields peak, logprob, log_weight; -1 and NaN if there is no reply.
std::string spot_fields(const Spot& s) {
  if (s.peak < 0) return "-1,NaN,NaN";
  return fmt::format("{},{:.6f},{:.6f}", s.peak, s.logprob, s.log_weight);
}

}  // namespace

std::vector<std::string> landscape_files(const std::string& name) {
  return {name + ".csv", name + "-paths.csv", name + "-replies.csv",
          name + ".svg", name + ".png",       name + ".gp"};
}

Status write_csv(const LandscapeAnswer& l, const std::string& name) {
  const auto files = landscape_files(name);
  std::string cells = "u,v,reply,logprob,log_weight\n";
  for (std::size_t i = 0; i < l.survey.cells.size(); ++i) {
    const Point z = l.survey.centre(i);
    cells += fmt::format("{:.6f},{:.6f},{}\n", z.u, z.v, spot_fields(l.survey.cells[i]));
  }
  PONDER_TRY(replace_file(files[0], cells));
  std::string paths = "method,seed,step,u,v,reply,logprob,log_weight\n";
  for (const auto& w : l.walks)
    for (std::size_t p = 0; p < w.paths.size(); ++p)
      for (std::size_t k = 0; k < w.paths[p].points.size(); ++k) {
        const Point z = w.paths[p].points[k];
        paths += fmt::format("{},{},{},{:.6f},{:.6f},{}\n", w.name, p, k, z.u, z.v,
                             spot_fields(w.paths[p].spots[k]));
      }
  PONDER_TRY(replace_file(files[1], paths));
  std::vector<int> n_cells(l.peaks.size());
  for (const Spot& s : l.survey.cells)
    if (s.peak >= 0) ++n_cells[s.peak];
  const std::vector<double> shares = l.survey.shares();
  std::string replies = "reply,logprob,cells,share,text\n";
  for (std::size_t r = 0; r < l.peaks.size(); ++r)
    replies += fmt::format("{},{:.6f},{},{:.6g},{}\n", r, l.peaks[r].logprob, n_cells[r],
                           r < shares.size() ? shares[r] : 0., quoted(l.peaks[r].text));
  return replace_file(files[2], replies);
}

}  // namespace ponder::app
