#include <algorithm>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "schema.hpp"
#include "thumbnail_record.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr std::uint64_t kRecordsPerCommit = 2'000;

void add(const std::string& bytes, std::set<Digest>& to) {
  if (bytes.size() == Digest::kSize) to.insert(Digest::from_bytes(as_bytes(bytes)));
}

/// Absent if there are none, or what there is is damaged: they are made again from the file.
std::optional<Bytes> intact_record(ledger::Reader& reader, const Digest& digest) {
  try {
    auto content = reader.record(kThumbnails, reader.token(kTokenThumbnails, digest.view()));
    if (content && ThumbnailRecord::decode(*content).digest == digest) return content;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
  }
  return std::nullopt;
}

}  // namespace

Rebuilt carry_thumbnails(const ledger::Ledger& from, const std::string& to, const ledger::Keyring& keyring,
                         const Clock& clock, const std::set<Digest>& forgotten) {
  ledger::Reader reader = from.read();
  const std::uint64_t count = reader.record_count(kThumbnails);
  if (count == 0) return {};
  ledger::Ledger fresh = ledger::Ledger::open(to, keyring.clone(), kColumns, clock);
  ledger::Writer writer = fresh.write();
  Rebuilt carried;
  for (Row item = 0; item < writer.rows(kItems); ++item) {
    const Digest digest = Digest::from_bytes(writer.cell(kItemDigest, item));
    const auto content = forgotten.contains(digest) ? std::nullopt : intact_record(reader, digest);
    if (!content) continue;
    writer.put_record(kThumbnails, writer.token(kTokenThumbnails, digest.view()), *content,
                      thumbnail_padding(content->size()));
    if (++carried.thumbnails_kept % kRecordsPerCommit == 0) writer.commit();
  }
  writer.commit();
  carried.thumbnails_dropped = count - std::min(count, carried.thumbnails_kept);
  return carried;
}

void add_item_shown(const records::Record& record, std::set<Digest>& to) {
  using K = records::Record;
  switch (record.kind_case()) {
    case K::kCopySeen:
      return add(record.copy_seen().digest(), to);
    case K::kFactsStated:
      return add(record.facts_stated().digest(), to);
    case K::kFingerprintsStated:
      return add(record.fingerprints_stated().digest(), to);
    case K::kRepaired:
      return add(record.repaired().digest(), to);
    default:
      return;
  }
}

}  // namespace dalil::archive
