// Completion scripts, with one function per shell, and the man page.
#include "completion.h"

#include <algorithm>

namespace ponder::app {
namespace {

std::vector<std::string> dashed(const OptionRow& o) {
  std::vector<std::string> all;
  for (const std::string& s : o.shorts) all.push_back("-" + s);
  for (const std::string& l : o.longs) all.push_back("--" + l);
  return all;
}

std::string joined(const std::vector<std::string>& parts, const std::string& bar) {
  std::string s;
  for (const std::string& p : parts) s += (s.empty() ? "" : bar) + p;
  return s;
}

// Makes a text safe inside single quotes in any of the shells.
std::string unquoted(std::string s) {
  std::replace(s.begin(), s.end(), '\'', '`');
  std::replace(s.begin(), s.end(), '\n', ' ');
  return s;
}

// A case of the bash script: patterns COMMAND:FLAG, and what to offer for the value.
std::string bash_case(const CommandRow& c, const OptionRow& o) {
  std::vector<std::string> patterns;
  for (const std::string& name : dashed(o)) patterns.push_back(c.name + ":" + name);
  const std::string words = joined(o.choices, " ");
  return "    " + joined(patterns, "|") + ") " +
         (o.file           ? "_ponder_files"
          : !words.empty() ? "COMPREPLY=($(compgen -W '" + words + "' -- \"$cur\"))"
                           : ":") +
         "; return ;;\n";
}

std::string bash(const std::vector<CommandRow>& commands) {
  std::string names, flags, values;
  for (const CommandRow& c : commands) {
    names += c.name + " ";
    std::vector<std::string> all;
    for (const OptionRow& o : c.options) {
      for (const std::string& l : o.longs) all.push_back("--" + l);
      if (!o.value.empty() && !o.longs.empty()) values += bash_case(c, o);
    }
    flags += "    " + c.name + ") flags='" + joined(all, " ") + "' ;;\n";
  }
  return R"(# Completion of ponder's commands and flags for bash; written by `ponder --completion bash`.
_ponder_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_ponder() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ')" +
         names + R"(--help --version' -- "$cur"))
    return
  fi
  case $command:$prev in
)" + values +
         R"(  esac
  case $command in
)" + flags +
         R"(  esac
  [[ $cur != -* ]] || COMPREPLY=($(compgen -W "$flags" -- "$cur"))
}
complete -F _ponder ponder
)";
}

std::string zsh(const std::vector<CommandRow>& commands) {
  std::string names, cases;
  const auto plain = [](const std::string& s) {  // escapes a text for _arguments or _describe
    std::string o;
    for (char c : unquoted(s))
      o += (std::string("[]:\\").find(c) != std::string::npos ? "\\" : "") + std::string(1, c);
    return o;
  };
  for (const CommandRow& c : commands) {
    names += "    '" + c.name + ":" + plain(c.description) + "'\n";
    cases += "    " + c.name + ") _arguments";
    for (const OptionRow& o : c.options) {
      if (o.longs.empty()) continue;
      const auto all = dashed(o);
      const std::string what = o.value.empty() ? ""
                               : o.file        ? ":file:_files"
                                        : ":" + o.longs[0] + ":(" + joined(o.choices, " ") + ")";
      const std::string others = joined(all, " ");
      for (const std::string& name : all) {
        cases += " \\\n      '(";
        cases.append(others).append(")").append(name);
        cases.append("[").append(plain(o.description)).append("]").append(what).append("'");
      }
    }
    cases += " ;;\n";
  }
  return "#compdef ponder\n# Completion of ponder's commands and flags for zsh; written by `ponder "
         "--completion zsh`.\n"
         "_ponder() {\n  local -a commands=(\n" +
         names +
         "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
         "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n" +
         cases + "  esac\n}\n_ponder \"$@\"\n";
}

std::string fish(const std::vector<CommandRow>& commands) {
  std::string s =
      "# Completion of ponder's commands and flags for fish; written by `ponder --completion "
      "fish`.\n"
      "complete -c ponder -f\n";
  const auto quoted = [](const std::string& t) {
    std::string o;
    for (char c : unquoted(t)) o += (c == '\\' ? "\\" : "") + std::string(1, c);
    return "'" + o + "'";
  };
  for (const CommandRow& c : commands) {
    s += "complete -c ponder -n __fish_use_subcommand -a " + c.name + " -d " +
         quoted(c.description) + "\n";
    for (const OptionRow& o : c.options) {
      if (o.longs.empty()) continue;
      s += "complete -c ponder -n '__fish_seen_subcommand_from " + c.name + "'";
      for (const std::string& x : o.shorts) s += " -s " + x;
      for (const std::string& l : o.longs) s += " -l " + l;
      if (!o.value.empty()) s += o.file ? " -r -F" : " -x";
      if (!o.choices.empty()) s += " -a " + quoted(joined(o.choices, " "));
      s += " -d " + quoted(o.description) + "\n";
    }
  }
  return s;
}

// Escapes a text for roff: dashes must not be broken or typeset, and no line may begin with a
// control character.
std::string roff(const std::string& text) {
  std::string o;
  for (char c : text) {
    if ((c == '.' || c == '\'') && (o.empty() || o.back() == '\n')) o += "\\&";
    o += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return o;
}

std::string man_command(const CommandRow& c) {
  const auto lone = [](const OptionRow& o) { return o.longs.empty(); };
  const bool asks = std::any_of(c.options.begin(), c.options.end(), lone);
  std::string s = ".SS " + c.name + "\n.B ponder " + c.name + "\n.RI [ FLAGS ]" +
                  (asks ? "\n.I PROMPT" : "") + "\n.PP\n" + roff(c.description) + ".\n";
  for (const OptionRow& o : c.options) {
    if (lone(o)) continue;
    s += ".TP\n.B " + roff(o.names()) + "\n" + roff(o.description) +
         (o.default_value.empty() ? "" : roff(" (default: " + o.default_value + ")")) + "\n";
  }
  if (!c.notes.empty()) s += ".PP\n" + roff(c.notes) + "\n";
  if (!c.requests.empty()) s += ".PP\n" + roff("--input takes " + c.requests) + ".\n";
  s += ".PP\n.nf\n";
  for (const std::string& e : c.examples) s += roff(e) + "\n";
  return s + ".fi\n";
}

}  // namespace

std::string completion_script(const std::vector<CommandRow>& commands, const std::string& shell) {
  return shell == "zsh" ? zsh(commands) : shell == "fish" ? fish(commands) : bash(commands);
}

std::string man_page(const std::vector<CommandRow>& commands, const std::string& version) {
  std::string s =
      ".TH PONDER 1 \"\" \"ponder " + version + "\" \"User Commands\"\n.SH NAME\nponder \\- " +
      "finds likelier replies of a language model, proves them, samples them\n.SH SYNOPSIS\n"
      ".B ponder\n.I COMMAND\n.RI [ FLAGS ]\n.RI [ PROMPT ]\n.SH COMMANDS\n";
  std::string texts;
  for (const CommandRow& c : commands) {
    s += man_command(c);
    texts += c.notes;
    for (const OptionRow& o : c.options) texts += o.description + "\n";
  }
  s += ".SH WORDS\n";
  for (const Word& w : words_in(texts))
    s += ".TP\n.B " + roff(w.word) + "\n" + roff(w.meaning) + "\n";
  return s +
         ".SH ENVIRONMENT\nEvery long flag is also read from\n.BR PONDER_FLAG ,\n"
         "as PONDER_MAX_LENGTH for \\-\\-max\\-length; the flag beats it.\n.B NO_COLOR\nis "
         "honoured.\n"
         ".SH EXIT STATUS\n.TP\n.B 0\ndone; a budget used up is done\n.TP\n.B 1\nfailed while "
         "running\n.TP\n.B 2\n"
         "bad usage or bad input\n.TP\n.BR 130 \", \" 143\nended by SIGINT, SIGTERM\n";
}

}  // namespace ponder::app
