#include "incident_summary.hpp"

#include "schema.hpp"

namespace dalil::archive {

namespace {
/// Shifted so that the order is kept and zero means absent; the least day stands for "before all".
std::uint32_t shift_day(Day day) {
  return static_cast<std::uint32_t>(day) ^ 0x80000000U;
}
}  // namespace

Bytes IncidentSummary::encode() const {
  Bytes out;
  out.reserve(kSize);
  append_u32(out, days ? shift_day(days->first) : 0);
  append_u32(out, days ? shift_day(days->last) : 0);
  for (const std::uint32_t word : words) append_u32(out, word);
  append_u64(out, place);
  for (const std::uint32_t count : counts) append_u32(out, count);
  return out;
}

IncidentSummary IncidentSummary::decode(ByteView bytes) {
  IncidentSummary summary;
  const std::uint8_t* from = bytes.data();
  const auto next = [&from] {
    const std::uint32_t value = schema::load_u32(from);
    from += 4;
    return value;
  };
  const std::uint32_t first = next(), last = next();
  if (first != 0 || last != 0)
    summary.days = DateSpan{static_cast<Day>(first ^ 0x80000000U), static_cast<Day>(last ^ 0x80000000U)};
  for (std::uint32_t& word : summary.words) word = next();
  summary.place = load_u64(from);
  from += 8;
  for (std::uint32_t& count : summary.counts) count = next();
  return summary;
}

}  // namespace dalil::archive
