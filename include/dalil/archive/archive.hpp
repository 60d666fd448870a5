#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/archive/source.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::media {
struct Fingerprints;
}

namespace dalil::archive {

class View;
class Editor;
class EditorAccess;
struct StampedCheckpoint;
struct TimestampToAttach;

/// The group's archive: a directory with the sealed database.
class Archive {
 public:
  /// See ledger::Ledger::create.
  static void create(const std::string& directory, const ledger::Keyring& keyring,
                     const std::vector<std::pair<std::string, Bytes>>& slots,
                     const Clock& clock = system_clock());
  /// See ledger::Ledger::open, also for what `memory` is good for.
  static Archive open(const std::string& directory, ledger::Keyring keyring,
                      const Clock& clock = system_clock(),
                      std::shared_ptr<ledger::CheckpointMemory> memory = {});
  Archive(Archive&&) noexcept;
  ~Archive();

  View view() const;  ///< a consistent snapshot; any number, one per thread
  Editor edit();      ///< Error(locked) if another process writes; Error(corrupt) if it was rolled back
  /// Takes a rolled back archive for good: an archivist by an entry that says what was expected, what was
  /// found and why; others after an archivist did, without one of their own (absent). Error(wrong_key) if no
  /// archivist did yet; Error(not_found) if it was not rolled back.
  std::optional<Seq> accept_rollback(const std::string& why);
  const ledger::Ledger& ledger() const;
  const ledger::Keyring& keyring() const;
  const Clock& clock() const;
  /// Key for the chunk tags (inventory) of new copies, and of those of an epoch.
  crypto::Secret tag_key() const;
  crypto::Secret tag_key(std::uint32_t epoch) const;

 private:
  friend class Editor;
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Questions to one snapshot. One per thread. What the role cannot see throws Error(wrong_key) unless it says
/// otherwise.
class View {
 public:
  ~View();
  View(View&&) noexcept;
  void renew();
  void rest();  ///< see ledger::Reader::rest: before long work beside it
  /// Another view of the same state, for another thread; absent if a newer one was committed meanwhile.
  std::optional<View> twin() const;
  ledger::Reader& reader();
  bool can_read(ledger::SealClass seal_class) const;

  // Volumes
  std::vector<Volume> volumes();
  std::optional<Volume> find_volume(std::string_view label_or_id);
  Volume volume(Row row);

  // Items and copies
  Row item_count();
  Item item(Row row);
  std::optional<Row> find_item(const Digest& digest);
  /// Items whose digest begins with these hex digits (at least 4); at most `limit`.
  std::vector<Row> find_items_by_prefix(std::string_view hex_prefix, std::size_t limit = 16);
  std::vector<CopyInfo> copies_of(Row item);
  /// Repairs of the item's copies, in the order in which they were made.
  std::vector<Repair> repairs_of(Row item);
  /// The copy index's rows of one directory of a volume; empty if it is unknown.
  std::vector<CopyRow> directory(Row volume, std::string_view path);
  /// All rows of one volume or of all (kNoRow), directory by directory in no particular order.
  /// A directory of many names comes in several portions. Error(corrupt) if the number of records is not what
  /// it was.
  void for_each_copy(Row volume, const std::function<void(Row volume, const std::string& directory,
                                                          const std::vector<CopyRow>&)>& visit);
  /// Verifications of a volume that are not at their end.
  std::vector<VerificationPass> open_passes(Row volume);
  /// The copy as its ledger entry states it, tags included. Error(corrupt) if the entry is not a copy.
  Copy copy(Seq seq);
  /// Absent if the item is no media, or not visible to this role.
  std::optional<media::MediaFacts> facts(Row item);

  // Incidents and links
  Row incident_count();
  std::optional<Row> find_incident(std::string_view id);
  IncidentRevision incident(Row row);  ///< newest revision
  std::vector<IncidentRevision> incident_history(Row row);
  std::vector<IncidentRevision> incidents();
  std::vector<Link> links_of_item(Row item, bool with_withdrawn = false);
  std::vector<Link> links_of_incident(Row incident, bool with_withdrawn = false);
  /// Incidents that a link which stands leads to, each once: no entry is read.
  std::vector<Row> incidents_of_item(Row item);

  /// Links that stand: item, incident, type.
  void for_each_link(const std::function<void(Row item, Row incident, LinkType type)>& visit);

  // Sources: class evidence, but for identities
  Row source_count();
  std::optional<Row> find_source(std::string_view alias);
  std::vector<Source> sources();
  Source source(Row row);  ///< newest revision
  std::vector<SourceRevision> source_history(Row row);
  /// Who stands behind it, as stated last; absent if nobody said. Error(wrong_key) unless the role is an
  /// archivist's.
  std::optional<IdentityRevision> identity(Row source);
  std::vector<IdentityRevision> identity_history(Row source);
  std::vector<Assignment> sources_of_item(Row item, bool with_withdrawn = false);
  std::vector<Assignment> items_of_source(Row source, bool with_withdrawn = false);
  /// Assignments that stand.
  void for_each_assignment(const std::function<void(Row item, Row source)>& visit);
  /// The strictest scope among the item's sources: whatever leaves the archive obeys it. Absent if no source
  /// is assigned, and then nobody has consented to anything.
  std::optional<Consent> consent_of_item(Row item);

  /// Cosignatures, time-stamps and accepted rollbacks, in the order of their entries.
  std::vector<Anchor> anchors();

  /// One line for a person: what an entry says, or that the role may not see it.
  std::string describe_entry(Seq seq);

  // Runs, newest first
  std::vector<RunSummary> runs(std::size_t limit = 50);
  /// All keys there ever were, the first archivist's first.
  std::vector<KeyInfo> keys();
  /// All exceptions of a run that `runs` returned, also where they fill several entries.
  /// Error(corrupt) if there are not as many as the run says.
  std::vector<RunSummary::Exception> exceptions_of(const RunSummary& run);
  /// The entry that took in the report of which this is the statement's SHA-256; absent if none did.
  std::optional<Seq> find_report(const Digest& statement);
  /// Who an actor id stands for; the id in hexadecimal if unknown.
  std::string actor_name(const ledger::ActorId& actor);

 private:
  friend class Archive;
  std::vector<Link> links_in(const std::vector<Row>& rows, bool with_withdrawn);
  const std::vector<std::pair<Row, Row>>& assignments_by_item();
  struct State;
  explicit View(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What `Editor::add_copy` found out.
struct AddedCopy {
  Row item = ledger::kNoRow;
  bool new_item = false;  ///< the content was not held before: its facts are wanted
  Seq seq = 0;
};

/// Changes, each an entry in the ledger and its derived rows; durable with `commit`. One at a time over all
/// processes.
class Editor {
 public:
  ~Editor();
  Editor(Editor&&) noexcept;
  ledger::Writer& writer();

  /// `volume.label` must be new. Returns its row.
  Row add_volume(const Volume& volume);
  /// Changes place, note, identity.
  void update_volume(const Volume& volume);

  /// From now on this holds for everything, or for one incident (policy.hpp). Error(invalid) if it asks for
  /// more places than copies.
  void state_policy(const Policy& policy, std::optional<Row> incident, const std::string& reason);

  /// A backup drive was begun, or a run that wrote to it ended.
  void state_drive(Row volume, const Drive& drive);

  /// A file as it was read: a new path, or a path whose content or times changed.
  AddedCopy add_copy(const Copy& copy);
  /// A further copy of a content, with the tags that were made when it was read, perhaps in an earlier epoch.
  AddedCopy add_copy_with_its_tags(const Copy& copy);
  /// A copy that was repaired: the file as it is now, with the tags of its content, and how that came about.
  void add_repair(const Copy& copy, const Repair& repair);
  /// A symbolic link, recorded and not followed.
  void add_symlink(Row volume, std::string_view directory, std::string_view name, const files::FileStat& stat,
                   std::string_view target);
  /// Copies whose files are gone from their volume (also those that moved: their new path is a copy of its
  /// own).
  struct Gone {
    std::string directory, name;
    std::string moved_to;  ///< path where the same content newly appeared on the volume; empty if nowhere
  };
  void mark_vanished(Row volume, const std::vector<Gone>& gone);
  /// What a file says of itself; once an item.
  void add_facts(Row item, const media::MediaFacts& facts);
  /// What an item looks like (similar.hpp). Stated anew, the newest holds.
  void add_fingerprints(Row item, const media::Fingerprints& fingerprints);

  /// New, or a revision of the incident with this id. Returns its row.
  Row put_incident(const Incident& incident, const std::string& reason);
  Row add_link(Row item, Row incident, LinkType type, std::optional<std::int64_t> from_ms,
               std::optional<std::int64_t> to_ms, const std::string& why);
  /// Error(not_found) if withdrawn already.
  void withdraw_link(Row link, const std::string& why);

  /// New, or a revision of the source with this alias. Returns its row. Error(invalid) for an alias that
  /// cannot be one; Error(conflict) if a new one could be mistaken for another.
  Row put_source(const Source& source, const std::string& reason);
  /// Who stands behind a source. Error(wrong_key) unless the role is an archivist's.
  void put_identity(Row source, const SourceIdentity& identity);
  /// These items came from this source; those that are assigned to it already stay so. Returns how many are
  /// new.
  std::size_t assign(Row source, std::span<const Row> items, const std::string& why);
  /// They did not, after all; those that are not assigned to it are left out. Returns how many were.
  std::size_t unassign(Row source, std::span<const Row> items, const std::string& why);

  /// A directory that was verified: each of its live copies is intact, but for those named with their
  /// verdicts; a copy named as not_checked keeps what was known of it.
  void record_verdicts(Row volume, std::string_view directory,
                       const std::vector<std::pair<std::string, Verdict>>& exceptions,
                       std::int64_t verified_at_s, Seq pass = 0);
  /// The same of those that are named, and of no others.
  void record_named_verdicts(Row volume, std::string_view directory,
                             const std::vector<std::pair<std::string, Verdict>>& named,
                             std::int64_t verified_at_s, Seq pass = 0);
  /// A verification that reads begins; one of the same volume, part, mode and way of reading is over. `seq`
  /// of what is given does not matter. Returns the pass.
  Seq begin_pass(const VerificationPass& pass);
  Seq add_run(const RunSummary& run);
  /// The run that a report is about, and the report. Use `drives::import_report`, which judges it.
  Seq add_report(const RunSummary& run, const ImportedReport& report);
  /// `signature_line` as a signed note has it, without line feed. Use `cosign`, which checks before.
  Seq add_cosignature(const merkle::Checkpoint& checkpoint, const std::string& signature_line,
                      const merkle::NoteKey& key, std::uint64_t unix_seconds);

  /// Admits the actor of a keyring that `Keyring::derive` made; its slot is the caller's to write.
  void add_key(const ledger::Keyring& admitted, const std::string& slot, OpensWith opens_with);
  /// From now on the actor's signature does not count. What they know they may keep: see rotate_keys.
  void remove_key(const ledger::ActorId& actor, const std::string& why);
  /// Appends what is valid; Error(invalid) says why it is not. Use `attach_timestamp`, which finds the
  /// checkpoint.
  Seq add_timestamp(const TimestampToAttach& what, const StampedCheckpoint& about);
  /// A fresh recovery key (recovery.hpp), which from now on is the one that is encrypted to. Returns its
  /// recipient. Error(wrong_key) unless the role is an archivist's.
  std::string make_recovery_key(const std::string& why);

  // The same questions as View, over what has been changed so far
  std::optional<Row> find_item(const Digest& digest);
  std::optional<Row> find_incident(std::string_view id);
  std::optional<Row> find_source(std::string_view alias);
  std::vector<Link> links_of_item(Row item);

  std::uint64_t uncommitted() const;
  void commit();

 private:
  friend class Archive;
  friend class EditorAccess;
  struct State;
  explicit Editor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Seals everything anew under fresh keys, which every actor who was not removed is granted, and puts the
/// new database in the place of the old: killed at any moment, one of the two is whole and opens. Takes an
/// archivist's keyring and as much room again as the archive has. Returns the new epoch.
std::uint32_t rotate_keys(const std::string& directory, ledger::Keyring keyring, const std::string& why,
                          const Clock& clock = system_clock(),
                          const std::shared_ptr<ledger::CheckpointMemory>& memory = {});

/// Destroys the contents of entries: makes the database anew without them, and appends an entry that says so.
/// The tree still verifies. What was derived from them is gone, and so is what refers to them.
/// Error(not_found) for an entry that does not exist or is destroyed already; Error(invalid) for kinds that
/// others stand on (volumes, keys, runs ...). Thumbnails of the items that the entries were about go with
/// them.
void redact(const std::string& directory, ledger::Keyring keyring, const std::vector<Seq>& entries,
            const std::string& why, const Clock& clock = system_clock(),
            const std::shared_ptr<ledger::CheckpointMemory>& memory = {});

/// Thumbnails do not follow from the ledger, only from the files: they are carried over, or left out.
enum class Thumbnails : std::uint8_t { keep, drop };
struct Rebuilt {
  std::uint64_t thumbnails_kept = 0;     ///< items
  std::uint64_t thumbnails_dropped = 0;  ///< left out, or damaged: to be made again from the files
};
/// Replays the ledger into fresh derived tables (beside the archive, then swapped in).
Rebuilt rebuild(const std::string& directory, ledger::Keyring keyring, const Clock& clock = system_clock(),
                std::shared_ptr<ledger::CheckpointMemory> memory = {},
                Thumbnails thumbnails = Thumbnails::keep);

/// What `check` found: everything derived agrees with the ledger, every seal opens, the tree matches.
struct CheckReport {
  std::uint64_t entries = 0, rows = 0, records = 0;
  std::uint64_t redacted = 0;     ///< entries whose content was destroyed
  std::uint64_t unresolved = 0;   ///< entries that refer to one of those, and so have no effect any more
  std::uint64_t not_visible = 0;  ///< entries whose content this role cannot open: their leaves were checked
  bool derived_compared = false;  ///< with what the ledger gives; takes every class of keys
  std::vector<std::string> problems;
};
CheckReport check(const Archive& archive);

}  // namespace dalil::archive
