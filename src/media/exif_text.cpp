#include "exif_text.hpp"

#include "bounds.hpp"
#include "civil.hpp"

namespace dalil::media {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out.push_back(static_cast<char>(kLead[more] | code >> 6 * more));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | (code >> 6 * i & 0x3f)));
}

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
  const auto reading = parse_reading(date);
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

std::string utf16_text(ByteView raw, ByteOrder order) {
  std::string out;
  for (std::size_t at = 0; at + 2 <= raw.size(); at += 2) {
    std::uint32_t code = load_u16(raw, at, order);
    if (code == 0) break;
    if (code >= 0xd800 && code < 0xdc00 && at + 4 <= raw.size()) {
      const std::uint32_t low = load_u16(raw, at + 2, order);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      }
    }
    append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffdu : code);
  }
  return trimmed(out);
}

std::string exif_comment(ByteView raw, ByteOrder order) {
  if (raw.size() < 8) return {};
  const auto code = as_chars(raw.first(8));
  const ByteView text = raw.subspan(8);
  if (!code.starts_with("UNICODE")) return trimmed(as_chars(text));
  // The structure's byte order is meant, yet a mark or ASCII in the other order shows when it was not kept.
  if (text.size() >= 2 && text[0] == 0xff && text[1] == 0xfe)
    return utf16_text(text.subspan(2), ByteOrder::little);
  if (text.size() >= 2 && text[0] == 0xfe && text[1] == 0xff)
    return utf16_text(text.subspan(2), ByteOrder::big);
  if (text.size() >= 2 && (text[0] == 0) != (text[1] == 0))
    order = text[0] == 0 ? ByteOrder::big : ByteOrder::little;
  return utf16_text(text, order);
}

}  // namespace dalil::media
