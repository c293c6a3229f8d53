// What goes to stdout: checked writes, JSON objects of replies and certificates, spelling help.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jsonl.h"
#include "ponder/search.h"

namespace ponder::app {

/// Thrown when the reader of stdout has gone: the program ends quietly.
struct ClosedPipe {};
/// Writes to stdout; fails (Failure, exit 1) when it cannot be written, e.g. a full disk.
void write(std::string_view);
void write_line(const Json&);
void flush();

/// A reply on one line: control characters shown as escapes or spaces.
std::string one_line(const std::string&);

int exit_code(const Error&);  // 1 or 2

Json cost_json(const Cost&, double seconds);
Json certificate_json(const Certificate&);
/// reply, reply_ids, logprob, n_tokens, ended, repetition, canonical.
Json reply_json(const Reply&, const Text&);
/// target, cost, seed, precision, model, version: the rest of what every answer has.
void add_run(Json&, const Engine&, const ReplyLaw&, const Cost&, double seconds, std::uint64_t seed);

/// Appends to "notes", which is there only when there is something to note: those of the prompt, and that a reply is
/// empty because the model ended it at once.
void add_notes(Json&, const Prompt&);

}  // namespace ponder::app
