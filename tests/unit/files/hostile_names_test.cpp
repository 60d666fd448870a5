// Names as they were found in the wild and made by fuzzers: what goes in must come out byte for byte.
#include <catch2/catch.hpp>
#include <random>
#include <unordered_set>

#include "dalil/files/read.hpp"
#include "dalil/files/walk.hpp"
#include "tree_helpers.hpp"

using namespace dalil;
using namespace dalil::files;
using namespace dalil::files::testing;

namespace {

/// The list is compressed; gzip(1) is part of every system that can run these tests.
std::string unpack(const std::string& path) {
  std::string content;
  FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  if (pipe == nullptr) return content;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) content.append(buffer, got);
  ::pclose(pipe);
  return content;
}

std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// Creates the file and the directories above it; false if the file system cannot hold it.
bool create(const Fd& root, const std::string& path, std::set<std::string>& made) {
  Fd at(::dup(root.get()));
  std::size_t begin = 0;
  for (std::size_t slash; (slash = path.find('/', begin)) != path.npos; begin = slash + 1) {
    const std::string component = path.substr(begin, slash - begin);
    if (component.empty() || component == "." || component == "..") return false;
    if (::mkdirat(at.get(), component.c_str(), 0700) == 0) made.insert(path.substr(0, slash));
    at = Fd(::openat(at.get(), component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!at) return false;
  }
  const std::string name = path.substr(begin);
  const Fd file(::openat(at.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (file) made.insert(path);
  return static_cast<bool>(file);
}

}  // namespace

TEST_CASE("hostile names come back byte for byte, and each file opens by its path") {
  const auto list = dalil::testing::shared_dir("data/hostile-names.nul.gz");
  if (!list) return;
  std::vector<std::string> names = split_at_nul(unpack(*list));
  REQUIRE(names.size() > 20'000);
  std::shuffle(names.begin(), names.end(), std::mt19937(20'17));
  names.resize(20'000);

  const FastTempDir directory;
  const Fd root = open_directory(directory.path());
  std::set<std::string> made;
  std::size_t files = 0;
  for (const std::string& name : names) files += create(root, name, made) ? 1 : 0;
  CHECK(files > 15'000);

  const auto all = walk_all(directory.path());
  CHECK(paths_in(all) == made);
  std::size_t opened = 0;
  for (const Directory& listed : all) {
    CHECK(listed.error_number == 0);
    for (const DirectoryEntry& entry : listed.entries) {
      REQUIRE(entry.error_number == 0);
      if (entry.stat.kind != FileKind::regular) continue;
      REQUIRE(open_regular(root.get(), join_path(listed.path, entry.name).c_str()).error_number == 0);
      ++opened;
    }
  }
  CHECK(opened == files);
}
