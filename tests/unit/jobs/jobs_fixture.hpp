#pragma once

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "archive/archive_fixture.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/scan.hpp"
#include "dalil/jobs/verify.hpp"

namespace dalil::testing {

/// Bytes that differ from place to place and from seed to seed.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes[i] = static_cast<char>(state >> 56);
  }
  return bytes;
}

/// While it lives, threads that start obey permissions also when they are root's.
class WithoutPrivilege {
 public:
  WithoutPrivilege() {
    syscall(SYS_capget, &header_, before_);
    __user_cap_data_struct less[2] = {before_[0], before_[1]};
    less[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    syscall(SYS_capset, &header_, less);
  }
  ~WithoutPrivilege() { syscall(SYS_capset, &header_, before_); }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2]{};
};

/// A tree of files beside an archive that has one volume for it.
struct TreeFixture : ArchiveFixture {
  std::string tree = dir / "tree";
  archive::Row disk = ledger::kNoRow;
  TreeFixture() {
    std::filesystem::create_directory(tree);
    archive::Archive archive = open();
    archive::Editor editor = archive.edit();
    disk = editor.add_volume(volume_named("disk"));
    editor.commit();
  }

  std::string at(const std::string& name) const { return tree + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream file(at(name), std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    REQUIRE(file.flush());
  }
  /// Other bytes, and the times that the file had: what damage looks like.
  void damage(const std::string& name, std::size_t offset, char mask = 1) const {
    struct stat before {};
    REQUIRE(stat(at(name).c_str(), &before) == 0);
    std::fstream file(at(name), std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const char flipped = static_cast<char>(file.get() ^ mask);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(flipped);
    file.close();
    keep_times(name, before);
  }
  void resize(const std::string& name, std::size_t size) const {
    struct stat before {};
    REQUIRE(stat(at(name).c_str(), &before) == 0);
    REQUIRE(truncate(at(name).c_str(), static_cast<off_t>(size)) == 0);
    keep_times(name, before);
  }
  void set_mtime(const std::string& name, std::int64_t seconds) const {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  }

  jobs::ScanOptions scan_options() const {
    jobs::ScanOptions options;
    options.folder = tree;
    options.volume = disk;
    options.metadata = false;
    return options;
  }
  jobs::ScanReport scan(const std::function<void(jobs::ScanOptions&)>& set = {}) const {
    jobs::ScanOptions options = scan_options();
    if (set) set(options);
    archive::Archive archive = open();
    jobs::Progress progress;
    jobs::StopFlag stop;
    const jobs::ScanReport report = jobs::scan(archive, options, progress, stop);
    CHECK(report.seen == report.indexed + report.unchanged + report.skipped + report.failed);
    if (!options.dry_run) CHECK(progress.files_committed == report.indexed);
    return report;
  }

  jobs::VerifyReport verify(const std::function<void(jobs::VerifyOptions&)>& set = {}) const {
    jobs::VerifyOptions options;
    options.folder = tree;
    options.volume = disk;
    if (set) set(options);
    archive::Archive archive = open();
    jobs::Progress progress;
    jobs::StopFlag stop;
    jobs::VerifyReport report = jobs::verify(archive, options, progress, stop);
    CHECK(report.checked == report.expected);
    CHECK(report.recorded == options.record);
    return report;
  }

  /// Path to what the index says of it, live copies only.
  std::map<std::string, archive::CopyRow> live() const {
    const archive::Archive archive = open();
    std::map<std::string, archive::CopyRow> rows;
    archive.view().for_each_copy(disk, [&](archive::Row, const std::string& directory, const auto& some) {
      for (const archive::CopyRow& row : some)
        if (row.state == archive::CopyRow::State::live) rows[files::join_path(directory, row.name)] = row;
    });
    return rows;
  }
  std::uint64_t entries() const { return open().view().reader().size(); }
  bool sound() const { return is_sound(open()); }

 private:
  void keep_times(const std::string& name, const struct stat& before) const {
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(utimensat(AT_FDCWD, at(name).c_str(), times, 0) == 0);
  }
};

}  // namespace dalil::testing
