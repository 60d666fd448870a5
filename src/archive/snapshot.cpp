#include "dalil/archive/snapshot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::archive {

namespace {

constexpr std::string_view kFirstLine = "dalil.snapshot/v1";
constexpr std::size_t kPieceSize = 1 << 20;

Error damaged(const std::string& file, const std::string& how) {
  return Error(ErrorCode::corrupt,
               fmt::format("snapshot '{}' cannot be used: {}", escape_for_display(file), how),
               "take the snapshot of another drive");
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(value) != text)
    return std::nullopt;
  return value;
}

/// "word a b" in its parts; absent unless there are so many, with one blank between them.
std::optional<std::vector<std::string_view>> words(std::string_view line, std::string_view first,
                                                   std::size_t count) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto blank = line.find(' ');
    parts.push_back(line.substr(0, blank));
    if (blank == line.npos) break;
    line.remove_prefix(blank + 1);
  }
  if (parts.size() != count || parts.front() != first) return std::nullopt;
  return parts;
}

/// Reads the file from its start. False from `take` stops.
template <typename Take>
void for_each_piece(const std::string& path, Take take) {
  const files::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw system_error("read", path, errno);
  Bytes buffer(kPieceSize);
  for (;;) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", path, errno);
    if (got == 0 || !take(ByteView(buffer).first(static_cast<std::size_t>(got)))) return;
  }
}

/// Hashes on the way.
class Measured {
 public:
  void add(ByteView piece) {
    hash_.update(piece);
    size_ += piece.size();
  }
  std::uint64_t size() const { return size_; }
  Digest finish() { return hash_.finish(); }

 private:
  crypto::Sha256Stream hash_;
  std::uint64_t size_ = 0;
};

void require_same(const std::string& file, const SnapshotNote& note) {
  Measured measured;
  for_each_piece(file, [&](ByteView piece) {
    measured.add(piece);
    return measured.size() <= note.size_bytes;
  });
  if (measured.size() != note.size_bytes || measured.finish() != note.digest)
    throw damaged(file, "it is not the file that its note was signed for");
}

std::string why(crypto::age::Failure failure) {
  return failure == crypto::age::Failure::payload ? "it is damaged" : "it is no age file";
}

}  // namespace

std::string SnapshotNote::text() const {
  return fmt::format("{}\n{}\ntime {}\ncheckpoint {} {}\nsha256 {} {}\n", kFirstLine, origin, made.rfc3339(),
                     checkpoint.size, to_base64(checkpoint.root.view()), digest.hex(), size_bytes);
}

std::optional<SnapshotNote> SnapshotNote::parse(std::string_view text) {
  std::vector<std::string_view> lines;
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() != 5 || !text.empty() || lines[0] != kFirstLine || lines[1].empty()) return std::nullopt;
  const auto time = words(lines[2], "time", 2);
  const auto state = words(lines[3], "checkpoint", 3);
  const auto file = words(lines[4], "sha256", 3);
  if (!time || !state || !file) return std::nullopt;
  SnapshotNote note;
  note.origin = lines[1];
  const auto made = UtcTime::from_rfc3339((*time)[1]);
  const auto tree_size = parse_number((*state)[1]);
  const auto root = from_base64((*state)[2]);
  const auto digest = Digest::from_hex((*file)[1]);
  const auto size = parse_number((*file)[2]);
  if (!made || !tree_size || !root || root->size() != Digest::kSize || !digest || !size) return std::nullopt;
  note.made = *made;
  note.checkpoint = {note.origin, *tree_size, Digest::from_bytes(*root)};
  note.digest = *digest;
  note.size_bytes = *size;
  // In one form only: what is signed is what is read.
  std::string again = note.text();
  std::string given;
  for (const std::string_view line : lines) given += std::string(line) + '\n';
  if (again != given) return std::nullopt;
  return note;
}

SnapshotMade write_snapshot(const Archive& archive, const std::vector<std::string>& recipients,
                            const crypto::age::Output& out) {
  Measured measured;
  crypto::age::Encryptor encryptor(recipients, [&](ByteView piece) {
    measured.add(piece);
    out(piece);
  });
  const ledger::SnapshotState state =
      ledger::write_snapshot(archive.ledger(), [&](ByteView piece) { encryptor.update(piece); });
  encryptor.finish();
  SnapshotMade made;
  made.stated = {state.checkpoint.origin,
                 {archive.clock().now().ms / 1000 * 1000},
                 state.checkpoint,
                 measured.finish(),
                 measured.size()};
  merkle::Note note{made.stated.text(), {}};
  merkle::sign(note, state.checkpoint.origin, archive.keyring().signing_key());
  made.note = note.encode();
  return made;
}

SnapshotRestore::SnapshotRestore(const std::string& file, const SnapshotNote& note,
                                 const std::vector<crypto::age::Identity>& identities,
                                 const std::string& directory)
    : note_(note), loader_((require_same(file, note), directory)) {
  Measured measured;
  crypto::age::Decryptor decryptor(identities, [&](ByteView piece) { loader_.update(piece); });
  for_each_piece(file, [&](ByteView piece) {
    measured.add(piece);
    return decryptor.update(piece) == crypto::age::Failure::none;
  });
  const crypto::age::Failure failure = decryptor.finish();
  if (failure == crypto::age::Failure::no_match)
    throw Error(ErrorCode::wrong_key,
                fmt::format("the recovery key does not open snapshot '{}'", escape_for_display(file)),
                "give the key file that 'dalil recovery-key export' wrote for this archive");
  if (failure != crypto::age::Failure::none) throw damaged(file, why(failure));
  if (measured.size() != note.size_bytes || measured.finish() != note.digest)
    throw damaged(file, "it changed while it was read");
  const ledger::SnapshotState state = loader_.finish();
  if (state.checkpoint != note.checkpoint) throw damaged(file, "it shows another state than its note says");
}

void SnapshotRestore::check(const std::string& signed_note, ledger::Keyring keyring) const {
  const Archive archive = Archive::open(path(), std::move(keyring));
  View view = archive.view();
  const auto note = merkle::Note::parse(signed_note);
  std::vector<merkle::NoteKey> keys;
  for (const ledger::Signer& signer : view.reader().signers())
    if (signer.counts_at(note_.checkpoint.size)) keys.push_back(signer.key);
  const auto result = note ? merkle::check(*note, keys) : merkle::NoteCheck{.rejected = true, .verified = {}};
  if (result.rejected || result.verified.empty())
    throw Error(ErrorCode::corrupt,
                "the snapshot's note is not signed by a key that may sign for the archive",
                "take the snapshot of another drive, and find out who had access to this one");
  const CheckReport report = archive::check(archive);
  if (!report.problems.empty())
    throw Error(ErrorCode::corrupt, "the archive in the snapshot is damaged: " + report.problems.front(),
                "take the snapshot of another drive");
}

}  // namespace dalil::archive
