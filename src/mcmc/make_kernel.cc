// Makes kernels by name. Only this file has the list of kernels and the names of their settings.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mcmc/csmc.h"
#include "mcmc/cycle.h"
#include "mcmc/dmala.h"
#include "mcmc/exchange.h"
#include "mcmc/gibbs.h"
#include "mcmc/hmc.h"
#include "mcmc/hmc_token.h"
#include "mcmc/insert_delete.h"
#include "mcmc/kernel_part.h"
#include "mcmc/pafs.h"
#include "mcmc/slice.h"
#include "mcmc/spec.h"
#include "mcmc/suffix.h"
#include "ponder/core/spelling.h"

namespace ponder {
namespace {

using Part = KernelSpec::Part;

Result<Part> read_suffix(Settings& s) {
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
  return kernel_part<SuffixKernel>(c);
}

Result<Part> read_gibbs(Settings& s) {
  GibbsConfig c;
  s.read("candidates", 1, c.candidates);
  PONDER_TRY(s.check());
  return kernel_part<GibbsKernel>(c);
}

Result<Part> read_csmc(Settings& s) {
  ParticlesConfig c;
  s.read("particles", 2, c.n);
  s.read("ess", 0., c.ess);
  s.read("ramp", 0, c.ramp);
  PONDER_TRY(s.check());
  return kernel_part<CsmcKernel>(c);
}

Result<Part> read_dmala(Settings& s) {
  DmalaConfig c;
  s.read_positive("step", c.step);
  c.tune = !s.has("step");
  s.read_positive("uniform", c.uniform);
  s.read("gradient", 0., c.gradient);
  PONDER_TRY(s.check());
  return kernel_part<DmalaKernel>(c);
}

Result<Part> read_gwg(Settings& s) {
  double gradient = 1;
  s.read("gradient", 0., gradient);
  PONDER_TRY(s.check());
  return kernel_part<GwgKernel>(gradient);
}

Result<Part> read_pafs(Settings& s) {
  PafsConfig c;
  s.read("length", 1., c.length);
  c.tune = !s.has("length");
  s.read("gradient", 0., c.gradient);
  PONDER_TRY(s.check());
  return kernel_part<PafsKernel>(c);
}

Block::Kind read_block(Settings& s, Block::Kind block) {
  int word = static_cast<int>(block);
  s.read_word("block", Block::words(), word);
  return static_cast<Block::Kind>(word);
}

Result<Part> read_slice(Settings& s) {
  SliceConfig c;
  c.block = read_block(s, c.block);
  PONDER_TRY(s.check());
  return kernel_part<SliceKernel>(c);
}

Result<Part> read_hmc(Settings& s) {
  HmcConfig c;
  s.read("steps", 1, c.steps);
  s.read_positive("angle", c.angle);
  c.tune = !s.has("angle");
  s.read("force", 0., c.force);
  s.read_positive("tau", c.tau);
  c.block = read_block(s, c.block);
  PONDER_TRY(s.check());
  return kernel_part<HmcKernel>(c);
}

Result<Part> read_hmc_token(Settings& s) {
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
  return kernel_part(c);
}

template <class K>
Result<Part> read_plain(Settings& s) {
  PONDER_TRY(s.check());
  return kernel_part<K>();
}

Result<Part> read_exchange(Settings& s) {
  PONDER_ASSIGN(Part part, read_plain<ExchangeKernel>(s));
  part.ladder = true;
  return part;
}

const std::map<std::string, Result<Part> (*)(Settings&), std::less<>> kKernels{
    {"csmc", read_csmc},         {"dmala", read_dmala},
    {"exchange", read_exchange}, {"gibbs", read_gibbs},
    {"gwg", read_gwg},           {"insert-delete", read_plain<InsertDeleteKernel>},
    {"hmc", read_hmc},           {"hmc-token", read_hmc_token},
    {"pafs", read_pafs},         {"slice", read_slice},
    {"suffix", read_suffix},
};

Result<Part> read_one(Settings& s) {
  const auto it = kKernels.find(s.name());
  if (it != kKernels.end()) return it->second(s);
  std::vector<std::string> names;
  for (const auto& [name, reader] : kKernels) names.push_back(name);
  return Error{Code::kInvalid, fmt::format("one of the kernels {}", fmt::join(names, ", ")),
               s.name(), "kernel", did_you_mean(s.name(), names, 3)};
}

}  // namespace

Result<KernelSpec> KernelSpec::parse(std::string_view text) {
  PONDER_ASSIGN(std::vector<Settings> components, parse_spec(text, "kernel"));
  std::vector<Part> parts;
  for (Settings& s : components) {
    PONDER_ASSIGN(Part part, read_one(s));
    part.count = s.count();
    parts.push_back(std::move(part));
  }
  return KernelSpec(std::move(parts));
}

Result<std::unique_ptr<Kernel>> KernelSpec::make(const Energy& e) const {
  if (!parts_ || parts_->empty())
    return Error{Code::kInvalid, "a kernel at least", "none", "kernel", ""};
  if (parts_->size() == 1 && parts_->front().count == 1) return parts_->front().make(e);
  std::vector<std::shared_ptr<Kernel>> kernels;
  for (const Part& part : *parts_) {
    PONDER_ASSIGN(auto kernel, part.make(e));
    kernels.insert(kernels.end(), part.count, std::shared_ptr<Kernel>(std::move(kernel)));
  }
  return std::unique_ptr<Kernel>(new Cycle(std::move(kernels)));
}

bool KernelSpec::wants_ladder() const {
  return parts_ &&
         std::any_of(parts_->begin(), parts_->end(), [](const Part& p) { return p.ladder; });
}

Result<std::unique_ptr<Kernel>> make_kernel(std::string_view text, const Energy& e) {
  PONDER_ASSIGN(const KernelSpec spec, KernelSpec::parse(text));
  return spec.make(e);
}

}  // namespace ponder
