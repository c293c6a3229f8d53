// A search whose events Python reads while it runs: a queue between the search's thread and who
// reads. Whoever closes it early ends the search within a pass.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <deque>

#include "bindings.h"
#include "ponder/openai.h"
#include "ponder/wire.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

class ThinkStream {
 public:
  using Event = std::pair<std::string, std::string>;  // name, data

  ThinkStream(Model& m, ThinkRequest r)
      : model_(m),
        text_(m.opened()->shared_text()),
        request_(std::move(r)),
        caller_(m.lend()),
        interrupts_(caller_->flags, true),
        worker_([this] { search(); }) {}
  ThinkStream(const ThinkStream&) = delete;
  ThinkStream& operator=(const ThinkStream&) = delete;
  ~ThinkStream() {
    try {
      close();
    } catch (...) {  // what the search has thrown: nobody is there to be told
      if (caller_) model_.forget(*caller_);
    }
  }

  /// The next event; none after the last one.
  std::optional<Event> next() {
    while (true) {
      if (auto event = take()) return event;
      if (!caller_) return {};
      if (worker_.wait() && !waiting()) return end();
      interrupts_.poll();
    }
  }
  void finish() {
    if (caller_) caller_->flags.finish = true;
  }
  bool stopped() const { return stopped_; }
  void close() {
    if (!caller_) return;
    caller_->flags.cancel = true;
    worker_.join();
    give_back();
    events_.clear();
  }

 private:
  // On the thread of the search.
  void search() {
    ThinkTeller teller(text_, [this](const std::string& name, const std::string& data) {
      const std::scoped_lock lock(mutex_);
      events_.emplace_back(name, data);
    });
    teller.listen(request_);
    request_.logprobs = true;
    request_.budget.stop = &caller_->flags.finish;
    const auto answer = caller_->session->think(request_);
    stopped_ = caller_->flags.finish.load();
    if (answer.ok())
      teller.done(*answer);
    else
      error_ = answer.error();
  }
  std::optional<Event> take() {
    const std::scoped_lock lock(mutex_);
    if (events_.empty()) return {};
    Event e = std::move(events_.front());
    events_.pop_front();
    return e;
  }
  bool waiting() {
    const std::scoped_lock lock(mutex_);
    return !events_.empty();
  }
  std::optional<Event> end() {
    worker_.join();
    give_back();
    interrupts_.raise();
    if (error_) throw Failure(*error_);
    return {};
  }
  void give_back() { model_.take_back(std::move(caller_)); }

  Model& model_;  // Python keeps it as long as the stream
  std::shared_ptr<const TextModel> text_;
  ThinkRequest request_;
  std::unique_ptr<Caller> caller_;  // none: the search has ended
  Interrupts interrupts_;
  std::mutex mutex_;
  std::deque<Event> events_{};
  std::optional<Error> error_{};
  std::atomic<bool> stopped_{false};
  Worker worker_;  // last, as it uses the others
};

std::unique_ptr<ThinkStream> think_stream(Model& m, const std::string& json) {
  const int n_vocab = m.opened()->text().tokenizer().n_vocab();
  ThinkRequest r = value_of(parse_think_request(json, n_vocab));
  if (auto* raw = std::get_if<RawText>(&r.prompt)) raw->intended = true;
  return std::make_unique<ThinkStream>(m, std::move(r));
}

}  // namespace

void bind_stream(nb::module_& m, ModelClass& c) {
  nb::class_<ThinkStream>(m, "ThinkStream")
      .def("next", &ThinkStream::next)
      .def("finish", &ThinkStream::finish)
      .def("close", &ThinkStream::close)
      .def_prop_ro("stopped", &ThinkStream::stopped);
  c.def("think_stream", &think_stream, "request"_a, nb::keep_alive<0, 1>());
}

}  // namespace ponder::python
