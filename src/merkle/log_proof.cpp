#include "dalil/base/text.hpp"
#include "dalil/merkle/note.hpp"
#include "note_text.hpp"

namespace dalil::merkle {

namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kMaxHashes = 64;  ///< height of a tree of 2^64 leaves

/// The rest of a line after its keyword; absent if it is another line.
std::optional<std::string_view> after(std::string_view keyword, const std::optional<std::string_view>& line) {
  if (!line || !line->starts_with(keyword)) return std::nullopt;
  return line->substr(keyword.size());
}

bool parse_hashes(std::string_view& rest, std::vector<Digest>& hashes) {
  while (true) {
    const auto line = take_line(rest);
    if (!line) return false;
    if (line->empty()) return true;
    const auto hash = parse_hash(*line);
    if (!hash || hashes.size() == kMaxHashes) return false;
    hashes.push_back(*hash);
  }
}

bool is_signed_checkpoint(std::string_view text) {
  const auto note = Note::parse(text);
  return note && Checkpoint::parse(note->text);
}

}  // namespace

std::string LogProof::encode() const {
  std::string encoded = std::string(kHeader) + '\n';
  if (extra) encoded.append(kExtra).append(to_base64(*extra)).append("\n");
  encoded.append(kIndex).append(std::to_string(index)).append("\n");
  for (const Digest& hash : hashes) encoded.append(to_base64(hash.view())).append("\n");
  return encoded + '\n' + checkpoint;
}

std::optional<LogProof> LogProof::parse(std::string_view text) {
  if (text.size() > kNoteLimitBytes || take_line(text) != kHeader) return std::nullopt;
  LogProof proof;
  auto line = take_line(text);
  if (const auto extra = after(kExtra, line)) {
    proof.extra = from_base64(*extra);
    if (!proof.extra) return std::nullopt;
    line = take_line(text);
  }
  const auto digits = after(kIndex, line);
  const auto index = digits ? parse_decimal(*digits) : std::nullopt;
  if (!index || !parse_hashes(text, proof.hashes) || !is_signed_checkpoint(text)) return std::nullopt;
  proof.index = *index;
  proof.checkpoint = text;
  return proof;
}

}  // namespace dalil::merkle
