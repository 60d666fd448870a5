#include <algorithm>
#include <array>

#include "containers.hpp"

namespace dalil::media {
namespace {

constexpr std::array<std::uint8_t, 16> kFileProperties = {0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11,
                                                          0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65};
constexpr std::size_t kMostObjects = 200;
constexpr std::uint64_t kHeader = 30, kObject = 24;

std::uint64_t load_little_u64(ByteView from, std::size_t at) {
  return load_u32(from, at, ByteOrder::little) | std::uint64_t{load_u32(from, at + 4, ByteOrder::little)}
                                                     << 32;
}

/// Units of 100 ns since 1601, UTC by the specification. Zero means that nobody set it.
void add_time(std::uint64_t units, MediaFacts& facts) {
  constexpr std::uint64_t kUnitsInMs = 10'000, kLast = 2'650'467'743'990'000'000;  // of the year 9999
  constexpr std::int64_t kFrom1601To1970 = 11'644'473'600'000;                     // ms
  if (units == 0 || units > kLast) return;
  TimeClaim claim;
  claim.field = "container/creation_date";
  claim.raw = std::to_string(units);
  claim.ms = static_cast<std::int64_t>(units / kUnitsInMs) - kFrom1601To1970;
  claim.basis = ZoneBasis::utc_claimed;
  facts.times.push_back(std::move(claim));
}

}  // namespace

void read_asf(Source& source, MediaFacts& facts, Packets&) {
  const ByteView head = source.view(0, kHeader);
  if (head.empty()) return;
  const std::uint64_t end = std::min(load_little_u64(head, 16), source.size());
  std::uint64_t at = kHeader;
  for (std::size_t i = 0; i < kMostObjects && at < end && end - at >= kObject; ++i) {
    const ByteView object = source.view(at, kObject);
    if (object.empty()) return;
    const std::uint64_t size = load_little_u64(object, 16);
    if (std::ranges::equal(object.first(16), kFileProperties)) {
      // The file's id and size stand before it.
      const ByteView created = size < kObject + 32 ? ByteView{} : source.view(at + kObject + 24, 8);
      if (!created.empty()) add_time(load_little_u64(created, 0), facts);
      return;
    }
    if (size < kObject || size > end - at) return;
    at += size;
  }
}

}  // namespace dalil::media
