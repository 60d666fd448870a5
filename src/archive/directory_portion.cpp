#include "directory_portion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "dalil/base/error.hpp"
#include "schema.hpp"

namespace dalil::archive {

namespace {
constexpr std::uint8_t kVersion = 1;
/// With the pass of each verdict; written where a row has one.
constexpr std::uint8_t kVersionWithPasses = 2;
/// No row takes fewer bytes: a count that cannot be right is refused before memory is taken for it.
constexpr std::uint64_t kSmallestRow = 17;

[[noreturn]] void ill_formed() {
  throw Error(ErrorCode::corrupt, "the copy index is ill-formed", "run 'dalil rebuild'");
}

std::uint32_t read_u32(ByteReader& reader) {
  const std::uint64_t value = reader.varint();
  if (value > UINT32_MAX) ill_formed();
  return static_cast<std::uint32_t>(value);
}

/// Times of a hostile file system may lie at both ends of 64 bits: differences wrap around, and back.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void append_row(Bytes& out, const CopyRow& row, std::uint8_t version) {
  append_block(out, as_bytes(row.name));
  append_u8(out, static_cast<std::uint8_t>(row.state));
  append_varint(out, row.size_bytes);
  append_u64(out, static_cast<std::uint64_t>(row.mtime_ns));
  append_varint(out, zigzag(difference(row.ctime_ns, row.mtime_ns)));
  append_varint(out, row.inode);
  append_varint(out, row.seq);
  append_varint(out, row.item == ledger::kNoRow ? 0 : std::uint64_t{row.item} + 1);
  append_u8(out, static_cast<std::uint8_t>(row.verdict));
  append_varint(out, static_cast<std::uint64_t>(row.verified_at_s));
  if (version == kVersionWithPasses) append_varint(out, row.verified_in);
}

CopyRow read_row(ByteReader& reader, std::uint8_t version) {
  CopyRow row;
  row.name = as_chars(reader.block(4096));
  const std::uint8_t state = reader.u8();
  row.size_bytes = reader.varint();
  row.mtime_ns = static_cast<std::int64_t>(reader.u64());
  row.ctime_ns = sum(row.mtime_ns, unzigzag(reader.varint()));
  row.inode = reader.varint();
  row.seq = reader.varint();
  const std::uint64_t item = reader.varint();
  row.item = item == 0 ? ledger::kNoRow : static_cast<Row>(item - 1);
  const std::uint8_t verdict = reader.u8();
  row.verified_at_s = static_cast<std::int64_t>(reader.varint());
  if (version == kVersionWithPasses) row.verified_in = reader.varint();
  if (state < 1 || state > 3 || verdict < 1 || verdict > 9 || item > ledger::kNoRow) ill_formed();
  row.state = static_cast<CopyRow::State>(state);
  row.verdict = static_cast<Verdict>(verdict);
  return row;
}

std::uint8_t version_for(const std::vector<CopyRow>& rows) {
  const bool passes = std::ranges::any_of(rows, [](const CopyRow& row) { return row.verified_in != 0; });
  return passes ? kVersionWithPasses : kVersion;
}

}  // namespace

Bytes DirectoryPortion::encode() const {
  Bytes out;
  out.reserve(64 + directory.size() + rows.size() * 80);
  const std::uint8_t version = version_for(rows);
  append_u8(out, version);
  append_varint(out, volume);
  append_block(out, as_bytes(directory));
  append_varint(out, number);
  append_varint(out, portions);
  append_varint(out, rows.size());
  for (const CopyRow& row : rows) append_row(out, row, version);
  return out;
}

DirectoryPortion DirectoryPortion::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.u8();
  if (version != kVersion && version != kVersionWithPasses)
    throw Error(ErrorCode::unsupported, "the copy index has another version", "use a newer Dalil");
  DirectoryPortion portion;
  portion.volume = read_u32(reader);
  portion.directory = as_chars(reader.block(bytes.size()));
  portion.number = read_u32(reader);
  portion.portions = read_u32(reader);
  const std::uint64_t count = reader.varint();
  if (count > reader.remaining() / kSmallestRow) ill_formed();
  portion.rows.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) portion.rows.push_back(read_row(reader, version));
  reader.expect_end();
  if (version != version_for(portion.rows)) ill_formed();  // there is one form for each portion
  return portion;
}

Bytes portion_name(Row volume, std::uint32_t number) {
  Bytes name;
  append_u32(name, volume);
  append_u32(name, number);
  return name;
}

std::size_t portion_padding(std::size_t size) {
  return std::max<std::size_t>(256, std::bit_ceil(std::max<std::size_t>(size, 1)) / 4);
}

namespace {

template <typename Records>
std::optional<DirectoryPortion> find_portion(Records& records, Row volume, std::string_view directory,
                                             std::uint32_t number) {
  const auto token =
      records.token(schema::kTokenDirectory, portion_name(volume, number), as_bytes(directory));
  const auto record = records.record(schema::kDirectories, token);
  if (!record) return std::nullopt;
  DirectoryPortion portion = DirectoryPortion::decode(*record);
  if (portion.volume != volume || portion.directory != directory || portion.number != number)
    throw Error(ErrorCode::corrupt, "a portion of the copy index stands in the wrong place",
                "run 'dalil rebuild'");
  return portion;
}

[[noreturn]] void portion_is_missing() {
  throw Error(ErrorCode::corrupt, "a portion of the copy index is missing", "run 'dalil rebuild'");
}

}  // namespace

DirectoryPortion read_portion(ledger::Reader& reader, Row volume, std::string_view directory,
                              std::uint32_t number) {
  auto portion = find_portion(reader, volume, directory, number);
  if (!portion) portion_is_missing();
  return *std::move(portion);
}

template <typename Records>
std::vector<DirectoryPortion> read_directory(Records& records, Row volume, std::string_view directory) {
  std::vector<DirectoryPortion> portions;
  std::uint32_t count = 1;
  for (std::uint32_t number = 0; number < count; ++number) {
    auto portion = find_portion(records, volume, directory, number);
    if (!portion && number == 0) break;
    if (!portion) portion_is_missing();
    if (number == 0) count = portion->portions;
    portions.push_back(*std::move(portion));
  }
  return portions;
}

template std::vector<DirectoryPortion> read_directory(ledger::Reader&, Row, std::string_view);
template std::vector<DirectoryPortion> read_directory(ledger::Writer&, Row, std::string_view);

}  // namespace dalil::archive
