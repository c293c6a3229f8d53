// A file is replaced completely or not at all, and errors say what to do.
#include "ponder/core/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "folder.h"

namespace ponder {
namespace {

namespace fs = std::filesystem;

void expect_error(const Status& s, Code code, const std::string& got, const std::string& hint) {
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, code);
  EXPECT_NE(s.error().got.find(got), std::string::npos) << s.error().message();
  EXPECT_NE(s.error().hint.find(hint), std::string::npos) << s.error().message();
}

// While it lives, no file may grow beyond this many bytes, which acts like a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_{};
  sighandler_t handler_;
};

TEST(ReplaceFile, WritesAndReplaces) {
  const Folder folder;
  const std::string path = folder / "run.nc", zeros(3 << 20, '\0');
  ASSERT_TRUE(replace_file(path, zeros).ok());
  EXPECT_EQ(read_all(path), zeros);
  ASSERT_TRUE(replace_file(path, "second").ok());
  EXPECT_EQ(read_all(path), "second");
  ASSERT_TRUE(replace_file(path, "").ok());
  EXPECT_EQ(read_all(path), "");
  EXPECT_EQ(folder.n_files(), 1);
}

TEST(ReplaceFile, RemovesWhatAKilledWriterLeft) {
  const Folder folder;
  const std::string path = folder / "run.nc", dead = path + ".12-0.part",
                    alive = path + ".13-0.part";
  const std::vector<std::string> others{alive, path + ".old.part", path + ".part",
                                        folder / "run.12-0.part"};
  for (const std::string& p : others) ASSERT_TRUE(replace_file(p, "x").ok());
  ASSERT_TRUE(replace_file(dead, "x").ok());
  const int fd = ::open(alive.c_str(), O_RDWR);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  ASSERT_TRUE(check_replaceable(path).ok());
  ::close(fd);
  EXPECT_FALSE(fs::exists(dead));
  for (const std::string& p : others) EXPECT_TRUE(fs::exists(p)) << p;
  EXPECT_EQ(folder.n_files(), 4);
}

TEST(ReplaceFile, KeepsTheOldFileOnAFullDisk) {
  const Folder folder;
  const std::string path = folder / "run.nc";
  ASSERT_TRUE(replace_file(path, "old").ok());
  {
    const FullDisk full(1000);
    expect_error(replace_file(path, std::string(5000, 'x')), Code::kIo, "File too large",
                 "free some space");
  }
  EXPECT_EQ(read_all(path), "old");
  EXPECT_EQ(folder.n_files(), 1);
}

TEST(ReplaceFile, ErrorsBeforeAnyWork) {
  const Folder folder;
  for (const auto& call : {+[](const std::string& p) { return replace_file(p, "x"); },
                           +[](const std::string& p) { return check_replaceable(p); }}) {
    expect_error(call(folder / "missing/run.nc"), Code::kIo, "No such file", "make the folder");
    expect_error(call(folder / ""), Code::kInvalid, "a folder", "");
    EXPECT_EQ(folder.n_files(), 0);
    // stands for /dev/null, which a fault would replace
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    expect_error(call(folder / "pipe"), Code::kInvalid, "a device or pipe", "");
    fs::remove(folder / "pipe");
    EXPECT_TRUE(call(folder / "run.nc").ok());
    fs::remove(folder / "run.nc");
  }
  EXPECT_TRUE(check_replaceable(folder / "run.nc").ok());
  EXPECT_EQ(folder.n_files(), 0);
}

TEST(ReplaceFile, FollowsLinksAndKeepsPermissions) {
  const Folder folder;
  write_all(folder / "target", "old");
  ASSERT_EQ(::chmod((folder / "target").c_str(), 0600), 0);
  fs::create_symlink("target", folder / "link");
  ASSERT_TRUE(replace_file(folder / "link", "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_all(folder / "target"), "new");
  EXPECT_EQ(fs::status(folder / "target").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

// A part that a killed run has left, under the name that this run would use.
TEST(ReplaceFile, LeavesForeignPartsAlone) {
  const Folder folder;
  const std::string part = folder / ("run.nc." + std::to_string(::getpid()) + "-0.part");
  write_all(part, "of another");
  ASSERT_TRUE(replace_file(folder / "run.nc", "mine").ok());
  EXPECT_EQ(read_all(folder / "run.nc"), "mine");
  EXPECT_EQ(read_all(part), "of another");
}

}  // namespace
}  // namespace ponder
