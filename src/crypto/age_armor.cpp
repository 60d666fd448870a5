#include "age_armor.hpp"

#include "dalil/base/text.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::string_view kBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kFullLine = 64;

std::string_view trim_front(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Takes a line off the front, without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool looks_armored(ByteView file) {
  const std::string_view text = as_chars(file);
  if (text.starts_with("age-encryption.org/")) return false;
  return trim_front(text).starts_with("-----") || text.find(kBegin) != std::string_view::npos;
}

std::optional<Bytes> decode_armor(ByteView file) {
  std::string_view rest = trim_front(as_chars(file));
  if (take_line(rest) != kBegin) return std::nullopt;
  Bytes out;
  out.reserve(rest.size() / 4 * 3);
  for (bool last_seen = false; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (line == kEnd) return trim_front(rest).empty() ? std::make_optional(std::move(out)) : std::nullopt;
    if (last_seen || line.empty() || line.size() > kFullLine) return std::nullopt;
    const std::optional<Bytes> decoded = from_base64(line);
    if (!decoded) return std::nullopt;
    append(out, *decoded);
    // Only the last line may be short, and padding makes it so, whatever its columns.
    last_seen = line.size() < kFullLine || line.ends_with('=');
  }
  return std::nullopt;
}

}  // namespace dalil::crypto::age
