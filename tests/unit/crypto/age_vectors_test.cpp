// The published age test files (C2SP/CCTV), and the age program itself, both ways.
#include <dlfcn.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/crypto/hash.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::crypto;
using namespace dalil::crypto::age;

namespace {

struct Vector {
  std::string name;
  std::multimap<std::string, std::string> fields;
  std::string file;
  std::string field(const std::string& key) const {
    const auto found = fields.find(key);
    return found == fields.end() ? "" : found->second;
  }
};

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

void write_whole(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// "key: value" lines, an empty line, then the file.
Vector read_vector(const boost::filesystem::path& path) {
  Vector vector{path.filename().string(), {}, read_whole(path.string())};
  for (;;) {
    const std::size_t end = vector.file.find('\n');
    const std::string line = vector.file.substr(0, end);
    vector.file.erase(0, end + 1);
    if (line.empty()) return vector;
    const std::size_t colon = line.find(": ");
    vector.fields.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
}

/// Some files are published deflated. zlib is on every Debian system; its header is not needed for one call.
std::optional<std::string> inflate(const std::string& deflated) {
  using Uncompress = int(unsigned char*, unsigned long*, const unsigned char*, unsigned long);
  static void* const library = dlopen("libz.so.1", RTLD_NOW);
  if (library == nullptr) return std::nullopt;
  auto* const uncompress = reinterpret_cast<Uncompress*>(dlsym(library, "uncompress"));
  std::string out(32 << 20, '\0');
  unsigned long size = out.size();
  const int status = uncompress(reinterpret_cast<unsigned char*>(out.data()), &size,
                                reinterpret_cast<const unsigned char*>(deflated.data()), deflated.size());
  if (status != 0) return std::nullopt;
  out.resize(size);
  return out;
}

Failure expected_failure(const std::string& text) {
  const std::map<std::string, Failure> kClasses = {
      {"success", Failure::none},
      {"header failure", Failure::header},
      {"HMAC failure", Failure::hmac},
      {"no match", Failure::no_match},
      {"payload failure", Failure::payload},
      {"armor failure", Failure::armor},
  };
  return kClasses.at(text);
}

/// Post-quantum recipients (ML-KEM-768 with X25519) are not supported: their identities are refused.
bool needs_post_quantum_identity(const Vector& vector) {
  return vector.field("identity").starts_with("AGE-SECRET-KEY-PQ-") && vector.fields.count("identity") == 1;
}

Opened open_vector(const Vector& vector) {
  if (vector.fields.count("passphrase") != 0) {
    const Opened opened =
        decrypt_with_passphrase(as_bytes(vector.file), as_bytes(vector.field("passphrase")));
    if (opened.failure != Failure::no_match) return {opened.failure, opened.plaintext.clone()};
  }
  std::vector<Identity> identities;
  const auto [begin, end] = vector.fields.equal_range("identity");
  for (auto it = begin; it != end; ++it) {
    if (!it->second.starts_with("AGE-SECRET-KEY-PQ-")) identities.push_back(Identity::parse(it->second));
  }
  return decrypt(as_bytes(vector.file), identities);
}

bool have_age() {
  return std::system("command -v age age-keygen >/dev/null 2>&1") == 0;
}

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

}  // namespace

TEST_CASE("age: the published test files give the results that they name") {
  const auto directory = dalil::testing::shared_dir("vectors/cctv/age/testdata");
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
  const dalil::testing::TempDir directory;
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
  const dalil::testing::TempDir directory;
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
  const dalil::testing::TempDir directory;
  const Identity identity = Identity::generate();
  write_whole(directory / "key", as_chars(identity.encode().view()));
  REQUIRE(run("age-keygen -y " + directory / "key" + " > " + directory / "recipient"));
  CHECK(read_whole(directory / "recipient") == identity.recipient() + "\n");
}
