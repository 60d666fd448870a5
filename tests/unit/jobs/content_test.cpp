#include "dalil/jobs/content.hpp"

#include <cstring>
#include <random>

#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::jobs;
using namespace dalil::testing;

namespace {

constexpr std::size_t kMiB = 1 << 20;

/// Files, their tasks and one reader.
struct Bench {
  TempDir dir;
  std::shared_ptr<const files::Fd> folder =
      std::make_shared<const files::Fd>(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Bytes key = Bytes(32, 9);
  std::vector<FileTask> tasks;
  std::vector<std::string> contents;
  std::vector<crypto::TagNonce> nonces;
  Progress progress;
  StopFlag stop;

  void add(const std::string& content) {
    const std::string name = "f" + std::to_string(tasks.size());
    std::ofstream(dir / name, std::ios::binary) << content;
    tasks.push_back({folder, "", name, files::stat_at(folder->get(), name.c_str()).stat});
    contents.push_back(content);
    nonces.push_back(crypto::random_array<12>());
  }
  std::vector<Content> read(const ContentNeeds& needs = {}) {
    ContentReader reader(key, needs);
    std::vector<Content> read = reader.open(tasks);
    reader.read(tasks, read, nonces, progress, stop);
    CHECK(!reader.stopped());
    return read;
  }
  /// Each reading is what the naive way gives.
  void check(const std::vector<Content>& read, const ContentNeeds& needs = {}) const {
    const crypto::ChunkTagger tagger(key);
    REQUIRE(read.size() == contents.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      const std::string& content = contents[i];
      CAPTURE(i, content.size());
      CHECK(read[i].ok());
      CHECK(read[i].size_bytes == content.size());
      if (needs.digest) CHECK(read[i].digest == crypto::sha256(as_bytes(content)));
      if (!needs.tags) continue;
      REQUIRE(read[i].tags.size() == crypto::tag_count(content.size()));
      REQUIRE(read[i].readable.size() == read[i].tags.size());
      for (std::size_t chunk = 0; chunk < read[i].tags.size(); ++chunk) {
        const std::string piece = content.substr(chunk * kMiB, kMiB);
        CHECK(read[i].tags[chunk] == tagger.tag(nonces[i], chunk, as_bytes(piece)));
        CHECK(read[i].readable[chunk] == 1);
      }
    }
  }
};

constexpr std::size_t kEdges[] = {0,        1,        100,          4095,     4096,         4097,
                                  8191,     8192,     65'535,       65'536,   kMiB - 4096,  kMiB - 1,
                                  kMiB,     kMiB + 1, 2 * kMiB - 1, 2 * kMiB, 2 * kMiB + 1, 3 * kMiB + 4096,
                                  5'000'000};

}  // namespace

TEST_CASE("digests and tags of every size around the edges are the naive ones") {
  for (const auto from : {files::ReadFrom::anywhere, files::ReadFrom::medium}) {
    Bench bench;
    unsigned seed = 1;
    for (const std::size_t size : kEdges) bench.add(pattern(size, seed++));
    ContentNeeds needs;
    needs.from = from;
    bench.check(bench.read(needs));
  }
}

TEST_CASE("small and large files may be mixed in one batch") {
  std::mt19937 random(3);
  Bench bench;
  for (std::size_t i = 0; i < kBatchFiles; ++i) {
    const std::size_t size = i % 9 == 0 ? random() % (3 * kMiB) : random() % 20'000;
    bench.add(pattern(size, static_cast<unsigned>(i)));
  }
  bench.check(bench.read());
  std::uint64_t all = 0;
  for (const std::string& content : bench.contents) all += content.size();
  CHECK(bench.progress.bytes_done == all);
}

TEST_CASE("a batch larger than the buffer is read all the same") {
  Bench bench;
  for (unsigned i = 0; i < 24; ++i) bench.add(pattern(kMiB - i, i));
  bench.check(bench.read());
}

TEST_CASE("only what is asked for is computed") {
  Bench bench;
  bench.add("small");
  bench.add(pattern(2 * kMiB));
  for (const ContentNeeds& needs : {ContentNeeds{.digest = true, .tags = false, .sniff = false},
                                    ContentNeeds{.digest = false, .tags = true, .sniff = false}}) {
    const auto read = bench.read(needs);
    bench.check(read, needs);
    for (const Content& content : read) CHECK(content.tags.empty() == !needs.tags);
  }
}

TEST_CASE("a reader may be used for batch after batch") {
  Bench bench;
  ContentReader reader(bench.key, {});
  for (int round = 0; round < 3; ++round) {
    bench.tasks.clear();
    bench.contents.clear();
    bench.nonces.clear();
    for (unsigned i = 0; i < 5; ++i) bench.add(pattern(i * 700'000, i + 10U * static_cast<unsigned>(round)));
    std::vector<Content> read = reader.open(bench.tasks);
    reader.read(bench.tasks, read, bench.nonces, bench.progress, bench.stop);
    bench.check(read);
  }
}

TEST_CASE("a file that changes between opening and reading is read as it came to rest") {
  for (const std::size_t before : {std::size_t{10}, kMiB, 3 * kMiB}) {
    for (const std::size_t after : {std::size_t{0}, std::size_t{5}, kMiB + 3, 4 * kMiB}) {
      Bench bench;
      bench.add(pattern(before));
      ContentReader reader(bench.key, {});
      std::vector<Content> read = reader.open(bench.tasks);
      bench.contents[0] = pattern(after, 2);
      std::ofstream(bench.dir / "f0", std::ios::binary | std::ios::trunc) << bench.contents[0];
      reader.read(bench.tasks, read, bench.nonces, bench.progress, bench.stop);
      bench.check(read);
      CHECK(read[0].stat.size_bytes == after);
    }
  }
}

TEST_CASE("what cannot be opened says why, and the others are read") {
  Bench bench;
  for (int i = 0; i < 6; ++i) bench.add(pattern(50));
  std::filesystem::remove(bench.dir / "f1");
  std::filesystem::remove(bench.dir / "f2");
  std::filesystem::create_directory(bench.dir / "f2");
  std::filesystem::remove(bench.dir / "f3");
  std::filesystem::create_symlink("f0", bench.dir / "f3");
  std::filesystem::remove(bench.dir / "f4");
  REQUIRE(mkfifo((bench.dir / "f4").c_str(), 0600) == 0);
  const auto read = bench.read();
  CHECK(read[0].ok());
  CHECK(read[1].error_number == ENOENT);
  CHECK(read[2].error_number == ENXIO);
  CHECK(read[3].error_number == ELOOP);
  CHECK(read[4].error_number == ENXIO);
  CHECK(read[5].ok());
}

TEST_CASE("a stop ends the reading and says so") {
  Bench bench;
  bench.add(pattern(5 * kMiB));
  bench.add("small");
  bench.stop.request();
  ContentReader reader(bench.key, {});
  std::vector<Content> read = reader.open(bench.tasks);
  reader.read(bench.tasks, read, bench.nonces, bench.progress, bench.stop);
  CHECK(reader.stopped());
}

TEST_CASE("further hashes come from the same reading, of short and of long files") {
  Bench bench;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, kMiB, 3 * kMiB + 7})
    bench.add(std::string(size, 'x'));
  const std::vector<crypto::HashKind> kinds{crypto::HashKind::md5, crypto::HashKind::sha512};
  for (const bool digest : {true, false}) {
    const auto read = bench.read({.digest = digest, .further = kinds, .tags = false, .sniff = false});
    for (std::size_t i = 0; i < read.size(); ++i) {
      REQUIRE(read[i].further.size() == kinds.size());
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        crypto::HashStream stream(kinds[k]);
        stream.update(as_bytes(bench.contents[i]));
        CHECK(read[i].further[k] == stream.finish());
      }
      if (digest) CHECK(read[i].digest == crypto::sha256(as_bytes(bench.contents[i])));
    }
  }
}
