// Requests as JSON lines: reading them one by one, and answering a broken one in its place.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ponder/wire.h"
#include "session.h"

namespace ponder::app {

using Json = nlohmann::ordered_json;

/// The prompt of a request: messages | question (and system) | prompt | prompt_ids. Fails (Failure) when it has not
/// exactly one of them. `raw`: -no-cnv was given, so that raw text is no surprise.
Prompt request_prompt(const Json&, const Text&, bool raw, std::string* rendered = nullptr);
/// Reply ids of a request: reply | reply_ids, with the end token when "end" is true; nullopt: no reply.
std::optional<std::vector<Token>> request_reply(const Json&, const Text&);
void write_json(const Json&);
std::vector<Token> ids_of(const Json& array, const std::string& key, int n_vocab);

/// Calls fn(line number, object) for every line of `input`; what it throws as Failure, and lines that are no JSON
/// objects, go to on_error(line number, message) instead. Unknown keys are errors.
/// Calls idle(), where given, before every wait for more input: those who work in batches answer then what they have.
/// Returns the exit code.
int for_lines(const std::string& input, const std::function<void(int, const Json&)>& fn,
              const std::function<void(int, const std::string&)>& on_error, const std::function<void()>& idle = {});

}  // namespace ponder::app
