#include "dalil/files/ahead.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>

#include "testing.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::testing;

namespace {

constexpr std::size_t kPiece = 8192;

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8) * 7);
  return bytes;
}

struct File {
  TempDir dir;
  std::string path = dir.path() + "/file";
  Bytes content;
  Fd fd;

  explicit File(std::size_t size) : content(numbered(size)) {
    std::ofstream(path, std::ios::binary).write(as_chars(content).data(), static_cast<std::streamsize>(size));
    fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
};

}  // namespace

TEST_CASE("reading ahead gives what reading gives, whatever the size of the file") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPiece - 1, kPiece, kPiece + 1, 7 * kPiece,
                                 7 * kPiece + 4096, 9 * kPiece + 77}) {
    File file(size);
    ReadAhead ahead(file.fd.get(), kPiece);
    AlignedBuffer buffer(kPiece);
    Bytes found;
    const ReadResult result = read_through(
        file.fd.get(), buffer, [&](std::uint64_t, ByteView bytes, bool) { append(found, bytes); }, UINT64_MAX,
        [&](int, void* to, std::size_t wanted, std::uint64_t offset) {
          return ahead.read(to, wanted, offset);
        });
    CHECK(result.ok());
    CHECK(found == file.content);
  }
}

TEST_CASE("reading ahead: leaps, parts of a piece, and what is left half way") {
  File file(20 * kPiece);
  Bytes buffer(kPiece);
  {
    ReadAhead ahead(file.fd.get(), kPiece);
    const auto expect = [&](std::size_t size, std::uint64_t offset) {
      REQUIRE(ahead.read(buffer.data(), size, offset) == static_cast<std::int64_t>(size));
      CHECK(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size),
                       file.content.begin() + static_cast<std::ptrdiff_t>(offset)));
    };
    for (std::uint64_t piece = 0; piece < 5; ++piece) expect(kPiece, piece * kPiece);
    expect(4096, 5 * kPiece);
    expect(4096, 5 * kPiece + 4096);
    expect(kPiece, 12 * kPiece);
    expect(kPiece, 13 * kPiece);
    expect(kPiece, 2 * kPiece);
  }
  const ReadAhead unused(file.fd.get(), kPiece);
}

TEST_CASE("reading ahead: an error is told when its turn comes") {
  ReadAhead ahead(-1, kPiece);
  Bytes buffer(kPiece);
  for (int attempt = 0; attempt < 2; ++attempt) {
    errno = 0;
    CHECK(ahead.read(buffer.data(), kPiece, 0) == -1);
    CHECK(errno == EBADF);
  }
}
