// LineReader: a buffer over read(2), with poll(2) for ready().
#include "line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "args.h"

namespace ponder::app {

Result<std::unique_ptr<LineReader>> LineReader::open(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::unique_ptr<LineReader> reader(new LineReader(fd));
  struct stat s {};
  if (fd < 0 || fstat(fd, &s) != 0 || S_ISDIR(s.st_mode))
    return Error{Code::kNotFound, "a readable file", "none", path,
                 "check the path given with --input"};
  return reader;
}

LineReader::~LineReader() {
  if (fd_ > STDIN_FILENO) close(fd_);
}

bool LineReader::has_line() {
  searched_ = buffer_.find('\n', searched_);
  if (searched_ != std::string::npos) return true;
  searched_ = buffer_.size();
  return false;
}

void LineReader::read_more() {
  constexpr std::size_t kBytes = 1 << 16;
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kBytes);
  ssize_t n;
  do n = read(fd_, buffer_.data() + size, kBytes);
  while (n < 0 && errno == EINTR && !stop_flag());
  buffer_.resize(size + (n > 0 ? static_cast<std::size_t>(n) : 0));
  over_ = n <= 0;
  if (n < 0 && errno != EINTR) errno_ = errno;
}

bool LineReader::ready() {
  pollfd p{.fd = fd_, .events = POLLIN, .revents = 0};
  while (!has_line() && !over_) {
    if (poll(&p, 1, 0) <= 0) return false;
    read_more();
  }
  return true;
}

Result<bool> LineReader::next(std::string& line) {
  while (!has_line() && !over_) read_more();
  if (errno_ != 0)
    return Error{Code::kIo, "to read the requests", std::strerror(errno_), "--input", ""};
  if (stop_flag() || begin_ == buffer_.size()) return false;
  line.assign(buffer_, begin_, searched_ - begin_);
  begin_ = searched_ = std::min(searched_ + 1, buffer_.size());
  return true;
}

}  // namespace ponder::app
