#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/base/error.hpp"
#include "dalil/crypto/hash.hpp"
#include "testing.hpp"

namespace dalil::testing {

/// Each look at it is 7 ms later than the one before.
struct StepClock : Clock {
  mutable std::int64_t ms = 1505118600000;  // 2017-09-11T08:30:00Z
  UtcTime now() const override { return {ms += 7}; }
};

/// An archive of its own in a directory that goes away.
struct ArchiveFixture {
  TempDir dir;
  StepClock clock;
  ledger::Keyring ring = ledger::Keyring::generate("Amal");
  std::string path = dir / "archive";
  ArchiveFixture() { archive::Archive::create(path, ring, {{"a.age", Bytes{1, 2, 3}}}, clock); }
  archive::Archive open() const { return archive::Archive::open(path, ring.clone(), clock); }
  archive::Archive open(const ledger::Keyring& as) const {
    return archive::Archive::open(path, as.clone(), clock);
  }
  /// A keyring of this role whose signature counts.
  ledger::Keyring admit(ledger::Role role, const std::string& name) const {
    ledger::Keyring other = ring.derive(role, name);
    archive::Archive archive = open();
    archive::Editor editor = archive.edit();
    editor.add_key(other, name + ".age", archive::OpensWith::recipient);
    editor.commit();
    return other;
  }
};

/// A copy as a scan would record it; the content is the text.
inline archive::Copy copy_of(archive::Row volume, const std::string& directory, const std::string& name,
                             const std::string& content) {
  archive::Copy copy;
  copy.volume = volume;
  copy.directory = directory;
  copy.name = name;
  copy.digest = crypto::sha256(as_bytes(content));
  copy.size_bytes = content.size();
  copy.mtime_ns = 1505118600123456789;
  copy.ctime_ns = 1505118600223456789;
  copy.inode = 1000 + content.size();
  copy.tag_nonce.fill(7);
  copy.tags.resize(crypto::tag_count(content.size()));
  for (auto& tag : copy.tags) tag.fill(static_cast<std::uint8_t>(content.size()));
  return copy;
}

inline archive::Volume volume_named(const std::string& label) {
  archive::Volume volume;
  volume.label = label;
  return volume;
}

inline archive::Incident incident_with(const std::string& id, const std::string& date = "") {
  archive::Incident incident;
  incident.id = id;
  incident.date = date;
  return incident;
}

/// A question with the filters that `set` sets.
inline archive::Query query(const std::function<void(archive::Query&)>& set) {
  archive::Query made;
  set(made);
  return made;
}

/// What meets a question as people write it.
inline std::vector<archive::Row> rows_where(archive::View& view, const std::string& text) {
  archive::Query query;
  query.where = archive::QueryReader{}.read(text);
  return archive::find(view, query);
}

/// The code of the Error that `act` throws; absent if it throws none.
inline std::optional<ErrorCode> code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

inline bool is_sound(const archive::Archive& archive) {
  const archive::CheckReport report = archive::check(archive);
  for (const std::string& problem : report.problems) UNSCOPED_INFO(problem);
  return report.problems.empty();
}

}  // namespace dalil::testing
