// Routes: which path answers what. Handlers compute nothing: they read a body, ask a session, and
// write a body.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <string>

#include "ponder/openai.h"
#include "ponder/shared_session.h"
#include "serve/exchange.h"
#include "serve/metrics.h"
#include "serve/options.h"
#include "serve/thinking.h"

namespace ponder::serve {

class Routes {
 public:
  Routes(std::shared_ptr<SharedSession>, const ServeOptions&);
  ~Routes();
  /// Answers now, or on a job thread.
  void handle(const std::shared_ptr<Exchange>&);
  int running() const { return running_; }
  int waiting() const { return waiting_; }
  /// Every job ends within a pass.
  void cancel_all();
  /// Ends the jobs that have had their time and more. To be called now and then.
  void expire();
  /// Waits for all jobs.
  void join() { jobs_.join(); }

 private:
  // A reply without a body: the answer was a stream, or is one that goes on.
  using Answer = Result<HttpReply> (Routes::*)(Exchange&);
  struct Route {
    const char *method, *path;  // {id} in a path: any id
    Answer answer;
    bool job;  // may take long: not on the I/O thread
  };
  /// known: the method that the path has; null where there is no such path.
  static const Route* find(const std::string& path, const std::string& method, const char*& known);
  struct Job {
    std::shared_ptr<Exchange> exchange;
    // When it must have ended; not known before its work begins.
    std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
  };
  void start_job(const std::shared_ptr<Exchange>&, const Route&);
  void begin(Job&);
  void answer(Exchange&, const Route&);
  // route: null where the request has none.
  void send(Exchange&, const Route*, HttpReply);

  Result<HttpReply> health(Exchange&);
  Result<HttpReply> models(Exchange&);
  Result<HttpReply> tokenizer_info(Exchange&);
  Result<HttpReply> props(Exchange&);
  Result<HttpReply> metrics(Exchange&);
  Result<HttpReply> openapi(Exchange&);
  Result<HttpReply> page(Exchange&);
  Result<HttpReply> tokenize(Exchange&);
  Result<HttpReply> detokenize(Exchange&);
  Result<HttpReply> completions(Exchange&);
  Result<HttpReply> chat(Exchange&);
  Result<HttpReply> decisions(Exchange&);
  Result<HttpReply> systemone(Exchange&);
  Result<HttpReply> answers(Exchange&);
  Result<HttpReply> think(Exchange&);
  Result<HttpReply> think_events(Exchange&);
  Result<HttpReply> think_control(Exchange&);
  Result<HttpReply> think_drop(Exchange&);
  Result<std::shared_ptr<Thinking>> thinking(const Exchange&) const;
  /// What is asked, by one caller of the session.
  Result<DecideAnswer> decide(const DecideRequest&, Exchange&);
  CompletionId new_id(const char* kind);
  CompletionId model_id() const { return {.created = started_, .model = options_.model}; }
  void limit(Budget&) const;

  std::shared_ptr<SharedSession> session_;
  const ServeOptions& options_;
  Metrics metrics_;
  ThinkStore thinkings_;
  std::int64_t started_ = 0;  // seconds since 1970
  std::atomic<std::uint64_t> ids_{0};
  std::atomic<int> running_{0}, waiting_{0};
  std::mutex mutex_;
  std::list<Job> open_;  // waiting and running
  boost::asio::thread_pool jobs_;
};

}  // namespace ponder::serve
