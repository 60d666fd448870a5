#include <fmt/format.h>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/formats/report.hpp"

namespace dalil::formats {

namespace {

constexpr std::string_view kPrefix = "PRIVATE+KEY+";
constexpr std::size_t kSeedSize = 32, kKeyIdDigits = 8;

/// With "+" and the key id, as verifier keys begin.
std::string named_id(const merkle::NoteKey& key) {
  const std::string text = key.encode();
  return text.substr(0, key.name.size() + 1 + kKeyIdDigits);
}

std::optional<std::string_view> key_line(std::string_view text) {
  std::optional<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (found) return std::nullopt;
    found = line;
  }
  return found;
}

std::optional<ReportKey> key_from(std::string_view line) {
  if (!line.starts_with(kPrefix)) return std::nullopt;
  line.remove_prefix(kPrefix.size());
  const std::size_t name_end = line.find('+');
  const std::size_t id_end = name_end == line.npos ? line.npos : line.find('+', name_end + 1);
  if (id_end == line.npos) return std::nullopt;
  auto bytes = from_base64(line.substr(id_end + 1));
  if (!bytes || bytes->size() != 1 + kSeedSize) return std::nullopt;
  const bool is_ed25519 = bytes->front() == static_cast<std::uint8_t>(merkle::NoteKeyType::ed25519);
  ReportKey key{std::string(line.substr(0, name_end)),
                crypto::SigningKey::from_seed(ByteView(*bytes).subspan(1))};
  crypto::wipe(*bytes);
  if (!is_ed25519 || !merkle::NoteKey::parse(key.verifier().encode()) ||
      named_id(key.verifier()) != line.substr(0, id_end))
    return std::nullopt;
  return key;
}

}  // namespace

merkle::NoteKey ReportKey::verifier() const {
  return {name, merkle::NoteKeyType::ed25519, key.public_key()};
}

std::string encode_report_key(const std::string& name, const crypto::SigningKey& key) {
  const merkle::NoteKey verifier{name, merkle::NoteKeyType::ed25519, key.public_key()};
  Bytes bytes{static_cast<std::uint8_t>(merkle::NoteKeyType::ed25519)};
  append(bytes, key.seed().view());
  std::string text = fmt::format("{}{}+{}\n", kPrefix, named_id(verifier), to_base64(bytes));
  crypto::wipe(bytes);
  return text;
}

ReportKey decode_report_key(std::string_view text) {
  const auto line = key_line(text);
  auto key = line ? key_from(*line) : std::nullopt;
  if (!key)
    throw Error(ErrorCode::invalid, "this is no key file for signing reports",
                "where the archive is, the auditor makes one with: dalil report key --out FILE");
  return std::move(*key);
}

merkle::NoteKey report_twin(const merkle::NoteKey& key) {
  return {key.name, merkle::NoteKeyType::ed25519, key.key};
}

}  // namespace dalil::formats
