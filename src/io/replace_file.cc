// POSIX calls, since the standard library can neither create exclusively nor flush to the disk.
#include "ponder/core/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ponder {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& path, int error) {
  std::string hint = "check the folder and the disk";
  if (error == ENOENT || error == ENOTDIR) hint = "make the folder first, or name another";
  if (error == EACCES || error == EPERM || error == EROFS)
    hint = "choose a folder that you may write to";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    hint = "free some space, or write elsewhere";
  return {Code::kIo, "to write the file", std::generic_category().message(error), path, hint};
}

std::string resolved(const std::string& path) {
  std::error_code none;  // ignored: a path that does not exist is no link
  return fs::is_symlink(path, none) ? fs::weakly_canonical(path, none).string() : path;
}

// Removes parts whose writers are dead, which nobody locks.
void remove_orphans(const fs::path& target) {
  const std::string stem = target.filename().string() + ".";
  constexpr std::string_view kEnd = ".part";
  std::error_code error;
  for (fs::directory_iterator it(target.has_parent_path() ? target.parent_path() : ".", error), end;
       !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(stem) || !name.ends_with(kEnd) ||
        name.size() <= stem.size() + kEnd.size())
      continue;
    const std::string owner = name.substr(stem.size(), name.size() - stem.size() - kEnd.size());
    if (owner.find_first_not_of("0123456789-") != std::string::npos) continue;
    const int fd = ::open(it->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ::unlink(it->path().c_str());
    ::close(fd);
  }
}

// A new, locked file beside the target, removed at the end unless it has replaced the target.
class Part {
 public:
  static Result<Part> beside(const std::string& path) {
    const std::string target = resolved(path);
    struct stat old {};
    const bool exists = ::stat(target.c_str(), &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
      return Error{Code::kInvalid, "the name of a file",
                   S_ISDIR(old.st_mode) ? "a folder" : "a device or pipe", path, ""};
    for (int n = 0;; ++n) {
      const std::string name =
          target + "." + std::to_string(::getpid()) + "-" + std::to_string(n) + ".part";
      const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd < 0 && errno == EEXIST) continue;
      if (fd < 0) return failed(path, errno);
      if (struct stat own{};
          ::flock(fd, LOCK_EX) == 0 && ::fstat(fd, &own) == 0 && own.st_nlink == 0) {
        ::close(fd);  // another process took it for an orphan before it was locked
        continue;
      }
      if (exists) ::fchmod(fd, old.st_mode & 07777);  // may fail for a file of another owner
      return Part(fd, target, name);
    }
  }
  Part(Part&& o) noexcept
      : fd_(std::exchange(o.fd_, -1)), target_(std::move(o.target_)), name_(std::move(o.name_)) {}
  Part& operator=(Part&&) = delete;
  ~Part() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(name_.c_str());
  }

  Status write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(target_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  Status take_place() {
    if (::fsync(fd_) != 0 || ::rename(name_.c_str(), target_.c_str()) != 0)
      return failed(target_, errno);
    ::close(std::exchange(fd_, -1));
    const std::string folder = fs::path(target_).parent_path().string();
    const int fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return {};  // the folder cannot be opened for reading, so the rename is not flushed
    ::fsync(fd);
    ::close(fd);
    return {};
  }

 private:
  Part(int fd, std::string target, std::string name)
      : fd_(fd), target_(std::move(target)), name_(std::move(name)) {}

  int fd_;
  std::string target_, name_;
};

}  // namespace

Status replace_file(const std::string& path, std::string_view bytes) {
  PONDER_ASSIGN(Part part, Part::beside(path));
  PONDER_TRY(part.write(bytes));
  return part.take_place();
}

Status check_replaceable(const std::string& path) {
  remove_orphans(resolved(path));
  return Part::beside(path).status();
}

}  // namespace ponder
