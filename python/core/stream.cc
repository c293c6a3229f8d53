// A search whose events Python reads while it runs: a queue between the search's thread and who
// reads. Whoever closes it early ends the search within a pass.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <deque>
#include <utility>

#include "asked.h"
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
        loan_(m.lend()),
        interrupts_(loan_.flags(), true),
        worker_(std::make_unique<Worker>([this] { search(); })) {}
  ThinkStream(const ThinkStream&) = delete;
  ThinkStream& operator=(const ThinkStream&) = delete;
  ~ThinkStream() {
    try {
      close();
    } catch (...) {  // what the search has thrown: nobody is there to be told
    }
    if (model_.forked()) (void)worker_.release();  // it would wait for a thread that is not there
  }

  /// The next event; none after the last one. Another thread may close the stream meanwhile.
  std::optional<Event> next() {
    while (true) {
      model_.check_process();
      if (auto event = take()) return event;
      if (ended_) return {};
      if (worker_->wait() && !waiting()) return end();
      interrupts_.poll();
    }
  }
  void finish() { loan_.flags().finish = true; }
  bool stopped() const { return stopped_; }
  void close() {
    if (ended_ || model_.forked()) return;
    loan_.flags().cancel = true;
    ended_ = true;
    worker_->join();
    const std::scoped_lock lock(mutex_);
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
    request_.budget.stop = &loan_.flags().finish;
    const auto answer = loan_.session().think(request_);
    stopped_ = loan_.flags().finish.load();
    if (loan_.flags().cancel)
      error_ = closed_meanwhile();  // who closes the stream reads no more
    else if (answer.ok())
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
    worker_->join();
    if (std::exchange(ended_, true)) return {};
    interrupts_.raise();
    Model::note_raised(loan_.flags());
    if (error_) raise_why(loan_.flags());
    warn_raised(loan_.flags());
    if (error_) throw Failure(*error_);
    return {};
  }

  Model& model_;  // Python keeps it as long as the stream
  std::shared_ptr<const TextModel> text_;
  ThinkRequest request_;
  Loan loan_;
  Interrupts interrupts_;
  std::mutex mutex_;
  std::deque<Event> events_{};
  std::optional<Error> error_{};
  std::atomic<bool> stopped_{false};
  bool ended_ = false;              // with the GIL
  std::unique_ptr<Worker> worker_;  // last, as it uses the others
};

std::unique_ptr<ThinkStream> think_stream(Model& m, const std::string& json) {
  return std::make_unique<ThinkStream>(m,
                                       intended(value_of(parse_think_request(json, n_vocab(m)))));
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
