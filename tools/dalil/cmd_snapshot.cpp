#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/archive/recovery.hpp"
#include "dalil/archive/snapshot.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "recipients.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr const char* kNoteEnd = ".note";
constexpr const char* kPartialEnd = ".partial";

struct SnapshotOptions {
  std::string out_file;
  std::vector<std::string> recipients;
};

/// A file that is being written under a name that says so; it goes away, wherever it is by then, unless all
/// went well.
class PartialFile {
 public:
  explicit PartialFile(const std::string& path) : place_(path), path_(path + kPartialEnd) {
    unlink(path_.c_str());  // what an earlier run left behind
    file_ = files::Fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) throw system_error("create", path_, errno);
  }
  ~PartialFile() {
    if (!kept_) unlink(path_.c_str());
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  void write(ByteView bytes) {
    if (const int error = write_all(file_.get(), as_chars(bytes))) throw system_error("write", path_, error);
  }
  void sync() {
    if (fsync(file_.get()) != 0) throw system_error("write", path_, errno);
  }
  void put_in_place() {
    // Not over a file that has appeared meanwhile; where there are no hard links, a look has to do.
    if (link(path_.c_str(), place_.c_str()) == 0) {
      unlink(path_.c_str());
    } else {
      refuse_existing(place_, "the file");
      if (rename(path_.c_str(), place_.c_str()) != 0) throw system_error("create", place_, errno);
    }
    path_ = place_;
    const auto slash = place_.rfind('/');
    files::sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : place_.substr(0, slash));
    kept_ = true;
  }

 private:
  std::string place_, path_;
  files::Fd file_;
  bool kept_ = false;
};

/// A note comes first: where a run was killed between the two, there is a note, and what it is of is still
/// called partial. A note of anything else is left alone.
void drop_what_a_killed_run_left(const std::string& out_file) {
  const std::string note_file = out_file + kNoteEnd, partial_file = out_file + kPartialEnd;
  const auto is_there = [](const std::string& path) { return access(path.c_str(), F_OK) == 0; };
  if (is_there(out_file) || !is_there(note_file) || !is_there(partial_file)) return;
  const std::string digest = content_of_file(partial_file).digest.hex();
  constexpr std::uint64_t kLargestNote = 1 << 20;
  const Bytes note = files::read_small_file(note_file, kLargestNote);
  if (as_chars(note).find("\nsha256 " + digest + " ") != std::string_view::npos) unlink(note_file.c_str());
}

int run_snapshot(Session& session, const SnapshotOptions& options) {
  const std::string note_file = options.out_file + kNoteEnd;
  drop_what_a_killed_run_left(options.out_file);
  refuse_existing(options.out_file, "the file");
  refuse_existing(note_file, "the note");
  archive::Archive archive = session.open();
  const auto recipients = sealing_recipients(session, archive, options.recipients);
  PartialFile file(options.out_file);
  const archive::SnapshotMade made =
      archive::write_snapshot(archive, recipients, [&](ByteView piece) { file.write(piece); });
  file.sync();
  files::write_new_file(note_file, as_bytes(made.note), 0644);
  try {
    file.put_in_place();
  } catch (...) {
    unlink(note_file.c_str());
    throw;
  }

  Printer& out = session.out();
  const archive::SnapshotNote& stated = made.stated;
  out.line(fmt::format("snapshot of {}: {}", count_text(stated.checkpoint.size, "entry", "entries"),
                       bytes_text(stated.size_bytes)));
  out.line("  written to  " + in_quotes(options.out_file));
  out.line("  its note    " + in_quotes(note_file) + "; keep both together");
  for (const std::string& recipient : recipients) out.line("  opens with  " + recipient);
  Json fields = {{"size", stated.checkpoint.size},
                 {"root", to_base64(stated.checkpoint.root.view())},
                 {"sha256", stated.digest.hex()},
                 {"size_bytes", stated.size_bytes},
                 {"recipients", recipients}};
  put_path(fields, "file", options.out_file);
  put_path(fields, "note", note_file);
  out.object("snapshot", fields);
  out.object("summary", {{"command", "snapshot"}, {"size", stated.checkpoint.size}});
  return kExitOk;
}

}  // namespace

Runner declare_snapshot(Options& app) {
  const auto options = std::make_shared<SnapshotOptions>();
  app.add_option("--out", options->out_file, "a new file; its signed note is FILE.note")
      ->required()
      ->type_name("FILE");
  app.add_option("--recipient", options->recipients, "also opens with the identity of this age recipient")
      ->allow_extra_args(false)
      ->type_name("AGE1");
  app.explain(
      "The whole archive in one encrypted file, taken while others read and write. It opens with the\n"
      "recovery key, and what is in it stays sealed: an archive key is needed besides. To get the\n"
      "archive back: dalil restore --archive-from FILE --recovery-key KEYFILE --to DIR\n\n");
  return [options](Session& session) { return run_snapshot(session, *options); };
}

}  // namespace dalil::cli
