#pragma once

#include <algorithm>
#include <bit>
#include <set>
#include <string>

#include "dalil/archive/archive.hpp"
#include "dalil/media/thumbnail.hpp"
#include "records.pb.h"

namespace dalil::archive {

/// A row of the table of thumbnails, as it is sealed: docs/formats/thumbnails.md. It names its item: the key
/// that it lies under is a keyed token.
struct ThumbnailRecord {
  static constexpr std::uint8_t kVersion = 1;  // persistent
  Digest digest;
  media::Thumbnails thumbnails;
  Bytes encode() const;
  /// Error(corrupt) for anything `encode` would not write.
  static ThumbnailRecord decode(ByteView content);
};

/// The step to which a record is padded.
inline constexpr std::size_t kSmallestStep = 512;
std::size_t thumbnail_padding(std::size_t size);

/// Copies the thumbnails of an archive into a database that was made anew, under its keys: of the items that
/// are derived there and are not among `forgotten`. What is damaged is left out.
Rebuilt carry_thumbnails(const ledger::Ledger& from, const std::string& to, const ledger::Keyring& keyring,
                         const Clock& clock, const std::set<Digest>& forgotten = {});

/// The item whose looks, place or metadata the entry is about; nothing is added for other kinds.
void add_item_shown(const records::Record& record, std::set<Digest>& to);

}  // namespace dalil::archive
