// The published age test files (C2SP/CCTV), and the age program itself, both ways.
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

Opened open_vector(const Vector& vector) {
  if (vector.fields.count("passphrase") != 0) {
    const Opened opened =
        decrypt_with_passphrase(as_bytes(vector.file), as_bytes(vector.field("passphrase")));
    if (opened.failure != Failure::no_match) return {opened.failure, opened.plaintext.clone()};
  }
  return decrypt(as_bytes(vector.file), identities_of(vector));
}

}  // namespace

TEST_CASE("age: the published test files give the results that they name") {
  const auto directory = shared_dir("vectors/cctv/age/testdata");
  if (!directory) return;
  int checked = 0, unsupported = 0;
  for (const auto& entry : boost::filesystem::directory_iterator(*directory)) {
    Vector vector = read_vector(entry.path());
    INFO(vector.name);
    if (vector.field("compressed") == "zlib") {
      auto inflated = inflate(vector.file);
      if (!inflated) continue;
      vector.file = std::move(*inflated);
    }
    if (needs_post_quantum_identity(vector)) {
      ++unsupported;
      CHECK_THROWS_AS(Identity::parse(vector.field("identity")), Error);
      CHECK(decrypt(as_bytes(vector.file), {}).failure != Failure::none);
      continue;
    }
    ++checked;
    const Opened opened = open_vector(vector);
    // The files call a work factor beyond the reader's cap a header failure; here it has a class of its own.
    const Failure failure = opened.failure == Failure::work_factor ? Failure::header : opened.failure;
    CHECK(failure == expected_failure(vector.field("expect")));
    if (failure == Failure::none) CHECK(sha256(opened.plaintext.view()).hex() == vector.field("payload"));
    if (failure != Failure::none) CHECK(opened.plaintext.empty());
  }
  CHECK(checked + unsupported == 143);
  CHECK(unsupported == 18);
}

TEST_CASE("age: the age program opens what is written here") {
  if (!have_age()) return;
  const TempDir directory;
  REQUIRE(run("age-keygen -o " + directory / "key" + " 2>/dev/null"));
  const std::vector<Identity> identities = Identity::parse_file(read_whole(directory / "key"));
  REQUIRE(identities.size() == 1);
  REQUIRE(run("age-keygen -y " + directory / "key" + " > " + directory / "recipient"));
  CHECK(identities[0].recipient() + "\n" == read_whole(directory / "recipient"));

  for (const std::size_t size : {0u, 1u, 65536u, 100000u}) {
    Bytes plaintext(size);
    random_bytes(plaintext);
    const Bytes file = encrypt_to(plaintext, {Identity::generate().recipient(), identities[0].recipient()});
    write_whole(directory / "file", as_chars(file));
    REQUIRE(run("age -d -i " + directory / "key" + " -o " + directory / "out" + " " + directory / "file"));
    CHECK(read_whole(directory / "out") == as_chars(plaintext));
  }
}

TEST_CASE("age: what the age program writes opens here") {
  if (!have_age()) return;
  const TempDir directory;
  const Identity identity = Identity::generate();
  std::vector<Identity> identities;
  identities.push_back({identity.scalar.clone()});
  for (const std::size_t size : {0u, 1u, 65536u, 100000u}) {
    for (const std::string flags : {"", "-a "}) {
      Bytes plaintext(size);
      random_bytes(plaintext);
      write_whole(directory / "plain", as_chars(plaintext));
      REQUIRE(run("age " + flags + "-r " + identity.recipient() + " -o " + directory / "file" + " " +
                  directory / "plain"));
      const std::string file = read_whole(directory / "file");
      const Opened opened = decrypt(as_bytes(file), identities);
      CHECK(opened.failure == Failure::none);
      CHECK(std::ranges::equal(opened.plaintext.view(), plaintext));
    }
  }
}

TEST_CASE("age: the age program reads an identity that was made here") {
  if (!have_age()) return;
  const TempDir directory;
  const Identity identity = Identity::generate();
  write_whole(directory / "key", as_chars(identity.encode().view()));
  REQUIRE(run("age-keygen -y " + directory / "key" + " > " + directory / "recipient"));
  CHECK(read_whole(directory / "recipient") == identity.recipient() + "\n");
}
