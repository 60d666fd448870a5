#include "note_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "dalil/base/text.hpp"

namespace dalil::merkle {

namespace {

/// White_Space of Unicode beyond ASCII, in UTF-8.
constexpr std::array<std::string_view, 19> kUnicodeSpaces = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

bool is_note_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\n'; }) &&
         is_utf8(text);
}

bool is_key_name(std::string_view name) {
  if (name.empty() || name.find_first_of(" +") != name.npos) return false;
  if (std::any_of(name.begin(), name.end(), is_control) || !is_utf8(name)) return false;
  return std::none_of(kUnicodeSpaces.begin(), kUnicodeSpaces.end(),
                      [name](std::string_view space) { return name.find(space) != name.npos; });
}

std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Digest> parse_hash(std::string_view base64) {
  const auto bytes = from_base64(base64);
  if (!bytes || bytes->size() != Digest::kSize) return std::nullopt;
  return Digest::from_bytes(*bytes);
}

std::string cosigned_message(std::string_view note_text, std::uint64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + '\n' + std::string(note_text);
}

bool verifies(const NoteSignature& signature, std::string_view note_text, const NoteKey& key) {
  constexpr std::size_t kTimeBytes = 8;
  const ByteView bytes = signature.bytes;
  switch (key.type) {
    case NoteKeyType::ed25519:
      return bytes.size() == sizeof(crypto::Signature) &&
             crypto::verify_signature(key.key, as_bytes(note_text), bytes);
    case NoteKeyType::cosignature:
      return bytes.size() == kTimeBytes + sizeof(crypto::Signature) &&
             crypto::verify_signature(key.key, as_bytes(cosigned_message(note_text, load_u64(bytes.data()))),
                                      bytes.subspan(kTimeBytes));
  }
  return false;
}

}  // namespace dalil::merkle
