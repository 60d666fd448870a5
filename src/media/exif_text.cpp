#include "exif_text.hpp"

#include "bounds.hpp"
#include "civil.hpp"
#include "utf16.hpp"

namespace dalil::media {
namespace {

std::string trimmed(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  return clean_text(text);
}

/// Adds "5", "50", "500" and so on as a fraction of a second.
void add_fraction(std::string_view digits, TimeClaim& claim) {
  int scale = 100;
  for (const char c : digits) {
    if (c < '0' || c > '9') return;
    claim.ms += std::int64_t{c - '0'} * scale;
    claim.precision_ms = scale > 1 ? scale : 1;
    scale /= 10;
  }
}

}  // namespace

std::optional<TimeClaim> exif_time(std::string_view field, std::string_view date, std::string_view fraction,
                                   std::string_view offset, std::optional<int> fallback_minutes) {
  auto reading = parse_reading(date);
  if (!reading) reading = parse_reading(with_ascii_digits(date));
  if (!reading) return std::nullopt;
  TimeClaim claim;
  claim.field = field;
  claim.raw = date;
  claim.ms = reading->wall_ms;
  claim.precision_ms = reading->precision_ms;
  if (claim.precision_ms == 1000 && !fraction.empty()) {
    add_fraction(fraction, claim);
    claim.raw += "." + std::string(fraction);
  }
  std::optional<int> minutes = reading->offset_minutes;
  if (!offset.empty()) {
    if (const auto recorded = parse_offset(offset)) {
      minutes = recorded;
      claim.raw += offset;
    }
  }
  if (!minutes) minutes = fallback_minutes;
  if (minutes && *minutes >= -15 * 60 && *minutes <= 15 * 60) {
    claim.basis = ZoneBasis::offset_recorded;
    claim.offset_minutes = *minutes;
    claim.ms -= *minutes * kMinuteMs;
  }
  return claim;
}

std::string exif_comment(ByteView raw, ByteOrder order) {
  if (raw.size() < 8) return {};
  const auto code = as_chars(raw.first(8));
  const ByteView text = raw.subspan(8);
  if (!code.starts_with("UNICODE")) return trimmed(as_chars(text));
  // The structure's byte order is meant, yet many writers did not keep to it.
  return utf16_text_of_any_order(text, order);
}

}  // namespace dalil::media
