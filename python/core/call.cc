// Waiting for a thread, and for signals.
#include "call.h"

#include <utility>

namespace nb = nanobind;

namespace ponder::python {

void Interrupts::poll() {
  if (error_) interrupt_python();  // it may have begun since
  if (PyErr_CheckSignals() == 0) return;
  if (keeps_ && !flags_.finish && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
    PyErr_Clear();
    flags_.finish = true;
    return;
  }
  error_.emplace();
  flags_.finish = flags_.cancel = true;
  interrupt_python();
}

void Interrupts::interrupt_python() const {
  const std::optional<unsigned long> none;
  for (const auto& thread : {flags_.in_python, flags_.density ? flags_.density->in_python : none})
    if (thread) PyThreadState_SetAsyncExc(*thread, PyExc_KeyboardInterrupt);
}

void Interrupts::raise() {
  if (error_) throw nb::python_error(std::move(*error_));
}

bool Worker::wait() const {
  const nb::gil_scoped_release free;
  return done_.wait_for(kMoment) == std::future_status::ready;
}

void Worker::join() const {
  const nb::gil_scoped_release free;
  done_.get();
}

void run(Flags& flags, bool keeps, std::function<void()> work) {
  Interrupts interrupts(flags, keeps);
  const Worker worker(std::move(work));
  while (!worker.wait()) interrupts.poll();
  worker.join();
  interrupts.raise();
}

void raise_why(Flags& flags) {
  if (flags.raised) {
    nb::python_error raised = std::move(*flags.raised);
    flags.raised.reset();
    throw raised;
  }
  if (!flags.finish) return;
  PyErr_SetNone(PyExc_KeyboardInterrupt);
  throw nb::python_error();
}

void warn_raised(Flags& flags) {
  if (!flags.raised) return;
  const nb::python_error raised = std::move(*flags.raised);
  flags.raised.reset();
  nb::module_::import_("ponder._errors")
      .attr("warn_ended_early")(raised.type().attr("__name__"), raised.value());
}

}  // namespace ponder::python
