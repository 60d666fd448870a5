#include "dalil/merkle/note.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "note_text.hpp"

namespace dalil::merkle {

namespace {

constexpr std::string_view kSignatureLine = "\u2014 ";  // em dash, space
constexpr std::size_t kMaxSignatures = 64;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kKeyIdDigits = 8;

Bytes key_id_bytes(std::uint32_t id) {
  Bytes bytes;
  append_u32(bytes, id);
  return bytes;
}

std::uint32_t load_key_id(ByteView bytes) {
  return ByteReader(bytes).u32();
}

Bytes typed_key(const NoteKey& key) {
  Bytes bytes{static_cast<std::uint8_t>(key.type)};
  append(bytes, key.key);
  return bytes;
}

bool is_known(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(NoteKeyType::ed25519) ||
         type == static_cast<std::uint8_t>(NoteKeyType::cosignature);
}

std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kSignatureLine)) return std::nullopt;
  line.remove_prefix(kSignatureLine.size());
  const std::size_t space = line.find(' ');
  if (space == line.npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return NoteSignature{std::string(line.substr(0, space)), load_key_id(*bytes),
                       Bytes(bytes->begin() + kKeyIdBytes, bytes->end())};
}

}  // namespace

std::uint32_t NoteKey::id() const {
  static constexpr std::uint8_t kLineFeed[] = {0x0A};
  const Bytes key_bytes = typed_key(*this);
  return load_key_id(crypto::sha256(as_bytes(name), kLineFeed, key_bytes).view());
}

std::string NoteKey::encode() const {
  return name + '+' + to_hex(key_id_bytes(id())) + '+' + to_base64(typed_key(*this));
}

std::optional<NoteKey> NoteKey::parse(std::string_view text) {
  // Base64 has "+" too, a name has not.
  const std::size_t plus = text.find('+');
  if (plus == text.npos || text.size() < plus + kKeyIdDigits + 2 || text[plus + 1 + kKeyIdDigits] != '+') {
    return std::nullopt;
  }
  const auto bytes = from_base64(text.substr(plus + kKeyIdDigits + 2));
  NoteKey key;
  if (!bytes || bytes->size() != 1 + key.key.size() || !is_known(bytes->front())) return std::nullopt;
  key.name = text.substr(0, plus);
  key.type = static_cast<NoteKeyType>(bytes->front());
  std::copy(bytes->begin() + 1, bytes->end(), key.key.begin());
  if (!is_key_name(key.name) || key.encode() != text) return std::nullopt;
  return key;
}

std::string Note::encode() const {
  std::string encoded = text + '\n';
  for (const NoteSignature& signature : signatures) {
    Bytes bytes = key_id_bytes(signature.key_id);
    append(bytes, signature.bytes);
    encoded.append(kSignatureLine).append(signature.name).append(" ").append(to_base64(bytes)).append("\n");
  }
  return encoded;
}

std::optional<Note> Note::parse(std::string_view bytes) {
  if (bytes.size() > kNoteLimitBytes || !is_note_text(bytes)) return std::nullopt;
  const std::size_t split = bytes.rfind("\n\n");
  if (split == bytes.npos) return std::nullopt;
  Note note;
  note.text = bytes.substr(0, split + 1);
  std::string_view rest = bytes.substr(split + 2);
  while (!rest.empty()) {
    const auto line = take_line(rest);
    auto signature = line ? parse_signature(*line) : std::nullopt;
    if (!signature || note.signatures.size() == kMaxSignatures) return std::nullopt;
    note.signatures.push_back(std::move(*signature));
  }
  if (note.signatures.empty()) return std::nullopt;
  return note;
}

void sign(Note& note, const std::string& key_name, const crypto::SigningKey& key) {
  if (!is_key_name(key_name)) {
    throw Error(ErrorCode::invalid, "'" + escape_for_display(key_name) + "' cannot be the name of a key",
                "a name has no spaces and no '+'");
  }
  if (!note.text.ends_with('\n') || !is_note_text(note.text)) {
    throw Error(ErrorCode::invalid, "a text with control characters or an unfinished line cannot be signed");
  }
  const NoteKey public_half{key_name, NoteKeyType::ed25519, key.public_key()};
  const crypto::Signature signature = key.sign(as_bytes(note.text));
  note.signatures.push_back({key_name, public_half.id(), Bytes(signature.begin(), signature.end())});
}

NoteCheck check(const Note& note, const std::vector<NoteKey>& trusted) {
  NoteCheck result;
  for (const NoteSignature& signature : note.signatures) {
    bool known = false;
    bool right = false;
    for (const NoteKey& key : trusted) {
      if (key.name != signature.name || key.id() != signature.key_id) continue;
      known = true;
      if (!verifies(signature, note.text, key)) continue;
      right = true;
      const auto& verified = result.verified;
      const bool repeated = std::find(verified.begin(), verified.end(), key) != verified.end();
      if (!repeated) result.verified.push_back(key);
    }
    if (known && !right) return {true, {}};
  }
  return result;
}

}  // namespace dalil::merkle
