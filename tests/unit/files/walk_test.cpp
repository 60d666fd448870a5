#include "dalil/files/walk.hpp"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>

#include "dalil/base/error.hpp"
#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

namespace {

std::pair<std::uint64_t, std::uint64_t> identity(const std::string& path) {
  const FileStat stat = stat_at(AT_FDCWD, path.c_str()).stat;
  return {stat.device, stat.inode};
}

void make_directories(const TempDir& root, const std::vector<std::string>& names) {
  for (const std::string& name : names) REQUIRE(::mkdir((root / name).c_str(), 0700) == 0);
}

std::vector<std::string> directory_paths(const std::vector<Directory>& directories) {
  std::vector<std::string> paths;
  for (const Directory& directory : directories) paths.push_back(directory.path);
  return paths;
}

}  // namespace

TEST_CASE("an empty root is one directory without entries") {
  const TempDir root;
  const auto all = walk_all(root.path());
  REQUIRE(all.size() == 1);
  CHECK(all[0].path.empty());
  CHECK(all[0].entries.empty());
  CHECK(all[0].error_number == 0);
}

TEST_CASE("directories come depth first and in the order of their names' bytes") {
  const TempDir root;
  make_directories(root, {"b", "a", "a/z", "a/b", "a/b/c", "\xff", "B"});
  CHECK(directory_paths(walk_all(root.path())) ==
        std::vector<std::string>{"", "B", "a", "a/b", "a/b/c", "a/z", "b", "\xff"});
}

TEST_CASE("entries are sorted by name and carry what stat says") {
  const TempDir root;
  write_file(root / "two", "22");
  write_file(root / "one", "1");
  const auto all = walk_all(root.path());
  REQUIRE(all[0].entries.size() == 2);
  CHECK(all[0].entries[0].name == "one");
  CHECK(all[0].entries[1].name == "two");
  CHECK(all[0].entries[1].stat.size_bytes == 2);
  CHECK(all[0].entries[1].stat == stat_at(AT_FDCWD, (root / "two").c_str()).stat);
}

TEST_CASE("names are raw bytes: line feeds, bytes that are not UTF-8, 255 of them") {
  const TempDir root;
  const std::set<std::string> names = {"a\nb", "\xff\xfe", std::string(255, 'x'), " ", "\\", "-rf", "\x01",
                                       "...",  "\u202e"};
  for (const std::string& name : names) write_file(root / name, "x");
  CHECK(paths_in(walk_all(root.path())) == names);
}

TEST_CASE("links are recorded with their target and never followed") {
  const TempDir root;
  const TempDir outside;
  write_file(outside / "secret", "x");
  REQUIRE(::symlink(outside.path().c_str(), (root / "link").c_str()) == 0);
  REQUIRE(::symlink("nowhere", (root / "dangling").c_str()) == 0);
  REQUIRE(::symlink(".", (root / "self").c_str()) == 0);
  const auto all = walk_all(root.path());
  CHECK(all.size() == 1);
  CHECK(find_entry(all, "link")->stat.kind == FileKind::symlink);
  CHECK(find_entry(all, "link")->link_target == outside.path());
  CHECK(find_entry(all, "dangling")->link_target == "nowhere");
  CHECK(find_entry(all, "dangling")->error_number == 0);
  CHECK(find_entry(all, "self")->link_target == ".");
}

TEST_CASE("a root that is a link to a directory is followed") {
  const TempDir root;
  make_directories(root, {"real", "real/sub"});
  REQUIRE(::symlink("real", (root / "link").c_str()) == 0);
  CHECK(directory_paths(walk_all(root / "link")) == std::vector<std::string>{"", "sub"});
}

TEST_CASE("FIFOs and sockets are listed with their kind") {
  const TempDir root;
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (root / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto all = walk_all(root.path());
  CHECK(find_entry(all, "fifo")->stat.kind == FileKind::fifo);
  CHECK(find_entry(all, "socket")->stat.kind == FileKind::socket);
}

TEST_CASE("a missing root is not_found, a file as root is an error") {
  const TempDir root;
  write_file(root / "file", "x");
  try {
    Walker walker(root / "absent");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
    CHECK_FALSE(error.hint().empty());
  }
  try {
    Walker walker(root / "file");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
  }
}

TEST_CASE("skipped directories are neither listed nor entered") {
  const TempDir root;
  make_directories(root, {"archive", "archive/keys", "photos"});
  WalkOptions options;
  options.skip.push_back(identity(root / "archive"));
  const auto all = walk_all(root.path(), options);
  CHECK(directory_paths(all) == std::vector<std::string>{"", "photos"});
  CHECK(find_entry(all, "archive") == nullptr);
  options.skip.push_back(identity(root.path()));
  CHECK(walk_all(root.path(), options).empty());
}

TEST_CASE("a directory that disappears during the walk is a value") {
  const TempDir root;
  make_directories(root, {"a", "b", "b/c"});
  Walker walker(root.path());
  REQUIRE(walker.next()->entries.size() == 2);
  REQUIRE(::rmdir((root / "a").c_str()) == 0);
  const auto gone = walker.next();
  CHECK(gone->path == "a");
  CHECK(gone->error_number == ENOENT);
  CHECK(gone->entries.empty());
  CHECK(walker.next()->path == "b");
  REQUIRE(::rmdir((root / "b/c").c_str()) == 0);
  CHECK(walker.next()->error_number == ENOENT);
  CHECK_FALSE(walker.next());
  CHECK_FALSE(walker.next());
}

TEST_CASE("a directory replaced by a link during the walk does not lead out") {
  const TempDir root;
  const TempDir outside;
  write_file(outside / "secret", "x");
  make_directories(root, {"a"});
  Walker walker(root.path());
  walker.next();
  REQUIRE(::rmdir((root / "a").c_str()) == 0);
  REQUIRE(::symlink(outside.path().c_str(), (root / "a").c_str()) == 0);
  const auto replaced = walker.next();
  CHECK(replaced->error_number != 0);
  CHECK(replaced->entries.empty());
}

TEST_CASE("a directory moved out of the tree during the walk does not lead out") {
  const FastTempDir root;
  const FastTempDir outside;
  const DeepChain chain(root.path(), "d", 100);
  Walker walker(root.path());
  for (int i = 0; i < 101; ++i) REQUIRE(walker.next()->error_number == 0);
  // The walk stands at the bottom; every level above has its sibling yet to come.
  REQUIRE(::rename((root / "d/d/d").c_str(), (outside / "d").c_str()) == 0);
  std::set<std::string> seen;
  int errors = 0;
  while (const auto directory = walker.next()) {
    CHECK(directory->path.ends_with(".sibling"));
    errors += directory->error_number != 0 ? 1 : 0;
    seen.insert(directory->path);
  }
  CHECK(seen.size() == 100);
  CHECK(errors < 100);
  REQUIRE(::rename((outside / "d").c_str(), (root / "d/d/d").c_str()) == 0);
}

TEST_CASE("thousands of levels are walked with few descriptors") {
  const FastTempDir root;
  constexpr int kDepth = 5000;
  const DeepChain chain(root.path(), "deep", kDepth);
  const SoftLimit few(RLIMIT_NOFILE, 100);
  Walker walker(root.path());
  int directories = 0;
  int errors = 0;
  std::size_t longest = 0;
  while (const auto directory = walker.next()) {
    ++directories;
    errors += directory->error_number != 0 ? 1 : 0;
    longest = std::max(longest, directory->path.size());
  }
  CHECK(directories == 2 * kDepth + 1);
  CHECK(errors == 0);
  CHECK(longest > 2 * 4096);
}

TEST_CASE("a path over 4096 bytes is listed, opened as a root and its files reached") {
  const FastTempDir root;
  const std::string name(255, 'n');
  const DeepChain chain(root.path(), name.substr(0, 240), 20);
  std::size_t longest = 0;
  for (const Directory& directory : walk_all(root.path())) {
    CHECK(directory.error_number == 0);
    longest = std::max(longest, directory.path.size());
  }
  CHECK(longest > 4096);
  std::string deep = root.path();
  for (int i = 0; i < 19; ++i) deep += "//" + name.substr(0, 240);
  CHECK(walk_all(deep).size() == 3);
}

TEST_CASE("a directory that appears twice is listed once, and another file system can be left out") {
  const TempDir root;
  make_directories(root, {"a", "a/sub", "b", "tmp"});
  if (::mount((root / "a").c_str(), (root / "b").c_str(), nullptr, MS_BIND, nullptr) != 0) return;
  const bool other = ::mount("tmpfs", (root / "tmp").c_str(), "tmpfs", 0, "size=64k") == 0;
  if (other) make_directories(root, {"tmp/inner"});
  const auto all = directory_paths(walk_all(root.path()));
  WalkOptions one;
  one.one_file_system = true;
  const auto same = directory_paths(walk_all(root.path(), one));
  if (other) ::umount((root / "tmp").c_str());
  ::umount((root / "b").c_str());
  CHECK(std::count(all.begin(), all.end(), "a") == 1);
  CHECK(std::count(all.begin(), all.end(), "b") == 0);
  if (!other) return;
  CHECK(std::count(all.begin(), all.end(), "tmp/inner") == 1);
  CHECK(same == std::vector<std::string>{"", "a", "a/sub"});
}

TEST_CASE("a file can be opened relative to the listed directory") {
  const TempDir root;
  make_directories(root, {"a"});
  write_file(root / "a/f", "content");
  Walker walker(root.path());
  walker.next();
  const auto directory = walker.next();
  REQUIRE(directory->fd);
  CHECK(stat_at(directory->fd->get(), "f").stat.size_bytes == 7);
  CHECK(stat_at(directory->fd->get(), "absent").error_number == ENOENT);
}

TEST_CASE("paths are joined with one slash") {
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("", "b") == "b");
  CHECK(join_path("a", "") == "a");
  CHECK(join_path("", "").empty());
}
