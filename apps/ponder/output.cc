// Checked output and the JSON of answers.
#include "output.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "ponder/notes.h"

namespace ponder::app {
namespace {

int g_errno = 0;  // of the first write that failed

void note(bool ok) {
  if (!ok && g_errno == 0) g_errno = errno;
}

// Names the claim. One that speaks only of replies of at least `shortest` tokens has a name of its own.
std::string claim_name(const Certificate& c) {
  std::string claim(to_string(c.claim));
  if (c.shortest <= 1) return claim;
  return c.claim == Certificate::Claim::kAnyLength ? "like-length" : "like-length-" + claim;
}

}  // namespace

void write(std::string_view s) {
  if (!output_broken()) note(std::fwrite(s.data(), 1, s.size(), stdout) == s.size());
}
void write_line(std::string_view s) {
  write(s);
  write("\n");
  flush();
}
void flush() {
  if (!output_broken()) note(std::fflush(stdout) == 0);
}
bool output_broken() { return g_errno != 0; }
Status output_status() {
  if (g_errno == 0 || g_errno == EPIPE) return {};
  return Error{Code::kIo, "to write to stdout", std::strerror(g_errno), "output",
               "free some space, or write elsewhere"};
}

std::string one_line(const std::string& s) {
  std::string o;
  for (char c : s) {
    if (c == '\n')
      o += "\\n";
    else if (static_cast<unsigned char>(c) < 32 || c == 127)
      o += ' ';
    else
      o += c;
  }
  return o;
}

int exit_code(const Error& e) {
  return e.code == Code::kInvalid || e.code == Code::kNotFound || e.code == Code::kUnsupported ? 2 : 1;
}

Json cost_json(const Cost& c, double seconds) {
  return {{"tokens_decoded", c.tokens_decoded},
          {"tokens_scored", c.tokens_scored},
          {"tokens_backward", c.tokens_backward},
          {"seconds", seconds}};
}

Json certificate_json(const Certificate& c) {
  const auto finite = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
  return {{"status", to_string(c.status)}, {"claim", claim_name(c)}, {"gap", finite(c.gap)},
          {"margin", finite(c.margin)},    {"horizon", c.horizon},   {"shortest", c.shortest},
          {"expanded", c.expanded}};
}

Json reply_json(const Reply& r, const Text& t) {
  return {{"reply", t.reply_text(r.tokens)},   {"reply_ids", r.tokens}, {"logprob", r.logprob},
          {"n_tokens", r.tokens.size()},       {"ended", r.ended},      {"repetition", repeated_share(r.tokens)},
          {"canonical", t.canonical(r.tokens)}};
}

void add_run(Json& j, const Engine& e, const ReplyLaw& law, const Cost& cost, double seconds, std::uint64_t seed) {
  j["target"] = to_string(law.target());
  j["cost"] = cost_json(cost, seconds);
  j["seed"] = seed;
  j["precision"] = to_string(e.model->info().precision);
  j["model"] = {{"file", std::filesystem::path(e.text.file->path()).filename().string()},
                {"sha256", e.text.file->sha256().substr(0, 16)}};
  j["version"] = PONDER_VERSION;
}

void add_notes(Json& j, const Prompt& p) {
  for (const std::string& note : p.notes) j["notes"].push_back(note);
  if (j["reply"].get_ref<const std::string&>().empty() && j["ended"] == true)
    j["notes"].push_back("the reply is empty: its first token is the end token");
}

}  // namespace ponder::app
