// Routes: the table, the answers that need little, and the jobs.
#include "serve/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <random>

#include "ponder/wire.h"
#include "serve/completions.h"
#include "serve/embedded.h"
#include "serve/gate.h"
#include "serve/think_chat.h"

namespace ponder::serve {
namespace {

// What an answer may take beyond the time of a request, before it is ended without one: searches
// look at their clocks between batches.
constexpr std::chrono::seconds kLateness{10};

std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t any_seed() {
  // 2^53: exact in every client's numbers
  std::random_device device;
  return ((static_cast<std::uint64_t>(device()) << 32) | device()) >> 11;
}

HttpReply error_reply(const ApiError& e) { return {.status = e.status, .body = e.body}; }

// "/v1/think/{id}/events" has one part that may be anything.
bool matches(std::string_view pattern, std::string_view path) {
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == path;
  const auto after = pattern.substr(pattern.find('}') + 1);
  if (!path.starts_with(pattern.substr(0, open)) || !path.ends_with(after)) return false;
  if (path.size() <= open + after.size()) return false;
  const auto id = path.substr(open, path.size() - open - after.size());
  return id.find('/') == std::string_view::npos;
}

// The id in "/v1/think/{id}" and what follows.
std::string id_in(const std::string& path) {
  const std::string rest = path.substr(std::string_view("/v1/think/").size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

const Routes::Route* Routes::find(const std::string& path, const std::string& method,
                                  const char*& known) {
  static constexpr Route kRoutes[] = {
      {"GET", "/health", &Routes::health, false},
      {"GET", "/v1/models", &Routes::models, false},
      {"GET", "/tokenizer_info", &Routes::tokenizer_info, false},
      {"GET", "/v1/tokenizer_info", &Routes::tokenizer_info, false},
      {"GET", "/props", &Routes::props, false},
      {"GET", "/metrics", &Routes::metrics, false},
      {"GET", "/openapi.json", &Routes::openapi, false},
      {"GET", "/", &Routes::page, false},
      {"GET", "/page/{id}", &Routes::page, false},
      {"POST", "/tokenize", &Routes::tokenize, true},
      {"POST", "/v1/tokenize", &Routes::tokenize, true},
      {"POST", "/detokenize", &Routes::detokenize, true},
      {"POST", "/v1/completions", &Routes::completions, true},
      {"POST", "/v1/chat/completions", &Routes::chat, true},
      {"POST", "/v1/decisions", &Routes::decisions, true},
      {"POST", "/v1/systemone", &Routes::systemone, true},
      {"POST", "/v1/answers", &Routes::answers, true},
      {"POST", "/v1/think", &Routes::think, true},
      {"GET", "/v1/think/{id}/events", &Routes::think_events, false},
      {"POST", "/v1/think/{id}/control", &Routes::think_control, false},
      {"DELETE", "/v1/think/{id}", &Routes::think_drop, false},
  };
  known = nullptr;
  for (const Route& r : kRoutes) {
    if (!matches(r.path, path)) continue;
    known = r.method;
    if (method == r.method || (method == "HEAD" && std::string_view(r.method) == "GET")) return &r;
  }
  return nullptr;
}

Routes::Routes(std::shared_ptr<SharedSession> s, const ServeOptions& o)
    : session_(std::move(s)),
      options_(o),
      started_(now()),
      jobs_(static_cast<std::size_t>(std::max(o.jobs, 1))) {}

Routes::~Routes() {
  cancel_all();
  jobs_.join();
}

void Routes::send(Exchange& x, const Route* route, HttpReply r) {
  metrics_.count_request(route ? route->path : "other", r.status);
  x.reply(std::move(r));
}

void Routes::handle(const std::shared_ptr<Exchange>& x) {
  const HttpRequest& r = x->request();
  if (const auto no = refusal(r, options_)) return send(*x, nullptr, error_reply(*no));
  const char* known = nullptr;
  const Route* route = find(r.path, r.method, known);
  if (!route && known) {
    const std::string got = ", got " + r.method.substr(0, 20);
    HttpReply other = error_reply(api_error(405, std::string("expected ") + known + got, ""));
    other.headers.emplace_back("Allow", known);
    return send(*x, nullptr, std::move(other));
  }
  if (!route)
    return send(*x, nullptr,
                error_reply(api_error(404,
                                      "expected a path of this server, got '" +
                                          r.path.substr(0, 100) + "'; docs/serve.md lists them",
                                      "")));
  if (route->job) return start_job(x, *route);
  answer(*x, *route);
}

void Routes::start_job(const std::shared_ptr<Exchange>& x, const Route& route) {
  if (waiting_ >= options_.queue) {
    HttpReply busy = error_reply(
        api_error(429, "expected a place in the queue, got a full one; try again", "queue_full"));
    busy.headers.emplace_back("Retry-After", "1");
    return send(*x, &route, std::move(busy));
  }
  ++waiting_;
  const std::scoped_lock lock(mutex_);
  const auto job = open_.insert(open_.end(), {.exchange = x});
  boost::asio::post(jobs_, [this, job, &route] {
    --waiting_;
    ++running_;
    begin(*job);
    answer(*job->exchange, route);
    const std::scoped_lock end(mutex_);
    open_.erase(job);
    --running_;
  });
}

void Routes::begin(Job& job) {
  if (options_.time_limit <= 0) return;
  const std::chrono::duration<double> most(options_.time_limit);
  const std::scoped_lock lock(mutex_);
  job.end = std::chrono::steady_clock::now() +
            std::chrono::duration_cast<std::chrono::milliseconds>(most) + kLateness;
}

void Routes::expire() {
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  for (const Job& job : open_)
    if (job.end < now) job.exchange->expire();
}

// What has a budget ends by itself, with what it has by then.
void Routes::limit(Budget& b) const {
  if (options_.time_limit > 0) b.seconds = std::min(b.seconds, options_.time_limit);
}

// Exceptions, such as one for want of memory, must not take the server with them.
void Routes::answer(Exchange& x, const Route& route) {
  try {
    auto reply = (this->*route.answer)(x);
    if (!reply.ok()) return send(x, &route, error_reply(failure(reply.error(), x)));
    if (!reply->body.empty()) return send(x, &route, std::move(*reply));
    metrics_.count_request(route.path, reply->status);  // it was streamed
  } catch (const std::exception& e) {
    send(x, &route,
         error_reply(api_error(500, fmt::format("expected to finish, got: {}", e.what()), "")));
  }
}

void Routes::cancel_all() {
  const std::scoped_lock lock(mutex_);
  for (const Job& job : open_) job.exchange->stop();
  thinkings_.cancel_all();
}

CompletionId Routes::new_id(const char* kind) {
  return {fmt::format("{}-{:x}-{}", kind, started_, ++ids_), now(), options_.model};
}

Result<HttpReply> Routes::health(Exchange&) { return HttpReply{.body = R"({"status":"ok"})"}; }

Result<HttpReply> Routes::models(Exchange&) {
  return HttpReply{.body = models_body(model_id(), session_->n_ctx())};
}

Result<HttpReply> Routes::props(Exchange&) {
  return HttpReply{.body =
                       props_body(model_id(), session_->n_ctx(), options_.jobs, session_->text())};
}

Result<HttpReply> Routes::tokenizer_info(Exchange&) {
  return HttpReply{.body = tokenizer_body(session_->text())};
}

// OpenMetrics for those who ask for it, as Prometheus's servers do.
Result<HttpReply> Routes::metrics(Exchange& x) {
  const auto accepted = x.request().headers["Accept"];
  const bool open = accepted.find("application/openmetrics-text") != accepted.npos;
  const auto format = open ? MetricsFormat::kOpenMetrics : MetricsFormat::kText;
  return HttpReply{.body = metrics_.text(*session_, format, running_, waiting_),
                   .type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8"};
}

Result<HttpReply> Routes::openapi(Exchange&) {
  return HttpReply{.body = std::string(embedded("openapi.json"))};
}

// Nothing on the page comes from elsewhere, and nobody else may frame it.
Result<HttpReply> Routes::page(Exchange& x) {
  const std::string path = x.request().path == "/" ? "page/index.html" : x.request().path.substr(1);
  const std::string_view text = embedded(path);
  if (text.empty()) return Error{Code::kNotFound, "a file of the page", path.substr(0, 60), "", ""};
  const std::string type = path.ends_with(".js")    ? "text/javascript"
                           : path.ends_with(".css") ? "text/css"
                           : path.ends_with(".svg") ? "image/svg+xml"
                                                    : "text/html; charset=utf-8";
  return HttpReply{.body = std::string(text),
                   .type = type,
                   .headers = {{"Content-Security-Policy",
                                "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"},
                               {"Referrer-Policy", "no-referrer"}}};
}

Result<HttpReply> Routes::tokenize(Exchange& x) {
  PONDER_ASSIGN(std::string body, tokenize_body(x.request().body, session_->text()));
  return HttpReply{.body = std::move(body)};
}

Result<HttpReply> Routes::detokenize(Exchange& x) {
  PONDER_ASSIGN(std::string body, detokenize_body(x.request().body, session_->text()));
  return HttpReply{.body = std::move(body)};
}

Result<HttpReply> Routes::completions(Exchange& x) {
  PONDER_ASSIGN(CompletionCall call,
                parse_completion_call(x.request().body, session_->text().tokenizer().n_vocab()));
  if (!call.seed) call.seed = any_seed();
  limit(call.settings.budget);
  return answer_completions(*session_, call, new_id("cmpl"), x);
}

Result<HttpReply> Routes::chat(Exchange& x) {
  PONDER_ASSIGN(CompletionCall call, parse_chat_call(x.request().body));
  if (!call.seed) call.seed = any_seed();
  limit(call.think ? call.think->budget : call.settings.budget);
  if (call.think) return answer_think_chat(*session_, call, new_id("chatcmpl"), x);
  return answer_completions(*session_, call, new_id("chatcmpl"), x);
}

Result<DecideAnswer> Routes::decide(const DecideRequest& r, Exchange& x) {
  const auto session = session_->caller(&x.stopped());
  return std::move(session->decide({&r, 1})[0]);
}

Result<HttpReply> Routes::decisions(Exchange& x) {
  PONDER_ASSIGN(const DecideRequest r, parse_decide_request(x.request().body));
  PONDER_ASSIGN(const DecideAnswer a, decide(r, x));
  return HttpReply{.body = to_json(a)};
}

Result<HttpReply> Routes::systemone(Exchange& x) {
  PONDER_ASSIGN(const DecideRequest r, parse_systemone_request(x.request().body));
  PONDER_ASSIGN(const DecideAnswer a, decide(r, x));
  return HttpReply{.body = systemone_json(a)};
}

Result<HttpReply> Routes::answers(Exchange& x) {
  PONDER_ASSIGN(AnswerRequest r,
                parse_answer_call(x.request().body, session_->text().tokenizer().n_vocab()));
  r.budget.stop = &x.stopped();
  limit(r.budget);
  const auto session = session_->caller(&x.stopped());
  PONDER_ASSIGN(const AnswerReport a, session->answer(r));
  return HttpReply{.body = to_json(a)};
}

Result<HttpReply> Routes::think(Exchange& x) {
  PONDER_ASSIGN(ThinkCall call,
                parse_think_call(x.request().body, session_->text().tokenizer().n_vocab()));
  limit(call.request.budget);
  const auto t = thinkings_.add(new_id("think").id);
  if (call.stream) t->watch(x.shared_from_this(), 0);
  // Without a stream nobody could come back.
  auto record =
      think_aloud(*session_, std::move(call.request), *t, call.stream ? t->cancel : x.stopped(), x);
  if (call.stream) return HttpReply{};
  thinkings_.erase(t->id());
  PONDER_TRY(record.status());
  return HttpReply{.body = std::move(*record)};
}

Result<std::shared_ptr<Thinking>> Routes::thinking(const Exchange& x) const {
  const std::string id = id_in(x.request().path);
  auto t = thinkings_.find(id);
  if (t) return t;
  return Error{Code::kNotFound, "the id of a search", "'" + id.substr(0, 60) + "'", "path",
               "it was dropped, or ended long ago"};
}

Result<HttpReply> Routes::think_events(Exchange& x) {
  PONDER_ASSIGN(const auto t, thinking(x));
  const std::string last(x.request().headers["Last-Event-ID"]);
  t->watch(x.shared_from_this(), std::atoll(last.c_str()));
  return HttpReply{};
}

Result<HttpReply> Routes::think_control(Exchange& x) {
  PONDER_ASSIGN(const auto t, thinking(x));
  PONDER_TRY(check_control(x.request().body));
  t->finish = true;
  return HttpReply{.body = R"({"status":"finishing"})"};
}

Result<HttpReply> Routes::think_drop(Exchange& x) {
  PONDER_ASSIGN(const auto t, thinking(x));
  t->cancel = true;
  thinkings_.erase(t->id());
  return HttpReply{.body = R"({"status":"dropped"})"};
}

}  // namespace ponder::serve
