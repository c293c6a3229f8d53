// ponder serve: the model behind OpenAI's API, over HTTP.
#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "args.h"
#include "open_model.h"
#include "output.h"
#include "ponder/core/files.h"
#include "serve/server.h"

namespace ponder::app {
namespace {

struct ServeArgs {
  ModelArgs model;
  serve::ServeOptions options;
  std::string key_file;
  std::int64_t kv_megabytes = 0;
};

// One key a line.
Status read_keys(const std::string& path, std::vector<std::string>& keys) {
  PONDER_ASSIGN(const std::string text, read_file(path));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) keys.push_back(line);
  }
  if (keys.empty())
    return Error{Code::kInvalid, "a file with one key a line", "an empty one", path, ""};
  return {};
}

std::string url(const serve::ServeOptions& o, int port) {
  const bool v6 = o.host.find(':') != std::string::npos;
  return (o.certificate_file.empty() ? "http://" : "https://") +
         (v6 ? "[" + o.host + "]" : o.host) + ":" + std::to_string(port);
}

bool is_loopback(const std::string& host) { return host == "::1" || host.starts_with("127."); }

Result<int> run_serve(ServeArgs& a) {
  if (!a.key_file.empty()) PONDER_TRY(read_keys(a.key_file, a.options.keys));
  PONDER_ASSIGN(auto shared, open_shared(a.model, a.kv_megabytes << 20));
  if (a.options.model.empty()) a.options.model = shared->text().file().name();
  work_begins();
  PONDER_TRY(serve::run_server(shared, a.options, stop_flag(), [&](int port) {
    std::cerr << "ponder: serving " << a.options.model << " at " << url(a.options, port)
              << "/v1, Ctrl-C ends it\n";
    if (a.options.keys.empty() && !is_loopback(a.options.host))
      std::cerr << "ponder: whoever reaches this machine may ask it; --api-key-file restricts it\n";
  }));
  return 0;
}

}  // namespace

Run add_serve(CLI::App& app) {
  auto a = std::make_shared<ServeArgs>();
  a->model.add(app, true);
  serve::ServeOptions& o = a->options;
  app.add_option("--host", o.host, "address to listen at");
  app.add_option("--port", o.port, "port to listen at; 0: any that is free");
  app.add_option("--alias", o.model, "name of the model in answers (default: its file's)");
  app.add_option("--api-key-file", a->key_file,
                 "file of keys, one a line; a request must show one");
  app.add_option("--allow-host", o.hosts,
                 "a name that clients may call this server by, besides localhost and addresses");
  app.add_option("--jobs", o.jobs, "requests that are worked on at the same time")
      ->check(CLI::Range(1, 1024));
  app.add_option("--queue", o.queue, "requests that may wait for them")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--time-limit", o.time_limit,
                 "seconds of a request's work, after which it ends with what there is; 0: no limit")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--kv-memory", a->kv_megabytes,
                 "MB for the keys and values of all requests together (default: those of two "
                 "contexts, and at most half of the free memory)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30));
  auto* certificate =
      app.add_option("--tls-cert", o.certificate_file, "file of a certificate chain, PEM: https");
  auto* key = app.add_option("--tls-key", o.private_key_file, "file of its private key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  app.footer(
      "The API is OpenAI's: completions with echo and log-probabilities, chat completions, "
      "streams; "
      "and decisions and answers. docs/serve.md tells all paths.\n"
      "Examples:\n  ponder serve --port 8090\n  ponder serve --host 0.0.0.0 --port 8091 "
      "--api-key-file keys.txt");
  return [a]() -> Result<int> { return run_serve(*a); };
}

}  // namespace ponder::app
