#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/formats/bagit.hpp"
#include "layout.hpp"
#include "offline_parts.hpp"

namespace dalil::drives::offline {

using archive::DriveKind;

namespace {

bool is_there(int root_fd, const char* path) {
  const files::StatResult found = files::stat_at(root_fd, path);
  return found.error_number != ENOENT && found.error_number != ENOTDIR;
}

std::string key_text(const merkle::NoteSignature& signature) {
  Bytes id;
  append_u32(id, signature.key_id);
  return signature.name + "+" + to_hex(id);
}

/// Reads the drive's statement of itself, piece by piece.
class StatementReader {
 public:
  StatementReader(int root_fd, const OfflineOptions& options, OfflineReport& report)
      : root_(root_fd),
        from_(options.from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere),
        options_(options),
        report_(report) {}

  Statement read() {
    const bool has_note = is_there(root_, layout::kNote);
    const bool looks_sealed = is_there(root_, layout::kObjectList) || is_there(root_, layout::kSealedReadme);
    if (!has_note && !looks_sealed &&
        !(is_there(root_, layout::kDeclaration) && is_there(root_, layout::kFolder)))
      throw Error(ErrorCode::not_found,
                  fmt::format("'{}' is no backup drive", escape_for_display(options_.folder)),
                  "give the folder that holds dalil/drive.note; any other bag: dalil verify-bag FOLDER");
    statement_.kind = looks_sealed ? DriveKind::sealed : DriveKind::plain;
    read_signers();
    if (has_note) read_note();
    statement_.list = statement_.kind == DriveKind::sealed ? layout::kObjectList : layout::kManifest;
    statement_.payload = statement_.kind == DriveKind::sealed ? layout::kObjects : "data";
    report_.check.subject =
        statement_.kind == DriveKind::sealed ? formats::ReportSubject::sealed : formats::ReportSubject::plain;
    if (!has_note) miss_note();
    if (!statement_.only_begun()) {
      read_checkpoint();
      if (statement_.note && statement_.kind == DriveKind::plain) compare_tag_manifest();
    }
    return std::move(statement_);
  }

 private:
  void problem(const char* path, std::string text, archive::Verdict verdict = archive::Verdict::corrupt) {
    add_problem(report_, path, std::move(text), verdict);
  }
  /// The file itself is not there, or cannot be read.
  void lack(const char* path, int error_number) {
    const bool missing = error_number == ENOENT;
    problem(path, missing ? "" : std::strerror(error_number),
            missing ? archive::Verdict::missing : archive::Verdict::unreadable);
  }
  void remark(std::string text) { report_.remarks.push_back(std::move(text)); }

  /// What lies there, and when it makes no sense once more, from the medium.
  template <typename Read>
  SmallFile read_until(const char* path, const Read& makes_sense) {
    SmallFile file = read_small(root_, path, from_);
    if (file.bytes && makes_sense(*file.bytes)) return file;
    if (file.error_number == ENOENT) return file;
    SmallFile again = read_small(root_, path, files::ReadFrom::medium);
    if (again.bytes && makes_sense(*again.bytes)) {
      ++report_.read_twice;
      remark(fmt::format("{} was wrong at first and right when read again: check the drive and its cable",
                         path));
    }
    return again;
  }

  /// Keys that the drive itself names: they tell which key has signed, and are nobody's word for it.
  void read_signers() {
    const SmallFile file = read_small(root_, layout::kSigners, from_);
    std::string_view rest = file.bytes ? std::string_view(*file.bytes) : std::string_view();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (auto key = merkle::NoteKey::parse(rest.substr(0, end))) named_.push_back(std::move(*key));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void miss_note() {
    if (statement_.kind == DriveKind::sealed)
      remark("the drive has no note, as those of earlier versions: nothing vouches for its list");
    else
      problem(layout::kNote, "nothing vouches for the lists", archive::Verdict::missing);
  }

  void read_note() {
    const auto parsed = [](std::string_view bytes) -> std::optional<DriveNote> {
      const auto note = merkle::Note::parse(bytes);
      return note ? DriveNote::parse(note->text) : std::nullopt;
    };
    const SmallFile file =
        read_until(layout::kNote, [&](std::string_view bytes) { return parsed(bytes).has_value(); });
    if (!file.bytes) return lack(layout::kNote, file.error_number);
    statement_.note = parsed(*file.bytes);
    if (!statement_.note) return problem(layout::kNote, "it is no signed note of a drive");
    const DriveNote& note = *statement_.note;
    statement_.kind = note.drive.kind;
    for (const auto& [path, digest] : note.tag_files) statement_.own_files.push_back({path, digest});
    note_digest_ = crypto::sha256(as_bytes(*file.bytes));
    fill(note);
    judge_signature(*merkle::Note::parse(*file.bytes));
    if (statement_.only_begun())
      return remark("the drive was begun, and no run that wrote to it was finished");
    require_vouched_list();
  }

  void fill(const DriveNote& note) {
    auto& check = report_.check;
    check.origin = note.origin;
    check.volume_id = note.volume_id == "-" ? "" : note.volume_id;
    check.drive_id = note.drive.id;
    check.note = {note.drive.sequence, note_digest_};
    check.checkpoint = {note.checkpoint.size, note.checkpoint.root};
    report_.stated_at = note.time;
  }

  void judge_signature(const merkle::Note& note) {
    report_.check.signer = key_text(note.signatures.front());
    const merkle::NoteCheck by_trust = merkle::check(note, options_.trusted);
    const merkle::NoteCheck by_name = merkle::check(note, named_);
    if (by_trust.rejected || (by_trust.verified.empty() && by_name.rejected)) {
      report_.vouching = Vouching::forged;
      return problem(layout::kNote, "its signature is wrong: it was altered after it was signed, or forged");
    }
    if (!by_trust.verified.empty()) {
      report_.vouching = Vouching::trusted;
      report_.signer = by_trust.verified.front();
    } else if (!by_name.verified.empty()) {
      report_.signer = by_name.verified.front();
    }
    if (report_.signer) report_.check.signer = short_text(*report_.signer);
    if (!by_trust.verified.empty()) {
      report_.check.signer_compared = true;
    } else if (options_.trusted.empty()) {
      report_.vouching = Vouching::not_compared;
    } else {
      report_.vouching = Vouching::strangers;
      problem(layout::kNote, formats::kUntrustedSigner);
    }
  }

  static std::string short_text(const merkle::NoteKey& key) {
    constexpr std::size_t kKeyIdDigits = 8;
    return key.encode().substr(0, key.name.size() + 1 + kKeyIdDigits);
  }

  /// A note that is silent about the list or the checkpoint vouches for nothing.
  void require_vouched_list() {
    const char* list = statement_.kind == DriveKind::sealed ? layout::kObjectList : layout::kManifest;
    for (const char* path : {list, layout::kCheckpoint})
      if (std::ranges::find(statement_.own_files, path, &Listed::path) == statement_.own_files.end())
        problem(layout::kNote, fmt::format("it says nothing of {}", path));
  }

  void read_checkpoint() {
    const char* path = statement_.note || is_there(root_, layout::kCheckpoint) ? layout::kCheckpoint
                                                                               : layout::kEarlierCheckpoint;
    const auto parsed = [](std::string_view bytes) -> std::optional<merkle::Checkpoint> {
      const auto note = merkle::Note::parse(bytes);
      return note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
    };
    const SmallFile file =
        read_until(path, [&](std::string_view bytes) { return parsed(bytes).has_value(); });
    if (!file.bytes) {
      if (!statement_.note) lack(path, file.error_number);
      return;  // otherwise it is one of the drive's own files, and said of as such
    }
    const auto checkpoint = parsed(*file.bytes);
    if (!checkpoint) return problem(path, "it is no signed checkpoint");
    judge_checkpoint(path, *checkpoint, *merkle::Note::parse(*file.bytes));
  }

  void judge_checkpoint(const char* path, const merkle::Checkpoint& checkpoint, const merkle::Note& note) {
    std::vector<merkle::NoteKey> keys = options_.trusted;
    keys.insert(keys.end(), named_.begin(), named_.end());
    const merkle::NoteCheck check = merkle::check(note, keys);
    if (check.rejected) problem(path, "its signature is wrong");
    if (!check.rejected && check.verified.empty() && !keys.empty())
      remark(fmt::format("{} is signed by {}, which was not compared", path,
                         escape_for_display(key_text(note.signatures.front()))));
    if (!statement_.note) {
      report_.check.origin = checkpoint.origin;
      report_.check.checkpoint = {checkpoint.size, checkpoint.root};
    } else if (checkpoint != statement_.note->checkpoint) {
      problem(path, fmt::format("it is not the one that {} states", layout::kNote));
    }
  }

  /// A bag's list of its own files says the same as the note, and vouches for the note.
  void compare_tag_manifest() {
    const SmallFile file =
        read_until(layout::kTagManifest, [](std::string_view bytes) { return !bytes.empty(); });
    if (!file.bytes) return lack(layout::kTagManifest, file.error_number);
    formats::bagit::Findings findings;
    const auto lines = formats::bagit::read_manifest(
        *file.bytes, layout::kTagManifest, formats::bagit::ManifestOf::tag_files, crypto::HashKind::sha256,
        formats::bagit::Declaration{1, 0, formats::bagit::Encoding::utf8}, findings);
    bool agrees = findings.empty();
    for (const auto& line : lines) {
      const auto own = std::ranges::find(statement_.own_files, line.path, &Listed::path);
      if (line.path == layout::kNote)
        agrees = agrees && std::ranges::equal(line.digest, note_digest_.bytes);
      else if (own != statement_.own_files.end())
        agrees = agrees && std::ranges::equal(line.digest, own->digest.bytes);
      else
        agrees = false;
    }
    if (!agrees || lines.size() != statement_.own_files.size() + 1)
      problem(layout::kTagManifest,
              fmt::format("it contradicts {}: they are of two runs, or one was altered", layout::kNote));
  }

  const int root_;
  const files::ReadFrom from_;
  const OfflineOptions& options_;
  OfflineReport& report_;
  Statement statement_;
  std::vector<merkle::NoteKey> named_;
  Digest note_digest_;
};

}  // namespace

void add_problem(OfflineReport& report, const char* path, std::string text, archive::Verdict verdict) {
  archive::RunSummary::Exception exception;
  exception.path = path;
  exception.verdict = verdict;
  exception.detail = std::move(text);
  report.check.exceptions.push_back(std::move(exception));
  ++report.check.lists_wrong;
}

Statement read_statement(int root_fd, const OfflineOptions& options, OfflineReport& report) {
  return StatementReader(root_fd, options, report).read();
}

}  // namespace dalil::drives::offline
