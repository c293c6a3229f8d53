// Kernels by name: the one place that knows which there are and what their settings are called.
#include <fmt/format.h>

#include <map>

#include "base/nearest.h"
#include "mcmc/csmc.h"
#include "mcmc/cycle.h"
#include "mcmc/dmala.h"
#include "mcmc/exchange.h"
#include "mcmc/gibbs.h"
#include "mcmc/hmc.h"
#include "mcmc/hmc_token.h"
#include "mcmc/insert_delete.h"
#include "mcmc/pafs.h"
#include "mcmc/slice.h"
#include "mcmc/spec.h"
#include "mcmc/suffix.h"

namespace ponder {
namespace {

using Owned = std::unique_ptr<Kernel>;
using Made = Result<Owned>;

Made make_suffix(Settings& s, const Energy& e) {
  SuffixConfig c;
  int cut = 0, early = 1;
  double temperature = 1;
  s.read("tries", 1, c.tries);
  s.read_word("cut", {"uniform", "entropy"}, cut);
  s.read_positive("floor", c.entropy_floor);
  s.read_word("early", {"0", "1"}, early);
  s.read_positive("temperature", temperature);
  PONDER_TRY(s.check());
  c.cut = static_cast<SuffixConfig::Cut>(cut);
  c.early = early == 1;
  if (s.has("temperature")) c.temperature = temperature;
  return Owned(new SuffixKernel(e, c));
}

Made make_gibbs(Settings& s, const Energy& e) {
  GibbsConfig c;
  s.read("candidates", 1, c.candidates);
  PONDER_TRY(s.check());
  return Owned(new GibbsKernel(e, c));
}

Made make_csmc(Settings& s, const Energy& e) {
  ParticlesConfig c;
  s.read("particles", 2, c.n);
  s.read("ess", 0., c.ess);
  s.read("ramp", 0, c.ramp);
  PONDER_TRY(s.check());
  return Owned(new CsmcKernel(e, c));
}

Made make_dmala(Settings& s, const Energy& e) {
  DmalaConfig c;
  s.read_positive("step", c.step);
  c.tune = !s.has("step");
  s.read_positive("uniform", c.uniform);
  s.read("gradient", 0., c.gradient);
  PONDER_TRY(s.check());
  return Owned(new DmalaKernel(e, c));
}

Made make_gwg(Settings& s, const Energy& e) {
  double gradient = 1;
  s.read("gradient", 0., gradient);
  PONDER_TRY(s.check());
  return Owned(new GwgKernel(e, gradient));
}

Made make_pafs(Settings& s, const Energy& e) {
  PafsConfig c;
  s.read("length", 1., c.length);
  c.tune = !s.has("length");
  s.read("gradient", 0., c.gradient);
  PONDER_TRY(s.check());
  return Owned(new PafsKernel(e, c));
}

Block::Kind read_block(Settings& s, Block::Kind block) {
  int word = static_cast<int>(block);
  s.read_word("block", Block::words(), word);
  return static_cast<Block::Kind>(word);
}

Made make_slice(Settings& s, const Energy& e) {
  SliceConfig c;
  c.block = read_block(s, c.block);
  PONDER_TRY(s.check());
  return Owned(new SliceKernel(e, c));
}

Made make_hmc(Settings& s, const Energy& e) {
  HmcConfig c;
  s.read("steps", 1, c.steps);
  s.read_positive("angle", c.angle);
  c.tune = !s.has("angle");
  s.read("force", 0., c.force);
  s.read_positive("tau", c.tau);
  c.block = read_block(s, c.block);
  PONDER_TRY(s.check());
  return Owned(new HmcKernel(e, c));
}

Made make_hmc_token(Settings& s, const Energy& e) {
  HmcTokenConfig c;
  int relaxation = static_cast<int>(c.relaxation);
  s.read("steps", 1, c.steps);
  s.read_positive("step", c.step);
  c.tune = !s.has("step");
  s.read("force", 0., c.force);
  s.read_positive("tau", c.tau);
  s.read("candidates", 1, c.candidates);
  s.read_word("relaxation", {"softmax", "straight-through"}, relaxation);
  c.block = read_block(s, c.block);
  PONDER_TRY(s.check());
  c.relaxation = static_cast<TokenRelaxation::Kind>(relaxation);
  return HmcTokenKernel::make(e, c);
}

template <class K>
Made make_plain(Settings& s, const Energy& e) {
  PONDER_TRY(s.check());
  return Owned(new K(e));
}

const std::map<std::string, Made (*)(Settings&, const Energy&), std::less<>> kMakers{
    {"csmc", make_csmc},
    {"dmala", make_dmala},
    {"exchange", make_plain<ExchangeKernel>},
    {"gibbs", make_gibbs},
    {"gwg", make_gwg},
    {"insert-delete", make_plain<InsertDeleteKernel>},
    {"hmc", make_hmc},
    {"hmc-token", make_hmc_token},
    {"pafs", make_pafs},
    {"slice", make_slice},
    {"suffix", make_suffix},
};

Made make_one(Settings& s, const Energy& e) {
  const auto it = kMakers.find(s.name());
  if (it != kMakers.end()) return it->second(s, e);
  std::vector<std::string> names;
  for (const auto& [name, maker] : kMakers) names.push_back(name);
  const std::string near = nearest(s.name(), names, 3);
  return Error{Code::kInvalid, fmt::format("one of the kernels {}", fmt::join(names, ", ")), s.name(), "kernel",
               near.empty() ? "" : "did you mean " + near + "?"};
}

}  // namespace

Made make_kernel(std::string_view spec, const Energy& e) {
  PONDER_ASSIGN(std::vector<Settings> components, parse_spec(spec, "kernel"));
  std::vector<std::shared_ptr<Kernel>> parts;
  for (Settings& s : components) {
    PONDER_ASSIGN(auto kernel, make_one(s, e));
    if (components.size() == 1 && s.count() == 1) return kernel;
    parts.insert(parts.end(), s.count(), std::shared_ptr<Kernel>(std::move(kernel)));
  }
  return Owned(new Cycle(std::move(parts)));
}

}  // namespace ponder
