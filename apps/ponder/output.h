// What goes to stdout: checked writes, JSON objects of replies and certificates, spelling help.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jsonl.h"
#include "ponder/search.h"

namespace ponder::app {

/// Writes to stdout. After a failure nothing more is written: output_broken() says so, output_status() why.
void write(std::string_view);
/// The text, a line end, and what was written before: to the reader, now.
void write_line(std::string_view);
void flush();
/// Nobody reads any more, or nothing can be written: there is no need to go on.
bool output_broken();
/// Errors: kIo, e.g. a full disk. A reader that has gone is no error: the program ends quietly.
Status output_status();

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
