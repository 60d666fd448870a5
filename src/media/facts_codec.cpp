// The persistent encoding of MediaFacts; the layout with a worked example is in docs/formats/media-facts.md.

#include <bit>
#include <cmath>

#include "bounds.hpp"
#include "dalil/base/error.hpp"
#include "dalil/media/facts.hpp"

namespace dalil::media {
namespace {

constexpr std::uint8_t kVersion = 1;  // persistent
/// What the items of one list may take; five lists and the head stay below kMaxEncoded.
constexpr std::size_t kMaxListBytes = 200 << 10;

constexpr std::uint8_t kHasAltitude = 1, kHasDirection = 2;  // persistent

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorCode::corrupt, std::string("media facts cannot be decoded: ") + what);
}

// ---- writing

void put_text(Bytes& out, std::string_view text) {
  append_block(out, as_bytes(text));
}

void put_signed(Bytes& out, std::int64_t value) {
  append_varint(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

void put_double(Bytes& out, double value) {
  append_u64(out, std::bit_cast<std::uint64_t>(value));
}

void put(Bytes& out, const TimeClaim& claim) {
  put_text(out, claim.field);
  put_text(out, claim.raw);
  put_signed(out, claim.ms);
  append_u8(out, static_cast<std::uint8_t>(claim.basis));
  put_signed(out, claim.offset_minutes);
  append_u8(out, static_cast<std::uint8_t>(claim.origin));
  put_signed(out, claim.precision_ms);
}

void put(Bytes& out, const PlaceClaim& claim) {
  put_text(out, claim.field);
  put_text(out, claim.raw);
  put_double(out, claim.latitude);
  put_double(out, claim.longitude);
  append_u8(out, static_cast<std::uint8_t>((claim.altitude_m ? kHasAltitude : 0) |
                                           (claim.direction_deg ? kHasDirection : 0)));
  if (claim.altitude_m) put_double(out, *claim.altitude_m);
  if (claim.direction_deg) put_double(out, *claim.direction_deg);
}

void put(Bytes& out, const Stream& stream) {
  append_u8(out, static_cast<std::uint8_t>(stream.kind));
  put_text(out, stream.codec);
  append_varint(out, stream.width);
  append_varint(out, stream.height);
  append_varint(out, stream.sample_rate);
  append_varint(out, stream.channels);
  put_signed(out, stream.duration_ms);
}

void put(Bytes& out, const Field& field) {
  put_text(out, field.name);
  put_text(out, field.value);
}

void put(Bytes& out, const std::string& text) {
  put_text(out, text);
}

template <typename T>
void put_list(Bytes& out, const std::vector<T>& list) {
  Bytes items;
  std::size_t count = 0;
  for (const T& item : list) {
    const std::size_t before = items.size();
    put(items, item);
    if (items.size() > kMaxListBytes) {
      items.resize(before);
      break;
    }
    ++count;
  }
  append_varint(out, count);
  append(out, items);
}

Bytes encode_bounded(const MediaFacts& facts) {
  Bytes out;
  out.reserve(512);
  append_u8(out, kVersion);
  append_u8(out, static_cast<std::uint8_t>(facts.kind));
  put_text(out, facts.format);
  append_varint(out, facts.width);
  append_varint(out, facts.height);
  append_u8(out, facts.orientation);
  put_signed(out, facts.duration_ms);
  for (const std::string* text : {&facts.make, &facts.model, &facts.serial, &facts.software})
    put_text(out, *text);
  put_list(out, facts.times);
  put_list(out, facts.places);
  put_list(out, facts.streams);
  put_list(out, facts.fields);
  put_list(out, facts.signs);
  put_text(out, facts.problem);
  return out;
}

// ---- reading

std::string get_text(ByteReader& in, std::size_t limit = kMaxText) {
  return std::string(as_chars(in.block(limit)));
}

std::int64_t get_signed(ByteReader& in) {
  const std::uint64_t value = in.varint();
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

std::int32_t get_signed32(ByteReader& in) {
  const std::int64_t value = get_signed(in);
  if (value < INT32_MIN || value > INT32_MAX) corrupt("a number is out of range");
  return static_cast<std::int32_t>(value);
}

std::uint32_t get_u32(ByteReader& in) {
  const std::uint64_t value = in.varint();
  if (value > UINT32_MAX) corrupt("a number is out of range");
  return static_cast<std::uint32_t>(value);
}

double get_double(ByteReader& in) {
  return std::bit_cast<double>(in.u64());
}

/// An enumerator within [first, last], which are contiguous.
template <typename Enum>
Enum get_enum(ByteReader& in, Enum first, Enum last) {
  const auto value = in.u8();
  if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last))
    corrupt("unknown enumerator");
  return static_cast<Enum>(value);
}

MediaKind get_kind(ByteReader& in) {
  return get_enum(in, MediaKind::other, MediaKind::document);
}

void get(ByteReader& in, TimeClaim& claim) {
  claim.field = get_text(in, kMaxName);
  claim.raw = get_text(in);
  claim.ms = get_signed(in);
  claim.basis = get_enum(in, ZoneBasis::unknown_zone, ZoneBasis::utc_claimed);
  claim.offset_minutes = get_signed32(in);
  claim.origin = get_enum(in, TimeOrigin::embedded, TimeOrigin::file_system);
  claim.precision_ms = get_signed(in);
}

void get(ByteReader& in, PlaceClaim& claim) {
  claim.field = get_text(in, kMaxName);
  claim.raw = get_text(in);
  claim.latitude = get_double(in);
  claim.longitude = get_double(in);
  const auto flags = in.u8();
  if ((flags & kHasAltitude) != 0) claim.altitude_m = get_double(in);
  if ((flags & kHasDirection) != 0) claim.direction_deg = get_double(in);
}

void get(ByteReader& in, Stream& stream) {
  stream.kind = get_kind(in);
  stream.codec = get_text(in, kMaxName);
  stream.width = get_u32(in);
  stream.height = get_u32(in);
  stream.sample_rate = get_u32(in);
  stream.channels = get_u32(in);
  stream.duration_ms = get_signed(in);
}

void get(ByteReader& in, Field& field) {
  field.name = get_text(in, kMaxName);
  field.value = get_text(in);
}

void get(ByteReader& in, std::string& text) {
  text = get_text(in);
}

template <typename T>
std::vector<T> get_list(ByteReader& in) {
  const std::uint64_t count = in.varint();
  if (count > kMaxEach) corrupt("too many entries");
  std::vector<T> list;
  for (std::uint64_t i = 0; i < count; ++i) get(in, list.emplace_back());
  return list;
}

}  // namespace

Bytes encode(const MediaFacts& facts) {
  return encode_bounded(bounded(facts));
}

MediaFacts decode(ByteView bytes) {
  if (bytes.size() > kMaxEncoded) corrupt("too long");
  ByteReader in(bytes);
  if (in.u8() != kVersion) corrupt("unknown version");
  MediaFacts facts;
  facts.kind = get_kind(in);
  facts.format = get_text(in, kMaxName);
  facts.width = get_u32(in);
  facts.height = get_u32(in);
  facts.orientation = in.u8();
  facts.duration_ms = get_signed(in);
  for (std::string* text : {&facts.make, &facts.model, &facts.serial, &facts.software}) *text = get_text(in);
  facts.times = get_list<TimeClaim>(in);
  facts.places = get_list<PlaceClaim>(in);
  facts.streams = get_list<Stream>(in);
  facts.fields = get_list<Field>(in);
  facts.signs = get_list<std::string>(in);
  facts.problem = get_text(in);
  in.expect_end();
  // One form per value: whatever the steps above let through, only what encode writes is accepted.
  facts = bounded(std::move(facts));
  const Bytes again = encode_bounded(facts);
  if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) corrupt("not in canonical form");
  return facts;
}

}  // namespace dalil::media
