#include <catch2/catch.hpp>
#include <random>

#include "scan_parts.hpp"

using namespace dalil::jobs;

namespace {

/// Straight from the definition, exponential and obvious.
bool naive_glob(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == '*')
    return naive_glob(pattern.substr(1), path) || (!path.empty() && naive_glob(pattern, path.substr(1)));
  if (path.empty()) return false;
  return (pattern[0] == '?' || pattern[0] == path[0]) && naive_glob(pattern.substr(1), path.substr(1));
}

bool naive_match(std::string_view pattern, std::string_view path) {
  if (pattern.find_first_of("*?") != std::string_view::npos) return naive_glob(pattern, path);
  std::string folder(pattern);
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  return folder.empty() || path == folder || path.starts_with(folder + "/");
}

std::string random_text(std::mt19937& random, std::string_view letters, std::size_t most) {
  std::string text;
  for (auto left = random() % (most + 1); left > 0; --left) text += letters[random() % letters.size()];
  return text;
}

}  // namespace

TEST_CASE("patterns agree with their definition on random paths") {
  std::mt19937 random(5);
  std::size_t matched = 0;
  for (int round = 0; round < 200'000; ++round) {
    const std::string pattern = random_text(random, "ab/*?", 7), path = random_text(random, "ab/", 9);
    const bool matches = matches_pattern(pattern, path);
    matched += matches ? 1 : 0;
    if (matches == naive_match(pattern, path)) continue;
    CAPTURE(pattern, path);
    REQUIRE(matches == naive_match(pattern, path));
  }
  CHECK(matched > 5000);
}

TEST_CASE("a pattern without wildcards is a folder or a file, and no beginning of a name") {
  CHECK(matches_pattern("a/b", "a/b"));
  CHECK(matches_pattern("a/b", "a/b/c/d"));
  CHECK(matches_pattern("a/b/", "a/b/c"));
  CHECK(!matches_pattern("a/b", "a/bc"));
  CHECK(!matches_pattern("a/b", "x/a/b"));
  CHECK(matches_pattern("", "anything"));
}

TEST_CASE("a star reaches over folders and bytes that are no text") {
  CHECK(matches_pattern("*", "a/b/c"));
  CHECK(matches_pattern("*.jpg", "a/\xff\n/c.jpg"));
  CHECK(matches_pattern("2017*/IMG_????.*", "2017-09/x/IMG_0001.JPG"));
  CHECK(!matches_pattern("*.jpg", "a.JPG"));
}

TEST_CASE("a hostile pattern takes no exponential time") {
  std::string pattern, path(5000, 'a');
  for (int i = 0; i < 200; ++i) pattern += "a*";
  CHECK(!matches_pattern(pattern + "b", path));
}
