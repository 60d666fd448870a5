#include "dalil/formats/identity.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"

using namespace dalil;
using archive::SourceIdentity;
using formats::read_identity;
using formats::write_identity;

namespace {
std::string message_of(std::string_view text) {
  try {
    read_identity(text);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid);
    return error.what();
  }
  return {};
}
}  // namespace

TEST_CASE("an identity is three fields, each of which may be missing") {
  CHECK(read_identity("name: Ahmad \xd8\xa3\ncontact: +963 1\nnote: asks for silence\n") ==
        SourceIdentity{"Ahmad \xd8\xa3", "+963 1", "asks for silence"});
  CHECK(read_identity("note:x") == SourceIdentity{"", "", "x"});
  CHECK(read_identity("").empty());
  CHECK(read_identity("name:\n").empty());
}

TEST_CASE("lines that begin with a blank go on with the field above") {
  CHECK(read_identity("note: one\n  two\n\n\tthree\nname: x\n") ==
        SourceIdentity{"x", "", "one\ntwo\nthree"});
  CHECK(read_identity("contact:\n signal\n mail\n").contact == "signal\nmail");
  CHECK(read_identity("name: a: b\n").name == "a: b");
}

TEST_CASE("comments, a byte order mark and line ends of Windows do no harm") {
  CHECK(read_identity("\xEF\xBB\xBF# who\r\nname: x\r\n\r\n# note: y\r\n") == SourceIdentity{"x", "", ""});
}

TEST_CASE("what is no identity is refused by line, without a word of it") {
  CHECK(message_of("name: x\nAhmad Real\n") == "line 2 of the identity begins with none of the fields");
  CHECK(message_of("Name: x\n") == "line 1 of the identity begins with none of the fields");
  CHECK(message_of("name: x\nname: y\n") == "line 2 of the identity states a field again");
  CHECK(message_of("  x\n") == "line 1 of the identity goes on with no field");
  CHECK(message_of("name: a\x1b[2J\n") == "line 1 of the identity holds control characters");
  CHECK(message_of("name: \xff\n") == "the identity is not text in UTF-8");
  CHECK(message_of("name: " + std::string(formats::kMaxIdentityBytes, 'x')) ==
        "the identity is longer than 64 KiB");
}

TEST_CASE("an identity that is written reads back, however it is cut") {
  const SourceIdentity whole{"Ahmad", "+963\nmail", "one\ntwo"};
  const std::string text = write_identity(whole);
  CHECK(text == "name: Ahmad\ncontact: +963\n mail\nnote: one\n two\n");
  CHECK(read_identity(text) == whole);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    try {
      const SourceIdentity part = read_identity(std::string_view(text).substr(0, size));
      CHECK(read_identity(write_identity(part)) == part);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid);
    }
  }
}
