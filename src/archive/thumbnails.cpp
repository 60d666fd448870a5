#include "dalil/archive/thumbnails.hpp"

#include "dalil/base/error.hpp"
#include "editor_state.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"
#include "thumbnail_record.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

ledger::Token token_of(const ledger::Reader& reader, const Digest& digest) {
  return reader.token(kTokenThumbnails, digest.view());
}

}  // namespace

Bytes ThumbnailRecord::encode() const {
  Bytes out;
  append_u8(out, kVersion);
  append(out, digest.view());
  append(out, media::encode(thumbnails));
  return out;
}

ThumbnailRecord ThumbnailRecord::decode(ByteView content) {
  ByteReader in(content);
  if (in.u8() != kVersion)
    throw Error(ErrorCode::corrupt, "thumbnails are of an unknown version", "use a newer Dalil");
  ThumbnailRecord record;
  record.digest = Digest::from_bytes(in.take(Digest::kSize));
  record.thumbnails = media::decode_thumbnails(in.take(in.remaining()));
  return record;
}

void require_thumbnails(const View& view) {
  require_evidence(view, "thumbnails");
}

std::optional<media::Thumbnails> thumbnails_of(View& view, Row item) {
  require_thumbnails(view);
  const Digest digest = view.item(item).digest;
  const auto content = view.reader().record(kThumbnails, token_of(view.reader(), digest));
  if (!content) return std::nullopt;
  ThumbnailRecord record = ThumbnailRecord::decode(*content);
  if (record.digest != digest)
    throw Error(ErrorCode::corrupt, "thumbnails lie under the name of another item", "run 'dalil check'");
  return std::move(record.thumbnails);
}

bool has_thumbnails(View& view, const Digest& digest) {
  require_thumbnails(view);
  return view.reader().has_record(kThumbnails, token_of(view.reader(), digest));
}

std::uint64_t items_with_thumbnails(View& view) {
  return view.reader().record_count(kThumbnails);
}

void put_thumbnails(Editor& editor, const Digest& digest, const media::Thumbnails& thumbnails) {
  ledger::Writer& writer = EditorAccess::state(editor).writer;
  const Bytes content = ThumbnailRecord{digest, thumbnails}.encode();
  writer.put_record(kThumbnails, writer.token(kTokenThumbnails, digest.view()), content,
                    thumbnail_padding(content.size()));
}

std::size_t thumbnail_padding(std::size_t size) {
  return std::max<std::size_t>(kSmallestStep, std::bit_ceil(std::max<std::size_t>(size, 1)) / 8);
}

}  // namespace dalil::archive
