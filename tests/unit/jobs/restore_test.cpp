#include "dalil/jobs/restore.hpp"

#include "dalil/archive/recovery.hpp"
#include "dalil/jobs/seal.hpp"
#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::testing;
using namespace dalil::jobs;

namespace {

constexpr std::size_t kLarge = (3 << 20) + 17;

/// A working disk that was taken in, and two sealed drives that were made from it.
struct Drives : TreeFixture {
  std::map<std::string, std::string> contents;
  std::string drives[2] = {dir / "drive 1", dir / "drive 2"}, to = dir / "to";
  archive::Row rows[2] = {ledger::kNoRow, ledger::kNoRow};
  std::vector<crypto::age::Identity> identities;

  Drives() {
    std::filesystem::create_directory(to);
    contents = {{"card/a.jpg", pattern(1000, 1)},
                {"card/b.mov", pattern(kLarge, 2)},
                {"c", ""},
                {"raw\xff name/d.jpg", pattern(70000, 3)},
                {"twin/a.jpg", pattern(1000, 1)}};
    for (const auto& [name, content] : contents) write(name, content);
    scan();
    const auto found = live();  // before: no process may open a database twice
    archive::Archive archive = open();
    archive::Editor editor = archive.edit();
    const std::string recipient = editor.make_recovery_key("");
    for (int i = 0; i < 2; ++i) {
      archive::Volume volume = volume_named("drive " + std::to_string(i + 1));
      volume.kind = archive::VolumeKind::backup;
      volume.sealed = true;
      rows[i] = editor.add_volume(volume);
      for (const auto& [which, row] : found) seal(archive, editor, i, which, recipient);
    }
    editor.commit();
    archive::View view = archive.view();
    identities = archive::recovery_identities(view);
  }

  void seal(const archive::Archive& archive, archive::Editor& editor, int drive, const std::string& which,
            const std::string& recipient) const {
    const ObjectName name = random_object_name();
    std::filesystem::create_directories(drives[drive] + "/" + name.directory);
    std::ofstream file(drives[drive] + "/" + name.directory + "/" + name.name, std::ios::binary);
    ObjectSealer sealer({recipient}, archive.tag_key().view(),
                        [&](ByteView bytes) { file << as_chars(bytes); });
    sealer.update(as_bytes(contents.at(which)));
    const SealedObject object = sealer.finish();
    REQUIRE(file.flush());
    file.close();
    struct stat status {};
    REQUIRE(stat((drives[drive] + "/" + name.directory + "/" + name.name).c_str(), &status) == 0);
    archive::Copy copy;
    copy.volume = rows[drive];
    copy.directory = name.directory;
    copy.name = name.name;
    copy.digest = crypto::sha256(as_bytes(contents.at(which)));
    copy.size_bytes = object.content_size;
    copy.mtime_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    copy.ctime_ns = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
    copy.inode = status.st_ino;
    copy.tag_nonce = object.tag_nonce;
    copy.tags = object.tags;
    const auto slash = which.rfind('/');
    copy.stored = archive::StoredForm{object.digest, object.size_bytes, disk,
                                      slash == which.npos ? "" : which.substr(0, slash),
                                      slash == which.npos ? which : which.substr(slash + 1)};
    editor.add_copy(copy);
  }

  /// Where the object of a file lies on a drive.
  std::string object_of(int drive, const std::string& which) const {
    const archive::Archive archive = open();
    archive::View view = archive.view();
    const auto item = view.find_item(crypto::sha256(as_bytes(contents.at(which))));
    REQUIRE(item);
    for (const auto& copy : view.copies_of(*item))
      if (copy.volume == rows[drive] && copy.stored &&
          files::join_path(copy.stored->source_directory, copy.stored->source_name) == which)
        return drives[drive] + "/" + copy.path;
    FAIL("no object");
    return {};
  }

  RestoreReport restore(const std::vector<RestoreSource>& sources,
                        const std::function<void(RestoreOptions&)>& set = {}) const {
    RestoreOptions options;
    options.sources = sources;
    options.to = to;
    for (const auto& identity : identities) options.identities.push_back({identity.scalar.clone()});
    if (set) set(options);
    const archive::Archive archive = open();
    Progress progress;
    StopFlag stop;
    RestoreReport report = restore_files(archive, options, progress, stop);
    if (!options.dry_run) CHECK(report.wanted == report.restored + report.there + report.lost.size());
    return report;
  }
  std::map<std::string, std::string> found() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(to)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path().string().substr(to.size() + 1)] = {std::istreambuf_iterator<char>(file), {}};
    }
    return files;
  }
  std::map<std::string, std::string> expected() const {
    std::map<std::string, std::string> files;
    for (const auto& [which, content] : contents) files["disk/" + which] = content;
    return files;
  }
};

void flip(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const char old = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(old ^ 4));
  REQUIRE(file.flush());
}

}  // namespace

TEST_CASE("seal: sizes of objects tell little, and the smallest nothing") {
  for (const std::uint64_t size : {0, 1, 4095, 4096}) CHECK(padded_size(size) == 4096);
  CHECK(padded_size(4097) > 4097);
  CHECK(padded_size(1'000'000) == padded_size(1'010'000));
}

TEST_CASE("restore: everything comes back from one sealed drive, with names, contents and times") {
  const Drives f;
  const RestoreReport report = f.restore({{f.rows[0], f.drives[0]}});
  CHECK(report.restored == f.contents.size());
  CHECK(report.lost.empty());
  CHECK(f.found() == f.expected());
  for (const auto& [path, content] : f.contents)
    CHECK(std::filesystem::last_write_time(f.to + "/disk/" + path) ==
          std::filesystem::last_write_time(f.at(path)));
  const RestoreReport again = f.restore({{f.rows[0], f.drives[0]}});
  CHECK(again.restored == 0);
  CHECK(again.there == f.contents.size());
}

TEST_CASE("restore: a part of it, from the working disk as it is") {
  const Drives f;
  const RestoreReport report = f.restore({{f.disk, f.tree}}, [](RestoreOptions& options) {
    options.below = "disk/card";
    options.identities.clear();
  });
  CHECK(report.restored == 2);
  CHECK(f.found().size() == 2);
  CHECK(f.found().contains("disk/card/b.mov"));
}

TEST_CASE("restore: what is damaged on one drive comes from the other, and nothing else is put in place") {
  const Drives f;
  flip(f.object_of(0, "card/b.mov"), 2 << 20);
  std::filesystem::remove(f.object_of(0, "c"));
  std::filesystem::resize_file(f.object_of(1, "raw\xff name/d.jpg"), 100);
  // Of the twins one object is enough.
  flip(f.object_of(0, "card/a.jpg"), 400);
  flip(f.object_of(1, "card/a.jpg"), 400);
  const RestoreReport report = f.restore({{f.rows[0], f.drives[0]}, {f.rows[1], f.drives[1]}});
  CHECK(report.lost.empty());
  CHECK(report.from_other_copies >= 2);
  CHECK(f.found() == f.expected());
}

TEST_CASE("restore: what is damaged everywhere is named with each reason, and only that is lost") {
  const Drives f;
  flip(f.object_of(0, "card/b.mov"), 70000);
  flip(f.object_of(1, "card/b.mov"), 2 << 20);
  const RestoreReport report = f.restore({{f.rows[0], f.drives[0]}, {f.rows[1], f.drives[1]}});
  REQUIRE(report.lost.size() == 1);
  CHECK(report.lost[0].path == "disk/card/b.mov");
  CHECK(report.lost[0].reasons.size() == 2);
  auto expected = f.expected();
  expected.erase("disk/card/b.mov");
  CHECK(f.found() == expected);
}

TEST_CASE("restore: an object is found wrong wherever it is flipped or cut") {
  const Drives f;
  const std::string object = f.object_of(0, "card/a.jpg");
  const auto size = std::filesystem::file_size(object);
  const auto only = [](RestoreOptions& options) { options.below = "disk/card/a.jpg"; };
  // Its twin would do.
  std::filesystem::remove(f.object_of(0, "twin/a.jpg"));
  for (std::uint64_t at = 0; at < size; at += 1 + size / 150) {
    flip(object, at);
    CHECK(f.restore({{f.rows[0], f.drives[0]}}, only).lost.size() == 1);
    CHECK(f.found().empty());
    flip(object, at);
  }
  CHECK(f.restore({{f.rows[0], f.drives[0]}}, only).restored == 1);
}

TEST_CASE("restore: nothing is overwritten, and no link leads out of the folder") {
  const Drives f;
  std::filesystem::create_directories(f.to + "/disk/card");
  std::ofstream(f.to + "/disk/card/a.jpg") << "another";
  std::filesystem::create_directory_symlink(f.dir.path(), f.to + "/disk/twin");
  const RestoreReport report = f.restore({{f.rows[0], f.drives[0]}});
  CHECK(report.lost.size() == 2);
  CHECK(f.found()["disk/card/a.jpg"] == "another");
  CHECK_FALSE(std::filesystem::exists(f.dir / "a.jpg"));
}

TEST_CASE("restore: a sealed drive needs its key, and another key opens nothing") {
  const Drives f;
  CHECK(code_of([&] {
          f.restore({{f.rows[0], f.drives[0]}}, [](RestoreOptions& options) { options.identities.clear(); });
        }) == ErrorCode::wrong_key);
  const RestoreReport report = f.restore({{f.rows[0], f.drives[0]}}, [](RestoreOptions& options) {
    options.identities.clear();
    options.identities.push_back(crypto::age::Identity::generate());
  });
  CHECK(report.lost.size() == f.contents.size());
  CHECK(f.found().empty());
}

TEST_CASE("a sealed drive is verified by what lies there, by tags and by SHA-256, without a recovery key") {
  const Drives f;
  const ledger::Keyring auditor = f.admit(ledger::Role::auditor, "Sami");
  const auto verify_as_auditor = [&](VerifyMode mode) {
    archive::Archive archive = f.open(auditor);
    VerifyOptions options;
    options.folder = f.drives[0];
    options.volume = f.rows[0];
    options.mode = mode;
    Progress progress;
    StopFlag stop;
    return jobs::verify(archive, options, progress, stop);
  };
  for (const VerifyMode mode : {VerifyMode::quick, VerifyMode::tags, VerifyMode::sha256})
    CHECK(verify_as_auditor(mode).result() == "PASS");
  const std::string object = f.object_of(0, "card/b.mov");
  flip(object, 2 << 20);
  for (const VerifyMode mode : {VerifyMode::tags, VerifyMode::sha256}) {
    const VerifyReport report = verify_as_auditor(mode);
    CHECK(report.result() == "FAIL");
    REQUIRE(report.exceptions.size() == 1);
    CHECK(report.exceptions[0].ranges ==
          std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2 << 20, 1 << 20}});
  }
  flip(object, 2 << 20);
  std::filesystem::rename(object, f.drives[0] + "/elsewhere.age");
  const VerifyReport moved = verify_as_auditor(VerifyMode::tags);
  REQUIRE(moved.exceptions.size() == 1);
  CHECK(moved.exceptions[0].verdict == archive::Verdict::moved);
}

TEST_CASE("a sealed drive is not scanned") {
  const Drives f;
  CHECK(code_of([&] {
          archive::Archive archive = f.open();
          ScanOptions options;
          options.folder = f.drives[0];
          options.volume = f.rows[0];
          Progress progress;
          StopFlag stop;
          jobs::scan(archive, options, progress, stop);
        }) == ErrorCode::invalid);
}
