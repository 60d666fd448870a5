#include <sys/mount.h>

#include <sys/stat.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/files/new_file.hpp"
#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

namespace {

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::usage;
}

std::set<std::string> names_in(const std::string& directory) {
  return paths_in(walk_all(directory));
}

/// A file system with room for little; absent where mounting is not allowed.
class TinyFileSystem {
 public:
  TinyFileSystem() : mounted_(::mount("tmpfs", root_.path().c_str(), "tmpfs", 0, "size=64k") == 0) {}
  ~TinyFileSystem() {
    if (mounted_) ::umount(root_.path().c_str());
  }
  TinyFileSystem(const TinyFileSystem&) = delete;
  TinyFileSystem& operator=(const TinyFileSystem&) = delete;
  explicit operator bool() const { return mounted_; }
  std::string operator/(const std::string& name) const { return root_ / name; }
  std::string path() const { return root_.path(); }

 private:
  TempDir root_;
  bool mounted_;
};

}  // namespace

TEST_CASE("small files are read whole") {
  const TempDir root;
  for (const std::size_t size : {0UL, 1UL, 4096UL, 65'535UL, 65'536UL, 65'537UL, 300'000UL}) {
    const std::string content(size, 'c');
    write_file(root / "f", content);
    CHECK(as_chars(read_small_file(root / "f")) == content);
    CHECK(as_chars(read_small_file(root / "f", size)) == content);
    if (size > 0) CHECK(code_of([&] { read_small_file(root / "f", size - 1); }) == ErrorCode::invalid);
  }
}

TEST_CASE("what has no size is read to its end") {
  CHECK_FALSE(read_small_file("/proc/self/stat").empty());
  const TempDir root;
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
  std::thread writer([&] { write_file(root / "fifo", std::string(200'000, 'p')); });
  const Bytes content = read_small_file(root / "fifo");
  writer.join();
  CHECK(content.size() == 200'000);
  CHECK(code_of([] { read_small_file("/dev/zero", 100'000); }) == ErrorCode::invalid);
}

TEST_CASE("what cannot be read is an error") {
  const TempDir root;
  CHECK(code_of([&] { read_small_file(root / "absent"); }) == ErrorCode::io);
  CHECK(code_of([&] { read_small_file(root.path()); }) == ErrorCode::io);
}

TEST_CASE("a file is written or replaced whole, with its mode, and nothing else is left") {
  const TempDir root;
  const std::string name(255, 'n');
  for (const std::string content : {"first", "", "a longer second one"}) {
    write_atomically(root / name, as_bytes(content));
    CHECK(read_file(root / name) == content);
  }
  CHECK(names_in(root.path()) == std::set<std::string>{name});
  struct stat found {};
  REQUIRE(::stat((root / name).c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);
  write_atomically(root / "public", as_bytes("x"), 0644);
  REQUIRE(::stat((root / "public").c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0644);
}

TEST_CASE("a name without a directory is written to the current one") {
  const TempDir root;
  const auto before = boost::filesystem::current_path();
  boost::filesystem::current_path(root.path());
  write_atomically("here", as_bytes("x"));
  boost::filesystem::current_path(before);
  CHECK(read_file(root / "here") == "x");
}

TEST_CASE("a link is replaced, not written through") {
  const TempDir root;
  write_file(root / "target", "old");
  REQUIRE(::symlink("target", (root / "link").c_str()) == 0);
  write_atomically(root / "link", as_bytes("new"));
  CHECK(read_file(root / "target") == "old");
  CHECK(read_file(root / "link") == "new");
}

TEST_CASE("a directory or a missing directory as the target is an error that leaves nothing behind") {
  const TempDir root;
  REQUIRE(::mkdir((root / "d").c_str(), 0700) == 0);
  CHECK(code_of([&] { write_atomically(root / "d", as_bytes("x")); }) == ErrorCode::io);
  CHECK(code_of([&] { write_atomically(root / "absent/f", as_bytes("x")); }) == ErrorCode::io);
  CHECK(names_in(root.path()) == std::set<std::string>{"d"});
  CHECK(code_of([&] { sync_directory(root / "absent"); }) == ErrorCode::io);
}

TEST_CASE("a full disk leaves the old content and no temporary file") {
  const TinyFileSystem tiny;
  if (!tiny) return;
  write_atomically(tiny / "f", as_bytes("old"));
  const Bytes large(1 << 20, 'x');
  CHECK(code_of([&] { write_atomically(tiny / "f", large); }) == ErrorCode::io);
  CHECK(read_file(tiny / "f") == "old");
  CHECK(names_in(tiny.path()) == std::set<std::string>{"f"});
}

TEST_CASE("a limit on file sizes leaves the old content and no temporary file") {
  const TempDir root;
  write_atomically(root / "f", as_bytes("old"));
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  {
    const SoftLimit small(RLIMIT_FSIZE, 10'000);
    CHECK(code_of([&] { write_atomically(root / "f", Bytes(20'000, 'x')); }) == ErrorCode::io);
  }
  std::signal(SIGXFSZ, before);
  CHECK(read_file(root / "f") == "old");
  CHECK(names_in(root.path()) == std::set<std::string>{"f"});
}

TEST_CASE("a new file replaces nothing") {
  const TempDir root;
  write_new_file(root / "new", as_bytes(std::string("whole")), 0644);
  CHECK(as_chars(read_small_file(root / "new")) == "whole");
  write_file(root / "evidence", "the only one");
  ::chmod((root / "evidence").c_str(), 0444);
  boost::filesystem::create_directory(root / "folder");
  boost::filesystem::create_symlink("nowhere", root / "link");
  const auto before = names_in(root.path());
  for (const char* name : {"evidence", "folder", "link", "new"})
    CHECK(code_of([&] { write_new_file(root / name, as_bytes(std::string("other"))); }) ==
          ErrorCode::conflict);
  CHECK(as_chars(read_small_file(root / "evidence")) == "the only one");
  CHECK(names_in(root.path()) == before);
  CHECK(code_of([&] { write_new_file(root / "none/new", {}); }) == ErrorCode::io);
}

TEST_CASE("of two that write the same new file one succeeds") {
  const TempDir root;
  std::atomic<int> written = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      try {
        write_new_file(root / "f", as_bytes(std::string(1000, static_cast<char>('a' + i))));
        ++written;
      } catch (const Error&) {
        ++refused;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK((written == 1 && refused == 7));
  CHECK(read_small_file(root / "f").size() == 1000);
  CHECK(names_in(root.path()).size() == 1);
}
