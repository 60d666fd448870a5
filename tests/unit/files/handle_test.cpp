#include "dalil/files/handle.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

TEST_CASE("a descriptor is closed once, by its last owner") {
  int raw = -1;
  {
    Fd first(::open("/dev/null", O_RDONLY));
    raw = first.get();
    Fd second(std::move(first));
    CHECK_FALSE(first);
    first = std::move(second);
    CHECK(first.get() == raw);
    CHECK(::fcntl(raw, F_GETFD) >= 0);
  }
  CHECK(::fcntl(raw, F_GETFD) < 0);
  CHECK(errno == EBADF);
}

TEST_CASE("stat tells size, links and times in nanoseconds") {
  const TempDir root;
  write_file(root / "f", "12345");
  REQUIRE(::link((root / "f").c_str(), (root / "g").c_str()) == 0);
  const timespec times[2] = {{1, 2}, {1'500'000'000, 123'456'789}};
  REQUIRE(::utimensat(AT_FDCWD, (root / "f").c_str(), times, 0) == 0);
  const StatResult found = stat_at(AT_FDCWD, (root / "f").c_str());
  CHECK(found.error_number == 0);
  CHECK(found.stat.kind == FileKind::regular);
  CHECK(found.stat.size_bytes == 5);
  CHECK(found.stat.links == 2);
  CHECK(found.stat.mtime_ns == 1'500'000'000'123'456'789);
  CHECK(found.stat == stat_at(AT_FDCWD, (root / "g").c_str()).stat);
  const Fd fd(::open((root / "f").c_str(), O_RDONLY));
  CHECK(stat_fd(fd.get()).stat == found.stat);
}

TEST_CASE("times before 1970 are negative") {
  const TempDir root;
  write_file(root / "f", "");
  const timespec times[2] = {{-5, 0}, {-2, 500'000'000}};
  REQUIRE(::utimensat(AT_FDCWD, (root / "f").c_str(), times, 0) == 0);
  CHECK(stat_at(AT_FDCWD, (root / "f").c_str()).stat.mtime_ns == -1'500'000'000);
}

TEST_CASE("what cannot be examined is an errno and an empty stat") {
  const StatResult absent = stat_at(AT_FDCWD, "/nowhere/at/all");
  CHECK(absent.error_number == ENOENT);
  CHECK(absent.stat == FileStat{});
  CHECK(stat_fd(-1).error_number == EBADF);
}

TEST_CASE("every kind of file has a name") {
  for (const FileKind kind :
       {FileKind::regular, FileKind::directory, FileKind::symlink, FileKind::fifo, FileKind::socket,
        FileKind::block_device, FileKind::char_device, FileKind::unknown}) {
    CHECK(std::strlen(name_of(kind)) > 0);
  }
}

TEST_CASE("the limit on open files is raised to the hard one") {
  const SoftLimit low(RLIMIT_NOFILE, 100);
  rlimit limit{};
  const std::uint64_t raised = raise_open_file_limit();
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(limit.rlim_cur == limit.rlim_max);
  CHECK(raised == limit.rlim_cur);
}
