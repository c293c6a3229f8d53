// LineReader: reads lines of a file or of stdin, and can tell whether the next line is there
// without waiting, which iostreams cannot. Commands that work in batches use this: before they wait
// for more input, they answer what they have, for a partner who waits for the answer.
#pragma once

#include <memory>
#include <string>

#include "ponder/core/status.h"

namespace ponder::app {

class LineReader {
 public:
  /// path: - is stdin. Errors: kNotFound.
  static Result<std::unique_ptr<LineReader>> open(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Reads the next line, without its line end. Returns false at the end of the input, or when a
  /// signal ended the wait for it. Errors: kIo.
  Result<bool> next(std::string& line);
  /// Returns true if next() would return at once.
  bool ready();

 private:
  explicit LineReader(int fd) : fd_(fd) {}
  bool has_line();  // a whole line is in the buffer
  void read_more();

  int fd_;
  int errno_ = 0;  // errno of a read that failed
  std::string buffer_;
  // start of the next line; position from which to search for a line end
  std::size_t begin_ = 0, searched_ = 0;
  bool over_ = false;
};

}  // namespace ponder::app
