#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "copy_index.hpp"
#include "dalil/archive/model.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/base/error.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

namespace records {
class Record;
class VolumeStated;
class DriveStated;
class CopySeen;
class LinkSeen;
class CopiesGone;
class FactsStated;
class FingerprintsStated;
class IncidentRevised;
class LinkMade;
class LinkWithdrawn;
class Run;
class DirectoriesVerified;
class VerificationBegun;
class KeyAdded;
class KeyRemoved;
class EntryRedacted;
class SourceStated;
class SourceIdentity;
class SourceAssigned;
class SourceUnassigned;
class CheckpointCosigned;
class TimestampAttached;
class RollbackAccepted;
class RecoveryKeyStated;
class ReportImported;
class PolicyStated;
class Incident;
class ReviewStated;
class TagsChanged;
class QuerySaved;
class VocabularyStated;
}  // namespace records

/// Makes the derived tables follow the ledger: the one place where an entry's meaning becomes rows. New
/// entries pass through it as they are appended, all of them again in a rebuild; nothing else writes derived
/// rows.
class Deriver {
 public:
  explicit Deriver(ledger::Writer& writer) : writer_(&writer), copies_(writer) {}

  void apply(Seq seq, const records::Record& record);
  /// The content of an entry. Error(corrupt) or Error(unsupported) if nothing can be derived from it.
  void apply_content(Seq seq, ByteView content);
  struct AppliedCopy {
    Row item;
    bool new_item;
  };
  AppliedCopy apply(Seq seq, const records::CopySeen& copy);
  /// An entry whose content is gone: what refers to it later is passed over.
  void pass_over_redacted(Seq seq);
  /// Redacted entries that no entry has named yet; empty at the end of a sound ledger.
  const std::set<Seq>& unexplained() const { return unexplained_; }
  /// How many entries were passed over because of what they refer to.
  std::uint64_t unresolved() const { return unresolved_; }
  /// Writes out what is gathered; before every commit.
  void flush();

  std::optional<Row> find_item(const Digest& digest);
  std::optional<Row> find_incident(std::string_view id);
  std::optional<Row> find_link(Seq seq);
  std::optional<Row> find_volume(std::string_view label);
  std::optional<Row> find_source(std::string_view alias);
  /// An alias that differs from this one only in what a search overlooks: case, accents, Arabic spelling.
  std::optional<std::string> similar_alias(std::string_view alias);
  /// Row of the assignment of this item to this source, if one stands.
  std::optional<Row> find_assignment(Row item, Row source);
  std::optional<Row> find_tag(std::string_view name);
  /// Of a query that stands.
  std::optional<Row> find_query(std::string_view name);
  /// A tag that differs from this name only in what a search overlooks.
  std::optional<std::string> similar_tag(std::string_view name);
  /// Row of the tagging of this item with this tag, if one stands.
  std::optional<Row> find_tagging(Row item, Row tag);
  CopyIndex& copies() { return copies_; }

 private:
  void apply(const records::VolumeStated& volume);
  void apply(Seq seq, const records::DriveStated& drive);
  void apply(Seq seq, const records::LinkSeen& link);
  void apply(const records::CopiesGone& gone);
  void apply(Seq seq, const records::FactsStated& facts);
  void forget_facts(Row item);
  void apply(Seq seq, const records::FingerprintsStated& fingerprints);
  void apply(Seq seq, const records::IncidentRevised& revised);
  void apply(Seq seq, const records::LinkMade& link);
  void apply(Seq seq, const records::LinkWithdrawn& withdrawn);
  void apply(Seq seq, const records::Run& run);
  void apply(Seq seq, const records::DirectoriesVerified& verified);
  void apply(Seq seq, const records::VerificationBegun& begun);
  void change_volume(Seq seq, Row row, const std::function<void(records::VolumeStated&)>& change);
  void apply(Seq seq, const records::CheckpointCosigned& cosigned);
  void apply(Seq seq, const records::TimestampAttached& attached);
  void apply(Seq seq, const records::RollbackAccepted& accepted);
  void apply(Seq seq, const records::RecoveryKeyStated& stated);
  void apply(Seq seq, const records::ReportImported& imported);
  void apply(Seq seq, const records::PolicyStated& stated);
  void apply(Seq seq, const records::ReviewStated& stated);
  void apply(Seq seq, const records::TagsChanged& changed);
  void apply(Seq seq, const records::QuerySaved& saved);
  void apply(Seq seq, const records::VocabularyStated& stated);
  void add_anchor(Seq seq, AnchorKind kind, std::uint64_t tree_size);

  void apply(Seq seq, const records::KeyAdded& added);
  void apply(Seq seq, const records::KeyRemoved& removed);
  void apply(Seq seq, const records::EntryRedacted& redacted);
  /// Error(corrupt), unless what is missing may have been destroyed.
  void pass_over(Seq seq, const char* what);
  void apply(Seq seq, const records::SourceStated& stated);
  void apply(Seq seq, const records::SourceIdentity& identity);
  void apply(Seq seq, const records::SourceAssigned& assigned);
  void apply(Seq seq, const records::SourceUnassigned& unassigned);

  std::map<std::string, Row, std::less<>>& sources();
  std::unordered_map<std::uint64_t, Row>& standing();
  std::map<std::string, Row, std::less<>>& tags();
  std::map<std::string, Row, std::less<>>& queries();
  std::unordered_map<std::uint64_t, Row>& tagged();
  std::multimap<Digest, Row>& waiting();
  std::optional<Row> find_waiting(const Digest& digest, Row source);
  void assign(Row item, Row source, Seq seq);
  void put_waiting(const Digest& digest, Row source, Seq seq);
  /// The content was seen again: what was assigned to it before holds again.
  void end_waiting(Seq seq, const Digest& digest, Row item);
  void replace(Row volume, std::string_view directory, CopyRow row);
  /// Row of a text that is kept once, in a column of its own.
  Row shared_text(const ledger::Column& column, const ledger::TokenKind& kind, const std::string& text);

  // What searches need (derive_search.cpp)
  std::uint32_t word(const std::string& text);  ///< row of the words plus one; 0 for an empty text
  void add_path(Row item, const records::CopySeen& copy);
  bool is_backup(Row volume);
  void change_live(Row item, Row volume, int copies, int damaged);
  void set_facts_for_search(Row item, const media::MediaFacts& facts);
  void set_incident_for_search(Row row, const records::Incident& incident);
  void set_review_for_search(Row row, const Review& review);
  void chain_link(Row link, Row item, Row incident);

  ledger::Writer* writer_;
  CopyIndex copies_;
  struct Live {
    std::int64_t copies = 0, bytes = 0;
  };
  std::map<Row, Live> live_changes_;
  std::map<Row, bool> backups_;  ///< volumes that were looked up: whether they are backups
  std::set<Seq> unexplained_;
  bool any_redacted_ = false;
  std::uint64_t unresolved_ = 0;
  // Sources have no lookups: they are few, and read whole when first needed. So are the assignments.
  std::optional<std::map<std::string, Row, std::less<>>> sources_;  ///< by alias
  std::optional<std::unordered_map<std::uint64_t, Row>> standing_;  ///< assignments by item and source
  std::optional<std::map<std::string, Row, std::less<>>> queries_;  ///< by name
  std::optional<std::map<std::string, Row, std::less<>>> tags_;     ///< by name
  std::optional<std::unordered_map<std::uint64_t, Row>> tagged_;    ///< taggings by item and tag
  std::optional<std::multimap<Digest, Row>> waiting_;  ///< assignments that have not ended, by digest
};

/// Error(corrupt): an entry names what no entry before it stated.
Error broken_reference(Seq seq, const char* what);

/// Varints one after the other, as the columns of sequence numbers hold them.
Bytes append_seq(ByteView list, Seq seq);
std::vector<Seq> read_seqs(ByteView list);

/// Degrees as columns have them: 0 if they are no place on Earth.
std::uint64_t place_value(double latitude, double longitude);
/// How precise a time is, coarsely: 0 to the second, 1 minute, 2 hour, 3 day, 4 month, 5 year, 6 less.
std::uint8_t precision_code(std::int64_t precision_ms);

/// What `fact.camera` stands for: make, model and serial as one text.
std::string camera_text(const media::MediaFacts& facts);

}  // namespace dalil::archive
