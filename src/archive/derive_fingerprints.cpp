#include <algorithm>

#include "convert.hpp"
#include "dalil/media/fingerprint.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// As rows of the table hold them: a hash of a picture, or a window of sound in the place of one.
std::vector<media::Fingerprint> rows_of(const records::FingerprintsStated& stated) {
  std::vector<media::Fingerprint> rows = media::decode_fingerprints(as_bytes(stated.fingerprints())).prints;
  std::erase_if(rows, [](const media::Fingerprint& print) { return !media::is_stored(print.part); });
  if (stated.sound().empty()) return rows;
  const media::Sound sound = media::decode_sound(as_bytes(stated.sound()));
  for (const media::Sound::Window& window : sound.windows)
    rows.push_back({media::Part::sound,
                    static_cast<std::uint8_t>(std::min(media::changes_in(window.words), 100)),
                    media::time_ms_of(sound, window), media::hash_of(window.words)});
  return rows;
}

}  // namespace

void Deriver::apply(Seq seq, const records::FingerprintsStated& stated) {
  const auto item = find_item(Digest::from_bytes(as_bytes(stated.digest())));
  if (!item) return pass_over(seq, "an item");
  const std::vector<media::Fingerprint> rows = rows_of(stated);
  const Row old_first = load_u32(writer_->cell(kItemPrintsFirst, *item).data());
  const Row old_count = load_u32(writer_->cell(kItemPrintsCount, *item).data());
  for (Row row = old_first; row < old_first + old_count; ++row) writer_->set(kPrintPart, row, u8_value(0));
  writer_->set(kItemPrintsSeq, *item, u64_value(seq + 1));
  writer_->set(kItemPrintsFirst, *item, u32_value(writer_->rows(kPrints)));
  for (const media::Fingerprint& print : rows) {
    const Row row = writer_->add_row(kPrints);
    writer_->set(kPrintItem, row, u32_value(*item));
    writer_->set(kPrintTime, row, u32_value(print.time_ms));
    writer_->set(kPrintPart, row, u8_value(static_cast<std::uint8_t>(print.part)));
    writer_->set(kPrintQuality, row, u8_value(print.quality));
    writer_->set(kPrintHash, row, print.hash.bytes());
  }
  writer_->set(kItemPrintsCount, *item, u32_value(static_cast<Row>(rows.size())));
}

}  // namespace dalil::archive
