#include "dalil/jobs/verify.hpp"

#include <random>

#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::jobs;
using namespace dalil::testing;
using archive::Verdict;
using Exception = archive::RunSummary::Exception;

namespace {

constexpr std::size_t kMiB = 1 << 20;

using Files = std::map<std::string, std::string>;

/// A scanned tree.
struct Scanned : TreeFixture {
  explicit Scanned(const Files& contents) {
    for (const auto& [name, content] : contents) write(name, content);
    scan();
  }
};

std::map<std::string, Verdict> verdicts(const VerifyReport& report) {
  std::map<std::string, Verdict> by_name;
  for (const Exception& exception : report.exceptions) by_name[exception.path] = exception.verdict;
  return by_name;
}
using Verdicts = std::map<std::string, Verdict>;
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

constexpr VerifyMode kModes[] = {VerifyMode::quick, VerifyMode::tags, VerifyMode::sha256};
constexpr VerifyMode kReading[] = {VerifyMode::tags, VerifyMode::sha256};

std::function<void(VerifyOptions&)> in(VerifyMode mode) {
  return [mode](VerifyOptions& options) { options.mode = mode; };
}

}  // namespace

TEST_CASE("an untouched tree passes in every mode, with all that was expected checked") {
  const Scanned f(
      Files{{"a", pattern(100)}, {"d/b", pattern(3 * kMiB + 5)}, {"empty", ""}, {"\xff\n", "odd"}});
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(report.result() == "PASS");
    CHECK(report.expected == 4);
    CHECK(report.exceptions.empty());
    CHECK(report.bytes_checked == (mode == VerifyMode::quick ? 0 : 100 + 3 * kMiB + 5 + 3));
    CHECK(report.mode == mode);
  }
  CHECK(f.sound());
}

TEST_CASE("a volume without copies is incomplete and never a pass") {
  TreeFixture f;
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(report.expected == 0);
    CHECK(report.result() == "INCOMPLETE");
  }
  f.write("extra", "x");
  CHECK(f.verify().result() == "INCOMPLETE");
}

TEST_CASE("a flipped byte is corrupt in exactly its MiB") {
  std::mt19937 random(2);
  const Scanned f(Files{{"big", pattern(5 * kMiB + 100)}, {"small", pattern(4097)}});
  for (const VerifyMode mode : kReading) {
    for (const std::size_t offset :
         {std::size_t{0}, kMiB - 1, kMiB, 3 * kMiB + random() % kMiB, 5 * kMiB + 99}) {
      f.damage("big", offset, static_cast<char>(1 << random() % 8));
      const VerifyReport report = f.verify(in(mode));
      CHECK(report.result() == "FAIL");
      REQUIRE(verdicts(report) == Verdicts{{"big", Verdict::corrupt}});
      const std::uint64_t begin = offset / kMiB * kMiB;
      CHECK(report.exceptions[0].ranges ==
            Ranges{{begin, std::min<std::uint64_t>(kMiB, 5 * kMiB + 100 - begin)}});
      f.write("big", pattern(5 * kMiB + 100));
      f.scan();
    }
  }
}

TEST_CASE("damage that meets is one range, damage apart is several") {
  const Scanned f(Files{{"big", pattern(6 * kMiB)}});
  for (const std::size_t chunk : {0, 1, 4}) f.damage("big", chunk * kMiB + 5);
  const VerifyReport report = f.verify();
  REQUIRE(report.exceptions.size() == 1);
  CHECK(report.exceptions[0].ranges == Ranges{{0, 2 * kMiB}, {4 * kMiB, kMiB}});
  CHECK(report.exceptions[0].digest == crypto::sha256(as_bytes(pattern(6 * kMiB))));
}

TEST_CASE("a quick check sees no flipped byte, and leaves what is known of the bytes alone") {
  const Scanned f(Files{{"a", pattern(5000)}});
  CHECK(f.live().at("a").verdict == Verdict::not_checked);
  CHECK(f.verify(in(VerifyMode::quick)).result() == "PASS");
  CHECK(f.live().at("a").verdict == Verdict::not_checked);
  f.verify();
  CHECK(f.live().at("a").verdict == Verdict::intact);
  f.damage("a", 3);
  CHECK(f.verify().result() == "FAIL");
  CHECK(f.verify(in(VerifyMode::quick)).result() == "PASS");
  CHECK(f.live().at("a").verdict == Verdict::corrupt);
}

TEST_CASE("truncated, grown and emptied files are corrupt where they differ") {
  for (const VerifyMode mode : kModes) {
    const Scanned f(Files{{"short", pattern(2 * kMiB + 500)}, {"long", pattern(1000)}, {"none", pattern(1)}});
    f.resize("short", kMiB + 7);
    f.resize("long", kMiB + 1000);
    f.resize("none", 0);
    const VerifyReport report = f.verify(in(mode));
    CHECK(report.result() == "FAIL");
    REQUIRE(verdicts(report) ==
            Verdicts{{"long", Verdict::corrupt}, {"none", Verdict::corrupt}, {"short", Verdict::corrupt}});
    for (const Exception& exception : report.exceptions)
      CHECK(exception.detail.find("bytes where") != std::string::npos);
    if (mode == VerifyMode::quick) continue;
    CHECK(report.exceptions[2].ranges == Ranges{{kMiB, kMiB + 500}});
    CHECK(report.exceptions[0].ranges == Ranges{{0, kMiB + 1000}});
  }
}

TEST_CASE("a file that was edited since is changed and not corrupt") {
  const Scanned f(Files{{"a", pattern(1000)}, {"b", pattern(1000, 2)}, {"touched", "same bytes"}});
  f.write("a", pattern(1000, 5));
  f.set_mtime("a", 4'000'000'000);
  f.write("b", pattern(2000, 6));
  f.set_mtime("b", 4'000'000'000);
  f.set_mtime("touched", 4'000'000'000);
  for (const VerifyMode mode : kReading) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) == Verdicts{{"a", Verdict::changed}, {"b", Verdict::changed}});
    CHECK(report.result() == "FAIL");
  }
  CHECK(verdicts(f.verify(in(VerifyMode::quick))) == Verdicts{{"b", Verdict::changed}});
}

TEST_CASE("a deleted file is missing, and one elsewhere with the same bytes is moved") {
  const Scanned f(Files{{"a", pattern(5000)}, {"b", pattern(5000, 2)}, {"d/c", "c"}});
  std::filesystem::remove(f.at("a"));
  std::filesystem::create_directory(f.at("e"));
  std::filesystem::rename(f.at("b"), f.at("e/b"));
  for (const VerifyMode mode : kReading) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) == Verdicts{{"a", Verdict::missing}, {"b", Verdict::moved}});
    CHECK(report.exceptions[1].detail == "now e/b");
    CHECK(report.result() == "FAIL");
  }
  CHECK(verdicts(f.verify(in(VerifyMode::quick))) ==
        Verdicts{{"a", Verdict::missing}, {"b", Verdict::missing}, {"e/b", Verdict::extra}});
  f.write("a", pattern(5000));
  const VerifyReport moved = f.verify();
  CHECK(verdicts(moved) == Verdicts{{"b", Verdict::moved}});
  CHECK(moved.result() == "PASS");
}

TEST_CASE("one extra file stands in for one missing copy, not for two") {
  const Scanned f(Files{{"a", "same"}, {"b", "same"}, {"c", "other"}});
  std::filesystem::remove(f.at("a"));
  std::filesystem::rename(f.at("b"), f.at("x"));
  const auto found = verdicts(f.verify());
  CHECK(found.size() == 2);
  CHECK((found.at("a") == Verdict::moved) != (found.at("b") == Verdict::moved));
  CHECK((found.at("a") == Verdict::missing) != (found.at("b") == Verdict::missing));
}

TEST_CASE("two candidates that fit equally are both named") {
  const Scanned f(Files{{"a", "same"}});
  std::filesystem::rename(f.at("a"), f.at("x"));
  std::filesystem::copy_file(f.at("x"), f.at("y"));
  const VerifyReport report = f.verify();
  REQUIRE(!report.exceptions.empty());
  CHECK(report.exceptions[0].verdict == Verdict::moved);
  CHECK(report.exceptions[0].detail == "now x, or y");
}

TEST_CASE("a name in another case or Unicode form is renamed") {
  const std::string composed = "caf\xc3\xa9", decomposed = "cafe\xcc\x81";
  const Scanned f(Files{{"IMG_1.JPG", pattern(100)}, {"d/" + composed, pattern(200)}});
  std::filesystem::rename(f.at("IMG_1.JPG"), f.at("img_1.jpg"));
  std::filesystem::rename(f.at("d/" + composed), f.at("d/" + decomposed));
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) == Verdicts{{"IMG_1.JPG", Verdict::renamed}, {"d/" + composed, Verdict::renamed}});
    CHECK(report.result() == "PASS");
  }
  f.damage("img_1.jpg", 4);
  CHECK(verdicts(f.verify()).at("IMG_1.JPG") == Verdict::missing);
}

TEST_CASE("extra files are listed and fail nothing") {
  const Scanned f(Files{{"a", "a"}});
  f.write("extra", "e");
  f.write("new directory/extra", "f");
  std::filesystem::create_symlink("a", f.at("link"));
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) == Verdicts{{"extra", Verdict::extra}, {"new directory/extra", Verdict::extra}});
    CHECK(report.result() == "PASS");
    CHECK(report.expected == 1);
  }
}

TEST_CASE("something else in a file's place is never read and never intact") {
  const Scanned f(Files{{"fifo", "a"}, {"directory", "b"}, {"link", "c"}, {"fine", "d"}});
  for (const char* name : {"fifo", "directory", "link"}) std::filesystem::remove(f.at(name));
  REQUIRE(mkfifo(f.at("fifo").c_str(), 0600) == 0);
  std::filesystem::create_directory(f.at("directory"));
  std::filesystem::create_symlink("fine", f.at("link"));
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) ==
          Verdicts{{"directory", Verdict::missing}, {"fifo", Verdict::changed}, {"link", Verdict::changed}});
    CHECK(report.result() == "FAIL");
  }
}

TEST_CASE("a lost directory is missing file by file, also one of thousands") {
  std::map<std::string, std::string> contents{{"kept/a", "a"}};
  for (int i = 0; i < 2300; ++i) contents["lost/" + std::to_string(i)] = std::to_string(i);
  const Scanned f(contents);
  f.verify();
  std::filesystem::remove_all(f.at("lost"));
  for (const VerifyMode mode : kModes) {
    const VerifyReport report = f.verify(in(mode));
    CHECK(report.expected == 2301);
    CHECK(report.verdicts.at(Verdict::missing) == 2300);
    CHECK(report.result() == "FAIL");
  }
  std::size_t missing = 0;
  for (const auto& [name, row] : f.live()) missing += row.verdict == Verdict::missing ? 1 : 0;
  CHECK(missing == 2300);
  CHECK(f.sound());
}

TEST_CASE("a directory that cannot be listed makes its copies unreadable and not missing") {
  const Scanned f(Files{{"open/a", "a"}, {"shut/b", "b"}, {"shut/below/c", "c"}});
  REQUIRE(chmod(f.at("shut").c_str(), 0) == 0);
  for (const VerifyMode mode : kModes) {
    const WithoutPrivilege unprivileged;
    const VerifyReport report = f.verify(in(mode));
    CHECK(verdicts(report) ==
          Verdicts{{"shut/b", Verdict::unreadable}, {"shut/below/c", Verdict::unreadable}});
    for (const Exception& exception : report.exceptions) CHECK(exception.error_number == EACCES);
    CHECK(report.result() == "FAIL");
  }
  REQUIRE(chmod(f.at("shut").c_str(), 0700) == 0);
  CHECK(f.verify().result() == "PASS");
}

TEST_CASE("a file that may not be opened is unreadable with its errno") {
  const Scanned f(Files{{"a", "a"}, {"b", "b"}});
  REQUIRE(chmod(f.at("a").c_str(), 0) == 0);
  const WithoutPrivilege unprivileged;
  const VerifyReport report = f.verify();
  REQUIRE(verdicts(report) == Verdicts{{"a", Verdict::unreadable}});
  CHECK(report.exceptions[0].error_number == EACCES);
}

TEST_CASE("the root that is gone is an error and no report of losses") {
  const Scanned f(Files{{"a", "a"}});
  const std::uint64_t entries = f.entries();
  CHECK(code_of([&] { f.verify([&](VerifyOptions& options) { options.folder = f.at("none"); }); }) ==
        ErrorCode::not_found);
  CHECK(f.entries() == entries);
}

TEST_CASE("below a prefix only what lies there is expected") {
  const Scanned f(Files{{"card/a", "a"}, {"card/sub/b", "b"}, {"cards/c", "c"}, {"d", "d"}});
  std::filesystem::remove(f.at("card/sub/b"));
  std::filesystem::remove(f.at("d"));
  const VerifyReport report = f.verify([&](VerifyOptions& options) {
    options.folder = f.at("card");
    options.path_prefix = "card";
  });
  CHECK(report.expected == 2);
  CHECK(verdicts(report) == Verdicts{{"card/sub/b", Verdict::missing}});
}

TEST_CASE("without recording nothing is written") {
  const Scanned f(Files{{"a", "a"}, {"b", "b"}});
  const std::uint64_t entries = f.entries();
  f.damage("a", 0);
  const VerifyReport report = f.verify([](VerifyOptions& options) { options.record = false; });
  CHECK(report.result() == "FAIL");
  CHECK(f.entries() == entries);
  CHECK(f.live().at("a").verdict == Verdict::not_checked);
}

TEST_CASE("a recorded run tells the same as the report") {
  const Scanned f(Files{{"a", pattern(2 * kMiB)}, {"b", "b"}, {"gone", "g"}});
  f.damage("a", kMiB);
  std::filesystem::remove(f.at("gone"));
  std::vector<std::string> told;
  const VerifyReport report = f.verify([&](VerifyOptions& options) {
    options.on_verdict = [&](const Exception& exception) { told.push_back(exception.path); };
  });
  const archive::Archive archive = f.open();
  archive::View view = archive.view();
  const archive::RunSummary run = view.runs(1).at(0);
  CHECK(run.kind == "verify");
  CHECK(run.mode == "tags");
  CHECK(run.result == "FAIL");
  CHECK(run.exceptions == report.exceptions);
  CHECK(told == std::vector<std::string>{"a", "gone"});
  const auto live = f.live();
  CHECK(live.at("a").verdict == Verdict::corrupt);
  CHECK(live.at("b").verdict == Verdict::intact);
  CHECK(live.at("gone").verdict == Verdict::missing);
  CHECK(live.at("b").verified_at_s > 0);
  CHECK(view.volume(f.disk).last_verification_result == "FAIL");
  CHECK(is_sound(archive));
}

TEST_CASE("reading from the medium finds the same and says how it read") {
  const Scanned f(Files{{"a", pattern(3 * kMiB + 17)}, {"b", pattern(10)}, {"c", ""}});
  f.damage("a", 2 * kMiB + 5);
  const VerifyReport report = f.verify([](VerifyOptions& options) { options.from_medium = true; });
  REQUIRE(report.exceptions.size() == 1);
  CHECK(report.exceptions[0].ranges == Ranges{{2 * kMiB, kMiB}});
  CHECK(report.read_path.find("cache allowed") == std::string::npos);
  CHECK(!report.read_path.empty());
}

TEST_CASE("hundreds of damaged files among thousands are all told, each once") {
  std::map<std::string, std::string> contents;
  for (unsigned i = 0; i < 3000; ++i)
    contents["d" + std::to_string(i % 40) + "/" + std::to_string(i)] = pattern(1 + i % 900, i);
  const Scanned f(contents);
  std::mt19937 random(8);
  Verdicts expected;
  for (const auto& [name, content] : contents) {
    const auto fate = random() % 20;
    if (fate == 0) {
      f.damage(name, random() % content.size());
      expected[name] = Verdict::corrupt;
    } else if (fate == 1) {
      std::filesystem::remove(f.at(name));
      expected[name] = Verdict::missing;
    }
  }
  for (const unsigned threads : {1U, 4U}) {
    const VerifyReport report = f.verify([&](VerifyOptions& options) { options.threads = threads; });
    CHECK(verdicts(report) == expected);
    CHECK(report.exceptions.size() == expected.size());
    CHECK(report.verdicts.at(Verdict::intact) == 3000 - expected.size());
  }
  for (const auto& [name, row] : f.live()) {
    const auto found = expected.find(name);
    REQUIRE(row.verdict == (found == expected.end() ? Verdict::intact : found->second));
  }
}

TEST_CASE("a verification that is stopped is incomplete, and what it has not seen keeps its verdict") {
  std::map<std::string, std::string> contents;
  for (unsigned i = 0; i < 300; ++i) contents["d" + std::to_string(i % 30) + "/" + std::to_string(i)] = "x";
  const Scanned f(contents);
  archive::Archive archive = f.open();
  VerifyOptions options;
  options.folder = f.tree;
  options.volume = f.disk;
  Progress progress;
  StopFlag stop;
  stop.request();
  const VerifyReport report = verify(archive, options, progress, stop);
  CHECK(report.interrupted);
  CHECK(report.result() == "INCOMPLETE");
  CHECK(report.checked < 300);
  CHECK(archive.view().runs(1).at(0).result == "INCOMPLETE");
}

TEST_CASE("an auditor verifies, finds the damage, and the run is recorded") {
  const Scanned f(Files{{"a", pattern(2 * kMiB)}, {"b", "b"}});
  const ledger::Keyring auditor = f.admit(ledger::Role::auditor, "Sami");
  f.damage("a", 5);
  {
    archive::Archive archive = f.open(auditor);
    VerifyOptions options;
    options.folder = f.tree;
    options.volume = f.disk;
    Progress progress;
    const VerifyReport report = verify(archive, options, progress, StopFlag{});
    CHECK(verdicts(report) == Verdicts{{"a", Verdict::corrupt}});
    CHECK(report.recorded);
  }
  CHECK(f.live().at("a").verdict == Verdict::corrupt);
  CHECK(f.live().at("b").verdict == Verdict::intact);
  CHECK(f.sound());
}
