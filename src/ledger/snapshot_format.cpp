#include "snapshot_format.hpp"

#include <algorithm>
#include <optional>

#include "dalil/base/error.hpp"

namespace dalil::ledger::snapshot {

namespace {

[[noreturn]] void ill_formed(const char* what) {
  throw Error(ErrorCode::corrupt, std::string("the snapshot is damaged: ") + what,
              "take the snapshot of another drive");
}

/// A length that may not be complete yet.
struct Length {
  std::size_t value = 0, taken = 0;
};
std::optional<Length> read_length(ByteView bytes) {
  constexpr std::size_t kLongest = 5;  // of a varint within kLargestPart
  Length length;
  for (; length.taken < bytes.size(); ++length.taken) {
    const std::uint8_t byte = bytes[length.taken];
    length.value |= std::size_t{byte & 0x7fU} << 7 * length.taken;
    if (length.taken + 1 > kLongest || length.value > kLargestPart) ill_formed("a part is too large");
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && length.taken > 0) ill_formed("a length is not in its shortest form");
    ++length.taken;
    return length;
  }
  return std::nullopt;
}

}  // namespace

void append_record(Bytes& out, RecordKind kind, ByteView first, ByteView second) {
  append_u8(out, static_cast<std::uint8_t>(kind));
  append_block(out, first);
  append_block(out, second);
}

std::size_t Parser::take_record(ByteView bytes) {
  if (bytes.empty()) return 0;
  const std::uint8_t kind = bytes[0];
  if (kind < 1 || kind > 4) ill_formed("a record is of an unknown kind");
  if (ended_) ill_formed("something follows its end");
  std::size_t at = 1;
  ByteView parts[2];
  for (ByteView& part : parts) {
    const auto length = read_length(bytes.subspan(at));
    if (!length) return 0;
    at += length->taken;
    if (bytes.size() - at < length->value) return 0;
    part = bytes.subspan(at, length->value);
    at += length->value;
  }
  ended_ = static_cast<RecordKind>(kind) == RecordKind::end;
  visit_(static_cast<RecordKind>(kind), parts[0], parts[1]);
  return at;
}

void Parser::update(ByteView piece) {
  append(pending_, piece);
  ByteView rest = pending_;
  if (!begun_) {
    const std::size_t compared = std::min(rest.size(), kMagic.size());
    if (as_chars(rest.first(compared)) != kMagic.substr(0, compared)) ill_formed("it does not begin as one");
    if (compared < kMagic.size()) return;
    begun_ = true;
    rest = rest.subspan(compared);
  }
  while (const std::size_t taken = take_record(rest)) rest = rest.subspan(taken);
  pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

void Parser::finish() const {
  if (!ended_ || !pending_.empty()) ill_formed("it is cut");
}

}  // namespace dalil::ledger::snapshot
