#include <fmt/format.h>

#include <set>

#include "convert.hpp"
#include "dalil/archive/source.hpp"
#include "dalil/base/error.hpp"
#include "dalil/files/walk.hpp"
#include "proof_parts.hpp"
#include "schema.hpp"

namespace dalil::archive {

namespace {

class NamedItems {
 public:
  explicit NamedItems(View& view) : view_(view) {}

  void read(const records::Record& record) {
    using K = records::Record;
    switch (record.kind_case()) {
      case K::kCopySeen:
        return add_digest(record.copy_seen().digest());
      case K::kRepaired:
        return add_digest(record.repaired().digest());
      case K::kFactsStated:
        return add_digest(record.facts_stated().digest());
      case K::kFingerprintsStated:
        return add_digest(record.fingerprints_stated().digest());
      case K::kLinkMade:
        return add_digest(record.link_made().digest());
      case K::kLinkWithdrawn:
        return add_link(record.link_withdrawn().link_seq());
      case K::kReviewStated:
        if (record.review_stated().has_link_seq()) return add_link(record.review_stated().link_seq());
        return add_digest(record.review_stated().digest());
      case K::kTagsChanged:
        return add_digests(record.tags_changed().digests());
      case K::kSourceAssigned:
        return add_digests(record.source_assigned().digests());
      case K::kSourceUnassigned:
        return add_digests(record.source_unassigned().digests());
      case K::kCopiesGone:
        for (const auto& one : record.copies_gone().gone()) {
          add_path(record.copies_gone().volume(), one.directory(), one.name());
          add_path(record.copies_gone().volume(), one.moved_to());
        }
        return;
      case K::kRun:
        for (const auto& one : record.run().exceptions()) {
          add_digest(one.digest());
          add_path(record.run().volume(), one.path());
        }
        return;
      case K::kDirectoriesVerified:
        for (const auto& one : record.directories_verified().directories())
          for (const std::string& name : one.names())
            add_path(record.directories_verified().volume(), one.directory(), name);
        return;
      default:
        return;
    }
  }

  const std::set<Row>& rows() const { return rows_; }
  /// Contents of which the archive derives no item: the entries of all copies were destroyed.
  const std::set<Digest>& unknown() const { return unknown_; }

 private:
  void add_digest(const std::string& digest) {
    if (digest.size() != Digest::kSize) return;
    const Digest named = Digest::from_bytes(as_bytes(digest));
    if (const auto row = view_.find_item(named))
      rows_.insert(*row);
    else
      unknown_.insert(named);
  }

  template <typename Digests>
  void add_digests(const Digests& digests) {
    for (const std::string& digest : digests) add_digest(digest);
  }

  void add_link(Seq seq) {
    if (seq >= view_.reader().size()) return;
    const ledger::Entry made = view_.reader().entry(seq);
    if (made.state != ledger::Entry::State::open) return;
    const records::Record record = parse_record(made.content, seq);
    if (record.has_link_made()) add_digest(record.link_made().digest());
  }

  void add_path(Row volume, const std::string& directory, const std::string& name) {
    for (const CopyRow& row : view_.directory(volume, directory))
      if (row.name == name && row.item != ledger::kNoRow) rows_.insert(row.item);
  }

  void add_path(Row volume, const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return add_path(volume, "", path);
    add_path(volume, path.substr(0, slash), path.substr(slash + 1));
  }

  View& view_;
  std::set<Row> rows_;
  std::set<Digest> unknown_;
};

/// The strictest scope among the sources of a content that is no item any more.
std::optional<Consent> consent_of_unknown(View& view, const Digest& digest) {
  ledger::Reader& reader = view.reader();
  std::optional<Consent> strictest;
  for (Row row = 0; row < reader.rows(schema::kWaiting); ++row) {
    if (load_u64(reader.cell(schema::kWaitingEnded, row).data()) != 0) continue;
    if (Digest::from_bytes(reader.cell(schema::kWaitingDigest, row)) != digest) continue;
    const Consent consent =
        view.source(schema::load_u32(reader.cell(schema::kWaitingSource, row).data())).consent;
    strictest = std::min(strictest.value_or(consent), consent);
  }
  return strictest;
}

/// What left the archive cannot be called back: without a look at the consent nothing about an item leaves.
void require_sight_of_consent(View& view) {
  if (!view.can_read(ledger::SealClass::evidence))
    throw Error(ErrorCode::wrong_key, "whether the item's source allows it is not visible to this role",
                "an investigator or an archivist can prove it");
}

void require(std::optional<Consent> consent, const Digest& digest) {
  if (!consent || *consent >= Consent::courts) return;
  constexpr std::size_t kDigitsShown = 12;
  throw Error(ErrorCode::conflict,
              fmt::format("a source of item {} consents to no more than '{}'",
                          digest.hex().substr(0, kDigitsShown), name_of(*consent)),
              "ask the source; what is then allowed is recorded by: dalil source edit ALIAS --consent courts "
              "--reason TEXT");
}

}  // namespace

void require_consents(View& view, ByteView content) {
  NamedItems named(view);
  try {
    named.read(parse_record(content, 0));
  } catch (const Error& error) {
    // A newer version's kind: nobody can say here whom it is about.
    if (error.code() != ErrorCode::unsupported) throw;
    throw Error(ErrorCode::unsupported,
                "the entry is of a kind that this version does not know: whom it needs the consent of cannot "
                "be told",
                "use a newer Dalil");
  }
  for (const Row item : named.rows()) require_consent(view, item);
  if (named.unknown().empty()) return;
  require_sight_of_consent(view);
  for (const Digest& digest : named.unknown()) require(consent_of_unknown(view, digest), digest);
}

void require_consent(View& view, Row item) {
  require_sight_of_consent(view);
  if (const auto consent = view.consent_of_item(item)) require(consent, view.item(item).digest);
}

}  // namespace dalil::archive
