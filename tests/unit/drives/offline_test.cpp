#include <catch2/catch.hpp>

#include "offline_parts.hpp"

using namespace dalil;
using namespace dalil::drives::offline;

namespace {

const std::string kHex(64, 'a');

std::optional<Listed> plain(const std::string& line) {
  Statement statement;
  statement.payload = "data";
  return listed_from(line, statement);
}

std::optional<Listed> sealed(const std::string& line) {
  Statement statement;
  statement.kind = archive::DriveKind::sealed;
  statement.payload = "objects";
  return listed_from(line, statement);
}

}  // namespace

TEST_CASE("a line of a drive's list names a file of its payload") {
  CHECK(plain(kHex + "  data/a b/c").value().path == "data/a b/c");
  CHECK(plain(kHex + "  data/a%0Ab%25").value().path == "data/a\nb%");
  CHECK(plain(kHex + "  data/\xff").value().digest.hex() == kHex);
  CHECK(sealed(kHex + "  objects/aa/b%0A.age").value().path == "objects/aa/b%0A.age");  // names as they are
}

TEST_CASE("a line that leads out of the payload, or has another form, is none") {
  for (const char* path : {"", "data", "data/", "data//x", "data/x/", "data/./x", "data/../x", "data/x/..",
                           "/data/x", "../data/x", "dat/x", "data2/x", "objects/x", "data/a%", "data/a%0"})
    CHECK(!plain(kHex + "  " + path));
  CHECK(!plain(kHex + "  data/x" + std::string(1, '\0')));
  CHECK(!plain(kHex + " *data/x"));
  CHECK(!plain(kHex + " data/x"));
  CHECK(!plain(kHex.substr(1) + "  data/x"));
  CHECK(!plain("g" + kHex.substr(1) + "  data/x"));
  CHECK(!sealed(kHex + "  data/x"));
  CHECK(!plain(kHex + "  data/" + std::string(2 << 20, 'x')));
}
