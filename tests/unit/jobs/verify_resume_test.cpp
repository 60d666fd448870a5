// A verification that was ended is gone on with: what was checked is not read again, and nothing else is
// believed.
#include "dalil/jobs/verify.hpp"

#include <atomic>

#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::jobs;
using namespace dalil::testing;
using archive::Verdict;

namespace {

constexpr unsigned kFiles = 240;
constexpr std::size_t kFileBytes = 40'000;

std::string name_of_file(unsigned i) {
  return "d" + std::to_string(i % 7) + "/f" + std::to_string(i);
}

struct ManyFiles : TreeFixture {
  ManyFiles() {
    for (unsigned i = 0; i < kFiles; ++i) write(name_of_file(i), pattern(kFileBytes, i));
    scan();
  }

  using Set = std::function<void(VerifyOptions&)>;
  VerifyReport run(const StopFlag& stop, const Set& set = {}) const {
    VerifyOptions options;
    options.folder = tree;
    options.volume = disk;
    options.threads = 1;
    if (set) set(options);
    archive::Archive archive = open();
    Progress progress;
    return jobs::verify(archive, options, progress, stop);
  }
  /// Ended after the flag was looked at so many times.
  VerifyReport run_until(int looks, const Set& set = {}) const {
    std::atomic<int> looked{0};
    return run(StopFlag([&] { return ++looked > looks; }), set);
  }
  /// One that was ended in its midst.
  VerifyReport interrupted(const Set& set = {}) const {
    for (int looks = 40; looks < 2000; looks += 40) {
      const VerifyReport report = run_until(looks, set);
      REQUIRE(report.interrupted);
      if (report.checked > 0 && report.checked < kFiles) return report;
      REQUIRE(report.checked == 0);
    }
    FAIL("it was never ended in its midst");
    return {};
  }
  VerifyReport rest(const Set& set = {}) const { return run(StopFlag{}, set); }
  /// Some that were checked, some that were not.
  std::pair<std::vector<std::string>, std::vector<std::string>> checked_and_not() const {
    std::pair<std::vector<std::string>, std::vector<std::string>> names;
    for (const auto& [name, row] : live())
      (row.verdict == Verdict::intact ? names.first : names.second).push_back(name);
    return names;
  }
  std::size_t open_passes() const { return open().view().open_passes(disk).size(); }
};

std::map<std::string, Verdict> verdicts(const VerifyReport& report) {
  std::map<std::string, Verdict> by_name;
  for (const auto& exception : report.exceptions) by_name[exception.path] = exception.verdict;
  return by_name;
}
using Verdicts = std::map<std::string, Verdict>;

VerifyOptions& in(VerifyOptions& options, VerifyMode mode) {
  options.mode = mode;
  return options;
}

}  // namespace

TEST_CASE("what an interrupted verification checked is not read again, and both together pass") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  CHECK(first.result() == "INCOMPLETE");
  CHECK(first.pass_open);
  CHECK(f.open_passes() == 1);
  const VerifyReport second = f.rest();
  CHECK(second.result() == "PASS");
  CHECK(second.expected == kFiles);
  CHECK(second.checked == kFiles);
  CHECK(second.checked_before == first.checked);
  CHECK(second.bytes_checked == (kFiles - first.checked) * kFileBytes);
  CHECK(second.pass->seq == first.pass->seq);
  CHECK(f.open_passes() == 0);
  CHECK(f.sound());
  // The next one begins anew.
  const VerifyReport third = f.rest();
  CHECK(third.checked_before == 0);
  CHECK(third.bytes_checked == kFiles * kFileBytes);
  CHECK(third.pass->seq > first.pass->seq);
}

TEST_CASE("ended again and again it arrives, wherever it is ended") {
  const ManyFiles f;
  std::uint64_t before = 0;
  for (int looks = 150; looks < 6000; looks += 13) {
    const VerifyReport report = f.run_until(looks % 400 + 150);
    if (!report.interrupted) {
      CHECK(report.result() == "PASS");
      break;
    }
    REQUIRE(report.checked_before <= before);
    before = std::max(before, report.checked);
  }
  CHECK(f.rest().result() == "PASS");
  for (const auto& [name, row] : f.live()) REQUIRE(row.verdict == Verdict::intact);
  CHECK(f.sound());
}

TEST_CASE("a byte that flips in a file that was not read yet is found") {
  const ManyFiles f;
  f.interrupted();
  const auto [checked, unread] = f.checked_and_not();
  f.damage(unread.front(), 17);
  f.damage(unread.back(), 17);
  CHECK(verdicts(f.rest()) ==
        Verdicts{{unread.front(), Verdict::corrupt}, {unread.back(), Verdict::corrupt}});
}

TEST_CASE("a file that was touched after it was checked is read again") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  const auto [checked, unread] = f.checked_and_not();
  f.damage(checked.front(), 17);  // with its old modification time
  const VerifyReport second = f.rest();
  CHECK(verdicts(second) == Verdicts{{checked.front(), Verdict::corrupt}});
  CHECK(second.checked_before == first.checked - 1);
  CHECK(second.result() == "FAIL");
}

TEST_CASE("presence and size of what was checked are looked at again") {
  const ManyFiles f;
  f.interrupted();
  const auto [checked, unread] = f.checked_and_not();
  REQUIRE(checked.size() > 2);
  std::filesystem::remove(f.at(checked[0]));
  f.resize(checked[1], 5);
  CHECK(verdicts(f.rest()) == Verdicts{{checked[0], Verdict::missing}, {checked[1], Verdict::corrupt}});
}

TEST_CASE("a copy that was recorded anew after it was checked is read") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  const auto [checked, unread] = f.checked_and_not();
  f.write(checked.front(), pattern(kFileBytes, 999));
  f.set_mtime(checked.front(), 1'900'000'000);
  f.scan();
  CHECK(f.live().at(checked.front()).verdict == Verdict::not_checked);
  const VerifyReport second = f.rest();
  CHECK(second.result() == "PASS");
  CHECK(second.checked_before == first.checked - 1);
}

TEST_CASE("damage that the interrupted run found is in the report of the one that ends it") {
  const ManyFiles f;
  for (unsigned i = 0; i < kFiles; i += 10) f.damage(name_of_file(i), 5);
  const VerifyReport first = f.interrupted();
  CHECK(first.result() == "FAIL");
  const VerifyReport second = f.rest();
  CHECK(second.exceptions.size() == kFiles / 10);
  for (const auto& exception : second.exceptions) CHECK(exception.ranges.size() == 1);
  CHECK(second.checked == kFiles);
  CHECK(f.open_passes() == 0);
}

TEST_CASE("only the same part, mode and way of reading goes on") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  const auto sha256 = [](VerifyOptions& options) { in(options, VerifyMode::sha256); };
  CHECK(f.rest(sha256).checked_before == 0);
  CHECK(f.rest([](VerifyOptions& options) { options.from_medium = true; }).checked_before == 0);
  CHECK(f.rest([&](VerifyOptions& options) {
           options.path_prefix = "d1";
           options.folder = f.at("d1");
         }).checked_before == 0);
  CHECK(f.rest([](VerifyOptions& options) { options.record = false; }).checked_before == 0);
  // They have read everything since, but in passes of their own.
  const VerifyReport second = f.rest();
  CHECK(second.checked_before == 0);
  CHECK(second.pass->seq == first.pass->seq);
  CHECK(second.result() == "PASS");
}

TEST_CASE("a clock that is behind the beginning makes a new one") {
  ManyFiles f;
  const VerifyReport first = f.interrupted();
  f.clock.ms -= 86'400'000;
  const VerifyReport second = f.rest();
  CHECK(second.checked_before == 0);
  CHECK(second.pass->seq != first.pass->seq);
  CHECK(second.result() == "PASS");
}

TEST_CASE("another medium under the volume's name is not gone on with") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  {
    archive::Archive archive = f.open();
    archive::VerificationPass pass = archive.view().open_passes(f.disk).at(0);
    pass.medium = "another one's UUID";
    archive::Editor editor = archive.edit();
    editor.begin_pass(pass);
    editor.commit();
  }
  const VerifyReport second = f.rest();
  CHECK(second.other_medium);
  CHECK(second.checked_before == 0);
  CHECK(second.result() == "PASS");
}

TEST_CASE("a restart begins anew, and nothing goes on with what was before") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  const VerifyReport second = f.interrupted([](VerifyOptions& options) { options.restart = true; });
  CHECK(second.checked_before == 0);
  CHECK(second.pass->seq != first.pass->seq);
  CHECK(f.open_passes() == 1);
  CHECK(f.rest().checked_before == second.checked);
}

TEST_CASE("what an interrupted run left is known to a rebuilt archive") {
  const ManyFiles f;
  const VerifyReport first = f.interrupted();
  archive::rebuild(f.path, f.ring.clone(), f.clock);
  const VerifyReport second = f.rest();
  CHECK(second.checked_before == first.checked);
  CHECK(second.result() == "PASS");
}

TEST_CASE("a pass of several runs vouches for the time since it began, an interrupted one for nothing") {
  ManyFiles f;
  f.interrupted();
  CHECK(!f.open().view().volume(f.disk).last_verification);
  const UtcTime began = f.open().view().open_passes(f.disk).at(0).began;
  f.clock.ms += 40 * std::int64_t{86'400'000};
  f.rest();
  const archive::Volume volume = f.open().view().volume(f.disk);
  CHECK(volume.last_verification_result == "PASS");
  CHECK(volume.last_verification->ms == began.ms);
}

namespace {
ManyFiles::Set ends_at_once() {
  return [](VerifyOptions& options) { options.out_of_time = [] { return true; }; };
}
}  // namespace

TEST_CASE("with a time limit the never verified are read first, then the longest unverified") {
  ManyFiles f;
  for (const char* directory : {"d4", "d0", "d2"}) {
    f.rest([&](VerifyOptions& options) {
      options.path_prefix = directory;
      options.folder = f.at(directory);
    });
    f.clock.ms += 3 * std::int64_t{86'400'000};
  }
  for (unsigned i = 0; i < 10; ++i) f.write("a/new" + std::to_string(i), pattern(100, i));
  f.scan();
  std::map<std::string, std::int64_t> before;
  for (const auto& [name, row] : f.live()) before[name] = row.verified_at_s;
  // Each run reads one batch and no more.
  std::int64_t reached = 0;
  std::uint64_t checked = 0, runs = 0;
  VerifyReport report;
  do {
    const auto rows = f.live();
    report = f.rest(ends_at_once());
    REQUIRE(++runs < 100);
    REQUIRE(report.checked > checked);
    REQUIRE(report.checked_before == checked);
    checked = report.checked;
    std::int64_t oldest_left = INT64_MAX, newest_read = 0;
    for (const auto& [name, row] : f.live()) {
      if (row.verified_in != report.pass->seq)
        oldest_left = std::min(oldest_left, before.at(name) / 86'400);
      else if (rows.at(name).verified_in != report.pass->seq)
        newest_read = std::max(newest_read, before.at(name) / 86'400);
    }
    CHECK(newest_read <= oldest_left);
    CHECK(newest_read >= reached);
    reached = newest_read;
    CHECK((report.result() == "PASS" ? !report.out_of_time : report.result() == "INCOMPLETE"));
    CHECK(report.out_of_time == report.pass_open);
  } while (report.out_of_time);
  CHECK(report.result() == "PASS");
  CHECK(report.checked == kFiles + 10);
  CHECK(runs > 4);
  CHECK(f.sound());
}

TEST_CASE("without a time limit the rest of a timed pass is read at once") {
  const ManyFiles f;
  const VerifyReport first = f.rest(ends_at_once());
  CHECK(first.out_of_time);
  CHECK(first.remaining() == kFiles - first.checked);
  const VerifyReport second = f.rest();
  CHECK(second.checked_before == first.checked);
  CHECK(second.result() == "PASS");
}

TEST_CASE("a timed run finds what is missing, extra and damaged, and tells what was known to be damaged") {
  const ManyFiles f;
  std::filesystem::remove(f.at("d6/f6"));
  f.write("extra", "e");
  f.damage("d0/f0", 3);
  const VerifyReport first = f.rest(ends_at_once());
  CHECK(verdicts(first) ==
        Verdicts{{"d0/f0", Verdict::corrupt}, {"d6/f6", Verdict::missing}, {"extra", Verdict::extra}});
  CHECK(first.result() == "FAIL");
  CHECK(first.pass_open);
  const VerifyReport second = f.rest(ends_at_once());
  CHECK(verdicts(second) == verdicts(first));
  CHECK(second.exceptions[0].detail.find("not read again in this run") != std::string::npos);
  const VerifyReport last = f.rest();
  CHECK(verdicts(last) == verdicts(first));
  CHECK(last.exceptions[0].ranges.size() == 1);
  CHECK(last.checked == kFiles);
}

TEST_CASE("a spinning disk is read by one reader with the same result, also with a time limit") {
  const ManyFiles f;
  f.damage("d3/f3", 100);
  for (const bool timed : {false, true}) {
    const VerifyReport report = f.rest([&](VerifyOptions& options) {
      options.spinning = true;
      options.threads = 0;
      if (timed) options.out_of_time = [] { return false; };
    });
    CHECK(verdicts(report) == Verdicts{{"d3/f3", Verdict::corrupt}});
    CHECK(report.checked == kFiles);
  }
}

TEST_CASE("a spinning disk is read in the disk's order") {
  TreeFixture f;
  constexpr unsigned kMany = 300;
  for (unsigned i = 0; i < kMany; ++i)
    f.write("d" + std::to_string(i % 3) + "/" + std::to_string(i * 77 % kMany), pattern(5000, i));
  f.scan();
  for (const auto& [name, row] : f.live()) f.damage(name, 1);
  const files::Fd root(open(f.tree.c_str(), O_RDONLY | O_DIRECTORY));
  REQUIRE(syncfs(root.get()) == 0);  // until then a file has no place on the disk
  std::vector<std::uint64_t> places;
  f.verify([&](VerifyOptions& options) {
    options.spinning = true;
    options.on_verdict = [&](const auto& exception) {
      const files::Opened opened = files::open_regular(root.get(), exception.path.c_str());
      places.push_back(files::physical_order_key(opened.fd.get(), opened.stat));
    };
  });
  CHECK(places.size() == kMany);
  CHECK(std::ranges::is_sorted(places));
}

TEST_CASE("verdicts of a directory that is not finished are written down when it takes long") {
  // Every look at the clock is a second later: each commit finds something that has waited for long.
  struct : StepClock {
    UtcTime now() const override { return {ms += 1000}; }
  } slow;
  const ManyFiles f;
  VerifyOptions options;
  options.folder = f.tree;
  options.volume = f.disk;
  archive::Archive archive = archive::Archive::open(f.path, f.ring.clone(), slow);
  Progress progress;
  const VerifyReport report = jobs::verify(archive, options, progress, StopFlag{});
  CHECK(report.result() == "PASS");
  for (const auto& [name, row] : f.live()) REQUIRE(row.verdict == Verdict::intact);
}
