// Routes: the table, the answers that need little, and the jobs.
#include "serve/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <random>

#include "ponder/wire.h"
#include "serve/completions.h"
#include "serve/embedded.h"
#include "serve/gate.h"

namespace ponder::serve {
namespace {

std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t any_seed() {
  // 2^53: exact in every client's numbers
  static std::random_device device;
  return ((static_cast<std::uint64_t>(device()) << 32) | device()) >> 11;
}

HttpReply error_reply(const ApiError& e) { return {.status = e.status, .body = e.body}; }

// A client that left is no failure; 499 is what others call it.
HttpReply failed(const Error& e) {
  if (e.code == Code::kCancelled) return error_reply(api_error(499, e.message(), "cancelled"));
  return error_reply(api_error(e));
}

}  // namespace

const Routes::Route* Routes::find(const std::string& path, const std::string& method,
                                  const char*& known) {
  static constexpr Route kRoutes[] = {
      {"GET", "/health", &Routes::health, false},
      {"GET", "/v1/models", &Routes::models, false},
      {"GET", "/tokenizer_info", &Routes::tokenizer_info, false},
      {"GET", "/v1/tokenizer_info", &Routes::tokenizer_info, false},
      {"GET", "/metrics", &Routes::metrics, false},
      {"GET", "/openapi.json", &Routes::openapi, false},
      {"POST", "/tokenize", &Routes::tokenize, false},
      {"POST", "/v1/tokenize", &Routes::tokenize, false},
      {"POST", "/detokenize", &Routes::detokenize, false},
      {"POST", "/v1/completions", &Routes::completions, true},
      {"POST", "/v1/chat/completions", &Routes::chat, true},
      {"POST", "/v1/decisions", &Routes::decisions, true},
      {"POST", "/v1/answers", &Routes::answers, true},
  };
  known = nullptr;
  for (const Route& r : kRoutes) {
    if (path != r.path) continue;
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

void Routes::send(Exchange& x, HttpReply r) {
  const char* known = nullptr;
  find(x.request().path, "", known);
  metrics_.count_request(known ? x.request().path : "other", r.status);
  x.reply(std::move(r));
}

void Routes::handle(const std::shared_ptr<Exchange>& x) {
  const HttpRequest& r = x->request();
  if (const auto no = refusal(r, options_)) return send(*x, error_reply(*no));
  const char* known = nullptr;
  const Route* route = find(r.path, r.method, known);
  if (!route && known) {
    const std::string got = ", got " + r.method.substr(0, 20);
    HttpReply other = error_reply(api_error(405, std::string("expected ") + known + got, ""));
    other.headers.emplace_back("Allow", known);
    return send(*x, std::move(other));
  }
  if (!route)
    return send(*x, error_reply(api_error(404,
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
    return send(*x, std::move(busy));
  }
  ++waiting_;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(open_, [](const auto& w) { return w.expired(); });
    open_.push_back(x);
  }
  boost::asio::post(jobs_, [this, x, &route] {
    --waiting_;
    ++running_;
    answer(*x, route);
    --running_;
  });
}

// Exceptions, such as one for want of memory, must not take the server with them.
void Routes::answer(Exchange& x, const Route& route) {
  try {
    auto reply = (this->*route.answer)(x);
    if (!reply.ok()) return send(x, failed(reply.error()));
    if (!reply->body.empty()) return send(x, std::move(*reply));
    metrics_.count_request(x.request().path, reply->status);  // it was streamed
  } catch (const std::exception& e) {
    send(x, error_reply(api_error(500, fmt::format("expected to finish, got: {}", e.what()), "")));
  }
}

void Routes::cancel_all() {
  const std::scoped_lock lock(mutex_);
  for (const auto& w : open_)
    if (const auto x = w.lock()) x->leave();
}

CompletionId Routes::new_id(const char* kind) {
  return {fmt::format("{}-{:x}-{}", kind, started_, ++ids_), now(), options_.model};
}

Result<HttpReply> Routes::health(Exchange&) { return HttpReply{.body = R"({"status":"ok"})"}; }

Result<HttpReply> Routes::models(Exchange&) {
  return HttpReply{
      .body = models_body({.created = started_, .model = options_.model}, session_->n_ctx())};
}

Result<HttpReply> Routes::tokenizer_info(Exchange&) {
  return HttpReply{.body = tokenizer_body(session_->text())};
}

Result<HttpReply> Routes::metrics(Exchange&) {
  return HttpReply{.body = metrics_.text(*session_, running_, waiting_),
                   .type = "application/openmetrics-text; version=1.0.0; charset=utf-8"};
}

Result<HttpReply> Routes::openapi(Exchange&) { return HttpReply{.body = std::string(kOpenApi)}; }

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
  return answer_completions(*session_, call, new_id("cmpl"), x);
}

Result<HttpReply> Routes::chat(Exchange& x) {
  PONDER_ASSIGN(CompletionCall call, parse_chat_call(x.request().body));
  if (!call.seed) call.seed = any_seed();
  return answer_completions(*session_, call, new_id("chatcmpl"), x);
}

Result<HttpReply> Routes::decisions(Exchange& x) {
  PONDER_ASSIGN(const DecideRequest r, parse_decide_request(x.request().body));
  const auto session = session_->caller(&x.gone());
  auto answers = session->decide({&r, 1});
  PONDER_TRY(answers[0].status());
  return HttpReply{.body = to_json(*answers[0])};
}

Result<HttpReply> Routes::answers(Exchange& x) {
  PONDER_ASSIGN(AnswerRequest r,
                parse_answer_call(x.request().body, session_->text().tokenizer().n_vocab()));
  r.budget.stop = &x.gone();
  const auto session = session_->caller(&x.gone());
  PONDER_ASSIGN(const AnswerReport a, session->answer(r));
  return HttpReply{.body = to_json(a)};
}

}  // namespace ponder::serve
