// Lines of a file or of stdin, with the answer to one question that iostreams have none for: would
// the next line have to be waited for? Commands that work in batches ask it, so that a partner who
// waits for an answer gets it.
#pragma once

#include <memory>
#include <string>

#include "ponder/core/status.h"

namespace ponder::app {

class LineReader {
 public:
  /// - is stdin. Errors: kNotFound.
  static Result<std::unique_ptr<LineReader>> open(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end; false at the end of the input, or when a signal ended the wait
  /// for it. Errors: kIo.
  Result<bool> next(std::string& line);
  /// Would next() return at once?
  bool ready();

 private:
  explicit LineReader(int fd) : fd_(fd) {}
  bool has_line();  // in the buffer
  void read_more();

  int fd_;
  int errno_ = 0;  // of a read that failed
  std::string buffer_;
  std::size_t begin_ = 0,
              searched_ = 0;  // of the next line; where no line end has been looked for yet
  bool over_ = false;
};

}  // namespace ponder::app
