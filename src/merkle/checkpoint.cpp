#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/merkle/note.hpp"
#include "note_text.hpp"

namespace dalil::merkle {

std::string Checkpoint::body() const {
  return origin + '\n' + std::to_string(size) + '\n' + to_base64(root.view()) + '\n';
}

std::optional<Checkpoint> Checkpoint::parse(std::string_view note_text) {
  if (note_text.size() > kNoteLimitBytes || !is_note_text(note_text)) return std::nullopt;
  const auto origin = take_line(note_text);
  const auto size_line = take_line(note_text);
  const auto root_line = take_line(note_text);
  if (!origin || origin->empty() || !size_line || !root_line) return std::nullopt;
  const auto size = parse_decimal(*size_line);
  const auto root = parse_hash(*root_line);
  if (!size || !root) return std::nullopt;
  while (!note_text.empty()) {
    const auto extension = take_line(note_text);
    if (!extension || extension->empty()) return std::nullopt;
  }
  return Checkpoint{std::string(*origin), *size, *root};
}

Note sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  Note note{checkpoint.body(), {}};
  sign(note, checkpoint.origin, key);
  return note;
}

void cosign(Note& checkpoint_note, const std::string& key_name, const crypto::SigningKey& key,
            std::uint64_t unix_seconds) {
  if (!is_key_name(key_name)) {
    throw Error(ErrorCode::invalid, "'" + escape_for_display(key_name) + "' cannot be the name of a key",
                "a name has no spaces and no '+'");
  }
  if (!Checkpoint::parse(checkpoint_note.text)) {
    throw Error(ErrorCode::invalid, "only a checkpoint can be cosigned");
  }
  const NoteKey public_half{key_name, NoteKeyType::cosignature, key.public_key()};
  const crypto::Signature signature =
      key.sign(as_bytes(cosigned_message(checkpoint_note.text, unix_seconds)));
  NoteSignature added{key_name, public_half.id(), {}};
  append_u64(added.bytes, unix_seconds);
  append(added.bytes, signature);
  checkpoint_note.signatures.push_back(std::move(added));
}

std::optional<std::uint64_t> cosignature_time(const Note& note, const NoteKey& key) {
  if (key.type != NoteKeyType::cosignature) return std::nullopt;
  std::optional<std::uint64_t> latest;
  const std::uint32_t id = key.id();
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != key.name || signature.key_id != id) continue;
    if (!verifies(signature, note.text, key)) return std::nullopt;
    latest = std::max(latest.value_or(0), load_u64(signature.bytes.data()));
  }
  return latest;
}

}  // namespace dalil::merkle
