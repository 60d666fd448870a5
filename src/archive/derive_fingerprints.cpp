#include "convert.hpp"
#include "dalil/media/fingerprint.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

void Deriver::apply(Seq seq, const records::FingerprintsStated& stated) {
  const auto item = find_item(Digest::from_bytes(as_bytes(stated.digest())));
  if (!item) return pass_over(seq, "an item");
  const media::Fingerprints fingerprints = media::decode_fingerprints(as_bytes(stated.fingerprints()));
  const Row old_first = load_u32(writer_->cell(kItemPrintsFirst, *item).data());
  const Row old_count = load_u32(writer_->cell(kItemPrintsCount, *item).data());
  for (Row row = old_first; row < old_first + old_count; ++row) writer_->set(kPrintPart, row, u8_value(0));
  writer_->set(kItemPrintsSeq, *item, u64_value(seq + 1));
  writer_->set(kItemPrintsFirst, *item, u32_value(writer_->rows(kPrints)));
  Row count = 0;
  for (const media::Fingerprint& print : fingerprints.prints) {
    if (!media::is_stored(print.part)) continue;
    const Row row = writer_->add_row(kPrints);
    writer_->set(kPrintItem, row, u32_value(*item));
    writer_->set(kPrintTime, row, u32_value(print.time_ms));
    writer_->set(kPrintPart, row, u8_value(static_cast<std::uint8_t>(print.part)));
    writer_->set(kPrintQuality, row, u8_value(print.quality));
    writer_->set(kPrintHash, row, print.hash.bytes());
    ++count;
  }
  writer_->set(kItemPrintsCount, *item, u32_value(count));
}

}  // namespace dalil::archive
