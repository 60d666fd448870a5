#include "dalil/files/read.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <random>

#include "dalil/base/error.hpp"
#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

namespace {

constexpr std::size_t kBlock = 4096;

std::string random_content(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string content(size, '\0');
  for (char& c : content) c = static_cast<char>(random());
  return content;
}

struct Collected {
  std::string bytes;
  std::vector<bool> readable;
  ReadResult result;
};

Collected collect(int fd, std::size_t buffer_size, const PreadFunction& pread_function = {},
                  std::uint64_t limit = UINT64_MAX) {
  Collected all;
  AlignedBuffer buffer(buffer_size);
  all.result = read_through(
      fd, buffer,
      [&](std::uint64_t offset, ByteView bytes, bool readable) {
        REQUIRE(offset == all.bytes.size());
        REQUIRE_FALSE(bytes.empty());
        all.bytes.append(as_chars(bytes));
        all.readable.push_back(readable);
      },
      limit, pread_function);
  REQUIRE(all.result.size_bytes == all.bytes.size());
  return all;
}

struct Sample {
  explicit Sample(std::size_t size) : content(random_content(size)) {
    write_file(directory / "f", content);
    fd = Fd(::open((directory / "f").c_str(), O_RDONLY));
  }
  TempDir directory;
  std::string content;
  Fd fd;
};

/// A disk on which reads that touch the given sectors of 512 bytes fail.
PreadFunction bad_sectors(std::vector<std::uint64_t> sectors, int error_number = EIO) {
  return [sectors, error_number](int fd, void* to, std::size_t size, std::uint64_t offset) -> std::int64_t {
    for (const std::uint64_t sector : sectors) {
      if (offset < (sector + 1) * 512 && sector * 512 < offset + size) {
        errno = error_number;
        return -1;
      }
    }
    return ::pread(fd, to, size, static_cast<off_t>(offset));
  };
}

const std::vector<std::size_t> kSizes = {0,          1,
                                         511,        kBlock - 1,
                                         kBlock,     kBlock + 1,
                                         3 * kBlock, 4 * kBlock - 1,
                                         4 * kBlock, 4 * kBlock + 1,
                                         100'000,    1'048'577};

}  // namespace

TEST_CASE("every size is read whole, through the cache and from the medium") {
  for (const std::size_t size : kSizes) {
    const Sample sample(size);
    const Fd directory = open_directory(sample.directory.path());
    for (const ReadFrom from : {ReadFrom::anywhere, ReadFrom::medium}) {
      const Opened opened = open_regular(directory.get(), "f", from);
      REQUIRE(opened.error_number == 0);
      CHECK(opened.stat.size_bytes == size);
      CHECK((opened.path == ReadPath::cache_allowed) == (from == ReadFrom::anywhere));
      for (const std::size_t buffer_size : {kBlock, 4 * kBlock, std::size_t{1} << 20}) {
        const Collected all = collect(opened.fd.get(), buffer_size);
        CHECK(all.bytes == sample.content);
        CHECK(all.result.ok());
      }
    }
  }
}

TEST_CASE("a limit ends the reading at that byte") {
  const Sample sample(100'000);
  const Fd directory = open_directory(sample.directory.path());
  for (const ReadFrom from : {ReadFrom::anywhere, ReadFrom::medium}) {
    const Opened opened = open_regular(directory.get(), "f", from);
    for (const std::size_t limit :
         {0UL, 1UL, 4095UL, 4096UL, 4097UL, 16384UL, 99'999UL, 100'000UL, 200'000UL}) {
      CHECK(collect(opened.fd.get(), 4 * kBlock, {}, limit).bytes == sample.content.substr(0, limit));
    }
  }
}

TEST_CASE("interrupted reads are repeated") {
  const Sample sample(50'000);
  int calls = 0;
  const auto interrupted = [&](int fd, void* to, std::size_t size, std::uint64_t offset) -> std::int64_t {
    if (++calls % 3 != 0) {
      errno = EINTR;
      return -1;
    }
    return ::pread(fd, to, size, static_cast<off_t>(offset));
  };
  const Collected all = collect(sample.fd.get(), 4 * kBlock, interrupted);
  CHECK(all.bytes == sample.content);
  CHECK(all.result.ok());
}

TEST_CASE("short reads of any length lose nothing and stay aligned") {
  const Sample sample(50'001);
  for (const std::size_t most : {kBlock, kBlock + 1, 5000UL, 2 * kBlock - 1, 10'000UL}) {
    const auto meagre = [&](int fd, void* to, std::size_t size, std::uint64_t offset) -> std::int64_t {
      REQUIRE(offset % kBlock == 0);
      REQUIRE(size % kBlock == 0);
      REQUIRE(reinterpret_cast<std::uintptr_t>(to) % kBlock == 0);
      return ::pread(fd, to, std::min(size, most), static_cast<off_t>(offset));
    };
    CHECK(collect(sample.fd.get(), 4 * kBlock, meagre).bytes == sample.content);
  }
}

TEST_CASE("one bad sector costs one block of 4096 bytes") {
  const Sample sample(100'000);
  const Collected all = collect(sample.fd.get(), 4 * kBlock, bad_sectors({41}));
  std::string expected = sample.content;
  std::fill_n(expected.begin() + 5 * kBlock, kBlock, '\0');
  CHECK(all.bytes == expected);
  CHECK(all.result.bad == std::vector<BadRange>{{5 * kBlock, kBlock, EIO}});
  CHECK(all.readable == std::vector<bool>{true, false, true, true, true, true, true});
}

TEST_CASE("adjacent bad blocks are one range, also across pieces") {
  const Sample sample(10 * kBlock);
  const Collected all = collect(sample.fd.get(), 2 * kBlock, bad_sectors({8, 16, 24, 48}));
  CHECK(all.result.bad == std::vector<BadRange>{{kBlock, 3 * kBlock, EIO}, {6 * kBlock, kBlock, EIO}});
}

TEST_CASE("adjacent blocks with different errors are two ranges") {
  const Sample sample(4 * kBlock);
  const auto io = bad_sectors({8});
  const auto other = bad_sectors({16}, EREMOTEIO);
  const auto both = [&](int fd, void* to, std::size_t size, std::uint64_t offset) {
    const std::int64_t got = io(fd, to, size, offset);
    return got < 0 ? got : other(fd, to, size, offset);
  };
  CHECK(collect(sample.fd.get(), 4 * kBlock, both).result.bad ==
        std::vector<BadRange>{{kBlock, kBlock, EIO}, {2 * kBlock, kBlock, EREMOTEIO}});
}

TEST_CASE("a bad block at the end of a file is as long as the file") {
  for (const std::size_t size : {1UL, 4097UL, 5 * kBlock - 1, 8 * kBlock}) {
    const Sample sample(size);
    const std::uint64_t last_block = (size - 1) / kBlock * kBlock;
    const Collected all = collect(sample.fd.get(), 2 * kBlock, bad_sectors({last_block / 512}));
    CHECK(all.bytes.size() == size);
    CHECK(all.result.bad == std::vector<BadRange>{{last_block, size - last_block, EIO}});
    CHECK(all.bytes.substr(0, last_block) == sample.content.substr(0, last_block));
  }
}

TEST_CASE("a disk that answers nothing ends where the file ends") {
  const Sample sample(30'000);
  const auto dead = [](int, void*, std::size_t, std::uint64_t) -> std::int64_t {
    errno = EIO;
    return -1;
  };
  const Collected all = collect(sample.fd.get(), 4 * kBlock, dead);
  CHECK(all.bytes == std::string(30'000, '\0'));
  CHECK(all.result.bad == std::vector<BadRange>{{0, 30'000, EIO}});
  CHECK(collect(sample.fd.get(), 4 * kBlock, dead, 5000).result.bad == std::vector<BadRange>{{0, 5000, EIO}});
}

TEST_CASE("a descriptor without a size cannot make the reading endless") {
  const auto dead = [](int, void*, std::size_t, std::uint64_t) -> std::int64_t {
    errno = EBADF;
    return -1;
  };
  CHECK(collect(-1, 2 * kBlock, dead).result.bad == std::vector<BadRange>{{0, 2 * kBlock, EBADF}});
}

TEST_CASE("random bad sectors are found exactly") {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    const Sample sample(1 + random() % 200'000);
    std::set<std::uint64_t> sectors;
    for (unsigned i = 0; i < random() % 20; ++i) sectors.insert(random() % (sample.content.size() / 512 + 1));
    std::string expected = sample.content;
    std::uint64_t lost = 0;
    std::set<std::uint64_t> blocks;
    for (const std::uint64_t sector : sectors) blocks.insert(sector / 8 * kBlock);
    for (const std::uint64_t block : blocks) {
      if (block >= expected.size()) continue;
      const std::size_t size = std::min(kBlock, expected.size() - block);
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(block), size, '\0');
      lost += size;
    }
    const Collected all = collect(sample.fd.get(), 3 * kBlock, bad_sectors({sectors.begin(), sectors.end()}));
    CHECK(all.bytes == expected);
    std::uint64_t recorded = 0;
    for (const BadRange& range : all.result.bad) recorded += range.size_bytes;
    CHECK(recorded == lost);
  }
}

TEST_CASE("a file that shrinks or grows while it is read ends at its new end") {
  const Sample sample(10 * kBlock);
  const std::string path = sample.directory / "f";
  for (const off_t new_size : {off_t{5000}, off_t{3 * kBlock}, off_t{20 * kBlock + 7}}) {
    REQUIRE(::truncate(path.c_str(), 10 * kBlock) == 0);
    bool done = false;
    const auto changing = [&](int fd, void* to, std::size_t size, std::uint64_t offset) -> std::int64_t {
      const auto got = ::pread(fd, to, size, static_cast<off_t>(offset));
      if (!std::exchange(done, true)) REQUIRE(::truncate(path.c_str(), new_size) == 0);
      return got;
    };
    const Collected all = collect(sample.fd.get(), 2 * kBlock, changing);
    CHECK(all.bytes.size() == static_cast<std::size_t>(std::max<off_t>(new_size, 2 * kBlock)));
    CHECK(all.result.ok());
  }
}

TEST_CASE("a buffer that is not a multiple of 4096 is refused") {
  const Sample sample(10);
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4097UL}) {
    AlignedBuffer buffer(size);
    CHECK_THROWS_AS(read_through(sample.fd.get(), buffer, [](std::uint64_t, ByteView, bool) {}), Error);
  }
}

TEST_CASE("an aligned buffer starts at a page and moves") {
  AlignedBuffer first(3 * kBlock);
  CHECK(reinterpret_cast<std::uintptr_t>(first.data()) % kBlock == 0);
  const std::uint8_t* data = first.data();
  const AlignedBuffer second(std::move(first));
  CHECK(second.data() == data);
  CHECK(second.size() == 3 * kBlock);
}

TEST_CASE("anything but a regular file is refused without blocking") {
  const TempDir root;
  const Fd directory = open_directory(root.path());
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
  REQUIRE(::mkdir((root / "directory").c_str(), 0700) == 0);
  write_file(root / "file", "x");
  REQUIRE(::symlink("file", (root / "link").c_str()) == 0);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (root / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const bool device = ::mknod((root / "null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0;
  for (const ReadFrom from : {ReadFrom::anywhere, ReadFrom::medium}) {
    CHECK(open_regular(directory.get(), "fifo", from).error_number == ENXIO);
    CHECK(open_regular(directory.get(), "directory", from).error_number == ENXIO);
    CHECK(open_regular(directory.get(), "socket", from).error_number == ENXIO);
    CHECK(open_regular(directory.get(), "link", from).error_number == ELOOP);
    CHECK(open_regular(directory.get(), "absent", from).error_number == ENOENT);
    CHECK_FALSE(open_regular(directory.get(), "fifo", from).fd);
    if (device) CHECK(open_regular(directory.get(), "null", from).error_number == ENXIO);
  }
}

TEST_CASE("a path of several components cannot lead out of the directory") {
  const TempDir root;
  const TempDir outside;
  write_file(outside / "secret", "x");
  REQUIRE(::mkdir((root / "a").c_str(), 0700) == 0);
  write_file(root / "a/f", "inside");
  REQUIRE(::symlink(outside.path().c_str(), (root / "out").c_str()) == 0);
  const Fd directory = open_directory(root.path());
  CHECK(open_regular(directory.get(), "a/f").stat.size_bytes == 6);
  for (const std::string path :
       {"out/secret", "../f", "a/../a/f", "/etc/passwd", "a//f", "./a/f", "a/", ""}) {
    INFO(path);
    const Opened opened = open_regular(directory.get(), path.c_str());
    CHECK(opened.error_number != 0);
    CHECK_FALSE(opened.fd);
  }
}

TEST_CASE("the order of the disk has a key for every file") {
  const Sample sample(100'000);
  REQUIRE(::fsync(sample.fd.get()) == 0);
  const FileStat stat = stat_fd(sample.fd.get()).stat;
  CHECK(physical_order_key(sample.fd.get(), stat) != 0);
  CHECK(physical_order_key(-1, stat) == stat.inode);
  const Sample empty(0);
  const FileStat empty_stat = stat_fd(empty.fd.get()).stat;
  CHECK(physical_order_key(empty.fd.get(), empty_stat) == empty_stat.inode);
  read_ahead(sample.fd.get(), 100'000);
  read_ahead(sample.fd.get(), 0);
  read_ahead(-1, UINT64_MAX);
  drop_pages(sample.fd.get());
  CHECK(collect(sample.fd.get(), kBlock).bytes == sample.content);
}

TEST_CASE("what was to be fetched is in memory once the prefetcher is gone") {
  TempDir directory;
  std::vector<Fd> files;
  std::vector<Prefetcher::Wanted> wanted;
  // More files than a ring has requests, some of them empty, some long.
  for (int i = 0; i < 700; ++i) {
    const std::string path = directory / std::to_string(i);
    write_file(path, std::string(i % 50 == 0 ? 0 : i % 50 == 1 ? 100'000 : 3000, 'x'));
    files.emplace_back(::open(path.c_str(), O_RDONLY));
    drop_pages(files.back().get());
    wanted.push_back(
        {files.back().get(), static_cast<std::uint64_t>(stat_fd(files.back().get()).stat.size_bytes)});
  }
  wanted.push_back({-1, 3000});  // does no harm
  {
    Prefetcher prefetcher;
    prefetcher.fetch(wanted);
    prefetcher.fetch(std::span(wanted).first(10));
    Prefetcher moved(std::move(prefetcher));
    moved.fetch({});
  }
  if (!Prefetcher().batches()) return;  // then the kernel was only asked, and may take its time
  for (std::size_t i = 0; i < 100; ++i) {
    char byte = 0;
    const iovec to{&byte, 1};
    CAPTURE(i);
    if (wanted[i].bytes != 3000) continue;
    const ssize_t got = ::preadv2(files[i].get(), &to, 1, 0, RWF_NOWAIT);
    if (got < 0 && errno == EOPNOTSUPP) return;  // some file systems do not say
    CHECK(got == 1);
    CHECK(byte == 'x');
  }
}
