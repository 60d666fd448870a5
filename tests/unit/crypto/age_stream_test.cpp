#include "dalil/crypto/age_stream.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "age_vectors.hpp"
#include "dalil/base/error.hpp"
#include "dalil/crypto/hash.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::crypto;
using namespace dalil::crypto::age;
using namespace dalil::testing;

namespace {

constexpr std::size_t kChunk = 65536;
constexpr std::size_t kPieces[] = {1,          7,           kChunk - 1,  kChunk,
                                   kChunk + 1, kChunk + 15, kChunk + 16, kChunk + 17};

Bytes random_message(std::size_t size) {
  Bytes bytes(size);
  random_bytes(bytes);
  return bytes;
}

std::vector<Identity> one(const Identity& identity) {
  std::vector<Identity> identities;
  identities.push_back({identity.scalar.clone()});
  return identities;
}

Bytes encrypt_in_pieces(ByteView plain, const std::vector<std::string>& recipients, std::size_t piece) {
  Bytes file;
  Encryptor encryptor(recipients, [&](ByteView bytes) { append(file, bytes); });
  for (std::size_t at = 0; at < plain.size(); at += piece)
    encryptor.update(plain.subspan(at).first(std::min(piece, plain.size() - at)));
  encryptor.finish();
  return file;
}

struct Streamed {
  Failure failure = Failure::none;
  Bytes plain;
};

Streamed decrypt_in_pieces(ByteView file, const std::vector<Identity>& identities, std::size_t piece) {
  Streamed streamed;
  Decryptor decryptor(identities, [&](ByteView bytes) { append(streamed.plain, bytes); });
  for (std::size_t at = 0; at < file.size(); at += piece) {
    const Failure failure = decryptor.update(file.subspan(at).first(std::min(piece, file.size() - at)));
    if (failure != Failure::none) {
      CHECK(decryptor.update(file.first(std::min<std::size_t>(file.size(), 1))) == failure);
      streamed.failure = failure;
      CHECK(decryptor.finish() == failure);
      return streamed;
    }
  }
  streamed.failure = decryptor.finish();
  return streamed;
}

bool starts_with(const Bytes& whole, const Bytes& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

TEST_CASE("age stream: what goes in comes out, whatever the pieces, and one way opens the other's files") {
  const Identity mine = Identity::generate(), other = Identity::generate();
  const std::vector<std::string> recipients = {other.recipient(), mine.recipient()};
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1, 2 * kChunk,
                                 2 * kChunk + 1, 3 * kChunk + 500}) {
    const Bytes plain = random_message(size);
    for (const std::size_t piece : kPieces) {
      if (piece < 7 && size > kChunk + 1) continue;
      const Bytes file = encrypt_in_pieces(plain, recipients, piece);
      const Opened whole = decrypt(file, one(mine));
      CHECK(whole.failure == Failure::none);
      CHECK(std::ranges::equal(whole.plaintext.view(), plain));
      const Streamed streamed = decrypt_in_pieces(encrypt_to(plain, recipients), one(other), piece);
      CHECK(streamed.failure == Failure::none);
      CHECK(streamed.plain == plain);
      CHECK(decrypt_in_pieces(file, one(Identity::generate()), piece).failure == Failure::no_match);
    }
    const Bytes file = encrypt_in_pieces(plain, recipients, kChunk);
    const Bytes empty = encrypt_in_pieces({}, recipients, kChunk);
    CHECK(file.size() == encrypted_size(empty.size() - 32, size));
  }
}

TEST_CASE("age stream: a file that was cut anywhere is not whole, and gives out a part of what was in it") {
  const Identity identity = Identity::generate();
  const Bytes small = random_message(200);
  const Bytes file = encrypt_to(small, {identity.recipient()});
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    const Streamed streamed = decrypt_in_pieces(cut, one(identity), 7);
    CHECK(streamed.failure == decrypt(cut, one(identity)).failure);
    CHECK(streamed.failure != Failure::none);
    CHECK(streamed.plain.empty());
  }
  const Bytes plain = random_message(3 * kChunk);
  const Bytes large = encrypt_to(plain, {identity.recipient()});
  const std::size_t payload = large.size() - 3 * (kChunk + 16);
  for (const std::size_t chunks : {0u, 1u, 2u}) {
    for (const std::ptrdiff_t off : {-17, -16, -1, 0, 1, 15, 16, 17}) {
      const Bytes cut(large.begin(),
                      large.begin() + static_cast<std::ptrdiff_t>(payload + chunks * (kChunk + 16)) + off);
      const Streamed streamed = decrypt_in_pieces(cut, one(identity), kChunk);
      CHECK(streamed.failure == decrypt(cut, one(identity)).failure);
      CHECK(streamed.failure != Failure::none);
      CHECK(starts_with(plain, streamed.plain));
      CHECK(streamed.plain.size() <= chunks * kChunk);
    }
  }
}

TEST_CASE("age stream: a file that was flipped or lengthened anywhere is not whole") {
  const Identity identity = Identity::generate();
  Bytes file = encrypt_to(random_message(100), {identity.recipient()});
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1 << bit % 8);
    const Streamed streamed = decrypt_in_pieces(file, one(identity), 64);
    CHECK(streamed.failure == decrypt(file, one(identity)).failure);
    CHECK(streamed.failure != Failure::none);
    CHECK(streamed.plain.empty());
    file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1 << bit % 8);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, kChunk, 2 * kChunk}) {
    const Bytes plain = random_message(size);
    for (const std::size_t more : {std::size_t{1}, std::size_t{16}, std::size_t{17}, kChunk + 16}) {
      Bytes longer = encrypt_to(plain, {identity.recipient()});
      longer.resize(longer.size() + more);
      const Streamed streamed = decrypt_in_pieces(longer, one(identity), kChunk);
      CHECK(streamed.failure == Failure::payload);
      CHECK(starts_with(plain, streamed.plain));
    }
  }
}

TEST_CASE("age stream: behind damage the rest is given out at its place, and never as whole") {
  const Identity identity = Identity::generate();
  const Bytes plain = random_message(5 * kChunk + 1234);
  const Bytes whole = encrypt_in_pieces(plain, {identity.recipient()}, kChunk);
  const std::size_t payload = whole.size() - plain.size() - 6 * 16;
  const auto salvage = [&](ByteView file, std::size_t piece, std::size_t& lost) {
    Bytes found;
    lost = 0;
    Decryptor decryptor(
        one(identity), [&](ByteView bytes) { append(found, bytes); },
        [&](std::size_t size) {
          lost += size;
          found.resize(found.size() + size);
        });
    for (std::size_t at = 0; at < file.size(); at += piece)
      decryptor.update(file.subspan(at).first(std::min(piece, file.size() - at)));
    const Failure failure = decryptor.finish();
    CHECK(failure == (lost == 0 ? Failure::none : Failure::payload));
    return found;
  };
  for (const std::size_t piece : {std::size_t{4096}, kChunk, whole.size()}) {
    std::size_t lost = 0;
    CHECK(salvage(whole, piece, lost) == plain);
    CHECK(lost == 0);
    for (std::size_t chunk = 0; chunk < 6; ++chunk) {
      Bytes damaged = whole;
      damaged[payload + chunk * (kChunk + 16) + 100] ^= 1;
      Bytes expected = plain;
      const std::size_t begin = chunk * kChunk, size = std::min(kChunk, plain.size() - begin);
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(begin), size, 0);
      CHECK(salvage(damaged, piece, lost) == expected);
      CHECK(lost == size);
    }
  }
  // Chunks that change places are authentic at neither.
  Bytes swapped = whole;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(payload),
                   swapped.begin() + static_cast<std::ptrdiff_t>(payload + kChunk + 16),
                   swapped.begin() + static_cast<std::ptrdiff_t>(payload + kChunk + 16));
  std::size_t lost = 0;
  salvage(swapped, kChunk, lost);
  CHECK(lost == 2 * kChunk);
  // A file that was cut keeps what is before.
  const Bytes cut = salvage(ByteView(whole).first(payload + 3 * (kChunk + 16) + 50), kChunk, lost);
  CHECK(lost == 34);
  CHECK(std::equal(plain.begin(), plain.begin() + 3 * kChunk, cut.begin()));
}

TEST_CASE("age stream: a header without end is refused, not gathered") {
  Decryptor decryptor({}, [](ByteView) { FAIL("released"); });
  const Bytes garbage(1 << 16, 'x');
  Failure failure = Failure::none;
  for (int i = 0; i < 32 && failure == Failure::none; ++i) failure = decryptor.update(garbage);
  CHECK(failure == Failure::header);
  CHECK(decryptor.finish() == Failure::header);
}

TEST_CASE("age stream: misuse and bad recipients are refused") {
  CHECK_THROWS_AS(Encryptor({}, [](ByteView) {}), Error);
  CHECK_THROWS_AS(Encryptor({"age1"}, [](ByteView) {}), Error);
  Encryptor encryptor({Identity::generate().recipient()}, [](ByteView) {});
  encryptor.finish();
  CHECK_THROWS_AS(encryptor.finish(), Error);
  CHECK_THROWS_AS(encryptor.update(as_bytes("x")), Error);
  Decryptor decryptor({}, [](ByteView) {});
  CHECK(decryptor.finish() == Failure::header);
  CHECK(decryptor.finish() == Failure::header);
  CHECK_THROWS_AS(decryptor.update(as_bytes("x")), Error);
}

TEST_CASE("age stream: the published binary test files give the same results in pieces as whole") {
  const auto directory = shared_dir("vectors/cctv/age/testdata");
  if (!directory) return;
  int checked = 0, partial = 0;
  for (const auto& entry : boost::filesystem::directory_iterator(*directory)) {
    Vector vector = read_vector(entry.path());
    INFO(vector.name);
    if (vector.field("armored") == "yes" || needs_post_quantum_identity(vector)) continue;
    if (vector.field("compressed") == "zlib") {
      auto inflated = inflate(vector.file);
      if (!inflated) continue;
      vector.file = std::move(*inflated);
    }
    ++checked;
    const std::vector<Identity> identities = identities_of(vector);
    const Opened whole = decrypt(as_bytes(vector.file), identities);
    for (const std::size_t piece : kPieces) {
      if (piece == 1 && vector.file.size() > (1 << 20)) continue;
      const Streamed streamed = decrypt_in_pieces(as_bytes(vector.file), identities, piece);
      CHECK(streamed.failure == whole.failure);
      if (whole.failure == Failure::none) CHECK(std::ranges::equal(whole.plaintext.view(), streamed.plain));
      // Where a payload fails, the files name the digest of what may be released before. Here it is less
      // where a full chunk is wrong only in being the last, or not: it is held back until that is known.
      const bool held_back = vector.name.starts_with("stream_no_final") ||
                             vector.name.starts_with("stream_trailing_garbage") ||
                             vector.name.starts_with("stream_two_final_chunks");
      if (whole.failure == Failure::payload && !held_back) {
        ++partial;
        CHECK(sha256(streamed.plain).hex() == vector.field("payload"));
      }
    }
  }
  CHECK(checked > 80);
  CHECK(partial > 0);
}

TEST_CASE("age stream: the age program opens what is written here, and the other way round") {
  if (!have_age()) return;
  const TempDir directory;
  const Identity identity = Identity::generate();
  write_whole(directory / "key", as_chars(identity.encode().view()));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk, std::size_t{300000}}) {
    const Bytes plain = random_message(size);
    write_whole(directory / "file", as_chars(encrypt_in_pieces(plain, {identity.recipient()}, 1000)));
    REQUIRE(run("age -d -i " + directory / "key" + " -o " + directory / "out" + " " + directory / "file"));
    CHECK(read_whole(directory / "out") == as_chars(plain));
    write_whole(directory / "plain", as_chars(plain));
    REQUIRE(run("age -r " + identity.recipient() + " -o " + directory / "file" + " " + directory / "plain"));
    const Streamed streamed =
        decrypt_in_pieces(as_bytes(read_whole(directory / "file")), one(identity), 1000);
    CHECK(streamed.failure == Failure::none);
    CHECK(streamed.plain == plain);
  }
}
