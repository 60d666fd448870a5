#include "dalil/drives/report_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "dalil/archive/custody.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/merkle/tree.hpp"
#include "layout.hpp"
#include "report_signer.hpp"

namespace dalil::drives {

using archive::CopyRow;
using archive::Verdict;
using formats::CheckReport;
using Exception = archive::RunSummary::Exception;

namespace {

/// Number of the kind DriveStated (docs/formats/entry.md).
constexpr const char* kDriveStated = "drive_stated";
constexpr const char* kNotePath = layout::kNote;
/// As far as two machines' clocks may differ.

class Importer {
 public:
  Importer(archive::Archive& archive, const formats::SignedReport& signed_report)
      : archive_(archive),
        editor_(archive.edit()),  // nobody else commits from here on
        view_(archive.view()),
        signed_(signed_report),
        report_(signed_report.report) {}

  ReportImport run(const std::vector<merkle::NoteKey>& trusted) {
    import_.signer = judge_signer(view_, archive_.keyring(), signed_, trusted);
    refuse_what_says_nothing();
    if (const auto before = view_.find_report(signed_.digest()))
      throw Error(ErrorCode::conflict, fmt::format("this report was taken in before, as entry {}", *before));
    find_volume();
    judge_state();
    judge_age();
    for (const Exception& exception : report_.exceptions)
      if (report_.is_payload(exception.path)) named_.emplace(exception.path, &exception);
    gather();
    refuse_what_is_unknown();
    record();
    return std::move(import_);
  }

 private:
  void refuse_what_says_nothing() const {
    const auto refuse = [](const std::string& why, const std::string& hint) {
      return Error(ErrorCode::invalid, "the report cannot be taken in: " + why, hint);
    };
    if (!report_.drive_id || !report_.note)
      throw refuse("it is of no backup drive with an identity",
                   "run 'dalil backup' to the drive once more: it gets one");
    if (!report_.whole) throw refuse("it is of a part of the volume", "have the whole drive checked");
    if (report_.mode == "quick")
      throw refuse("no content was read", "have the drive checked without --quick");
    if (report_.checked == 0) throw refuse("nothing was checked", "");
    if (is_to_come(report_.ended, archive_.clock().now()))
      throw refuse(fmt::format("it is of {}, which is yet to come", report_.ended.rfc3339()),
                   "compare the clocks of both machines");
  }

  void find_volume() {
    if (report_.origin != ledger::origin_of(archive_.keyring().archive_id()))
      throw Error(ErrorCode::not_found,
                  fmt::format("the report is of a drive of '{}', another archive",
                              escape_for_display(report_.origin)),
                  "name the archive that it belongs to");
    for (const archive::Volume& volume : view_.volumes())
      if (volume.drive && volume.drive->id == *report_.drive_id) import_.volume = volume;
    if (import_.volume.row == ledger::kNoRow)
      throw Error(ErrorCode::not_found,
                  fmt::format("this archive has no drive {}", to_hex(*report_.drive_id)),
                  "is this the newest state of the archive?");
    if (!report_.volume_id.empty() && report_.volume_id != import_.volume.id)
      throw Error(ErrorCode::conflict, fmt::format("the report says volume '{}', and that drive is {} here",
                                                   escape_for_display(report_.volume_id), import_.volume.id));
  }

  /// The drive's note has to be one that the ledger knows, and its checkpoint a state of this ledger.
  void judge_state() {
    const archive::Drive& drive = *import_.volume.drive;
    if (report_.note->sequence > drive.sequence)
      throw Error(ErrorCode::corrupt,
                  fmt::format("the report is of run {} to the drive, and this archive knows of {}",
                              report_.note->sequence, drive.sequence),
                  "this archive is older than the drive: look for the newest one");
    if (report_.note->digest != drive.note_digest && !was_stated_before())
      throw Error(ErrorCode::conflict,
                  "the note of the drive that was checked is none that this archive knows",
                  "the drive was altered, or belongs to a copy of this archive that went its own way");
    if (!report_.checkpoint) throw Error(ErrorCode::invalid, "the report names no checkpoint");
    const std::uint64_t size = report_.checkpoint->size;
    if (size == 0 || size > view_.reader().size() ||
        merkle::root_at(size, view_.reader().nodes()) != report_.checkpoint->root)
      throw Error(ErrorCode::corrupt,
                  fmt::format("the drive's checkpoint of {} entries is no state of this archive", size),
                  "history was rewritten, or two copies of the archive were both written to: "
                  "dalil checkpoint verify");
  }

  /// The newest statement of the drive that was on record when the check began: whoever puts a drive back to
  /// an older state puts back its note, too, and only the archive knows of a newer one.
  void judge_age() {
    if (report_.with_archive) return;
    archive::LogQuery query;
    query.kinds = {*archive::entry_kind_from(kDriveStated)};
    query.volume = import_.volume.row;
    query.until = report_.started;
    query.newest_first = true;
    query.limit = 1;
    archive::log(view_, query, [&](const archive::LoggedEntry& entry) {
      for (const archive::EntryField& field : entry.fields)
        if (field.name == "sequence" && std::get<std::uint64_t>(field.value) > report_.note->sequence)
          import_.newer_state = {std::get<std::uint64_t>(field.value), entry.line.time, entry.line.seq};
      return false;
    });
  }

  bool was_stated_before() {
    archive::LogQuery query;
    query.kinds = {*archive::entry_kind_from(kDriveStated)};
    query.volume = import_.volume.row;
    query.newest_first = true;
    bool found = false;
    archive::log(view_, query, [&](const archive::LoggedEntry& entry) {
      for (const archive::EntryField& field : entry.fields)
        if (field.name == "note_sha256" && std::get<std::string>(field.value) == report_.note->digest.hex())
          found = true;
      return !found;
    });
    return found;
  }

  /// A signer whom the checker did not know is no damage: the ledger has the note's very bytes on record.
  static bool is_unknown_signer(const Exception& exception) {
    return exception.path == kNotePath && exception.detail == formats::kUntrustedSigner;
  }

  std::uint64_t lists_wrong() const {
    return report_.lists_wrong -
           static_cast<std::uint64_t>(std::ranges::count_if(report_.exceptions, is_unknown_signer));
  }

  /// Whether silence about a copy means that it is intact.
  bool speaks_of_all() const {
    // With the archive the copies were not judged by the drive's lists.
    return report_.checked == report_.expected && (report_.with_archive || lists_wrong() == 0);
  }

  void gather() {
    view_.for_each_copy(import_.volume.row,
                        [this](archive::Row, const std::string& directory, const std::vector<CopyRow>& rows) {
                          for (const CopyRow& row : rows) gather(directory, row);
                        });
    if (of_that_state_ > report_.expected)
      throw Error(
          ErrorCode::conflict,
          fmt::format("the report knows of {} files, and the ledger of {} that were on the drive then",
                      report_.expected, of_that_state_),
          "what was checked was not the whole drive");
  }

  void gather(const std::string& directory, const CopyRow& row) {
    const std::string path = files::join_path(directory, row.name);
    if (row.state == CopyRow::State::symlink || !report_.is_payload(path)) return;
    const bool live = row.state == CopyRow::State::live;
    const bool as_checked = live && row.seq < report_.checkpoint->size;
    if (as_checked)
      ++of_that_state_;
    else
      replaced_.push_back(path);
    if (!live) return;
    const Verdict verdict = as_checked ? verdict_on(path, row) : later(path, row);
    Said& said = directories_[directory];
    said.anything = said.anything || verdict != Verdict::not_checked;
    if (verdict != Verdict::intact) said.exceptions.emplace_back(row.name, verdict);
  }

  /// On record before the check began, and of a later run than the list that was checked.
  bool was_due(const CopyRow& row) const { return import_.newer_state && row.seq < import_.newer_state->seq; }

  Verdict later(const std::string& path, const CopyRow& row) {
    if (!was_due(row)) {
      ++import_.later;
      return Verdict::not_checked;
    }
    if (named_.contains(path)) return untouched();  // something is there, and that list does not say what
    if (keeps_verdict(row, true)) {
      ++import_.newer;
      return Verdict::not_checked;
    }
    Exception exception;
    exception.path = path;
    exception.verdict = Verdict::missing;
    exception.detail = fmt::format("recorded by run {} or before, and the drive was as after run {}",
                                   import_.newer_state->sequence, report_.note->sequence);
    exception.digest = view_.copy(row.seq).digest;
    absent_.push_back(std::move(exception));
    return Verdict::missing;
  }

  /// Of two verdicts of one second damage holds. One that is yet to come is that of a clock that was ahead,
  /// and hides no damage.
  bool keeps_verdict(const CopyRow& row, bool damaged) const {
    const bool known_time = !is_to_come({row.verified_at_s * 1000}, archive_.clock().now());
    return row.verified_at_s * 1000 > report_.ended.ms - (damaged ? 0 : 1) && (known_time || !damaged);
  }

  Verdict verdict_on(const std::string& path, const CopyRow& row) {
    const auto named = named_.find(path);
    const Exception* exception = named == named_.end() ? nullptr : named->second;
    if (exception != nullptr) {
      seen_.push_back(path);
      if (!same_content(*exception, row)) {
        // A list that was altered names what it likes; then only what agrees with the ledger counts.
        if (lists_wrong() > 0) return untouched();
        throw Error(
            ErrorCode::conflict,
            fmt::format("the report and the ledger differ on what '{}' should be", escape_for_display(path)),
            "the drive's list was altered, or the report was made up");
      }
    }
    if (exception == nullptr && !speaks_of_all()) return untouched();
    const Verdict verdict = exception == nullptr ? Verdict::intact : exception->verdict;
    const bool damaged = verdict != Verdict::intact;
    if (keeps_verdict(row, damaged)) {
      ++import_.newer;
      return Verdict::not_checked;
    }
    if (verdict == Verdict::not_checked || verdict == Verdict::extra) return untouched();
    ++(verdict == Verdict::intact ? import_.intact : import_.not_intact);
    return verdict;
  }

  Verdict untouched() {
    ++import_.untouched;
    return Verdict::not_checked;
  }

  bool same_content(const Exception& exception, const CopyRow& row) {
    if (exception.digest == Digest{})
      return report_.with_archive;  // absent files need not have been looked up
    const archive::Copy copy = view_.copy(row.seq);
    return exception.digest == copy.digest_on_volume() ||
           (report_.with_archive && exception.digest == copy.digest);
  }

  /// Every file that the report names as one that should be there has to have been there.
  void refuse_what_is_unknown() {
    if (lists_wrong() > 0) return;
    std::ranges::sort(seen_);
    std::ranges::sort(replaced_);
    for (const auto& [path, exception] : named_) {
      if (exception->verdict == Verdict::extra || exception->digest == Digest{}) continue;
      if (std::ranges::binary_search(seen_, path) || std::ranges::binary_search(replaced_, path)) continue;
      throw Error(ErrorCode::conflict,
                  fmt::format("the report names '{}', which was never on the drive by the ledger",
                              escape_for_display(path)),
                  "the drive's list was altered, or the report was made up");
    }
  }

  void record() {
    const archive::Volume& volume = import_.volume;
    for (const auto& [path, said] : directories_)
      if (said.anything) editor_.record_verdicts(volume.row, path, said.exceptions, report_.ended.ms / 1000);
    archive::RunSummary run;
    run.kind = "verify";
    run.volume = volume.row;
    run.mode = report_.mode;
    run.result = result();
    run.report_signer = import_.signer.key.encode();
    run.started = report_.started;
    run.ended = report_.ended;
    auto verdicts = report_.verdicts;
    if (!absent_.empty()) verdicts[Verdict::missing] += absent_.size();
    run.counts = {{"expected", report_.expected + absent_.size()},
                  {"checked", report_.checked + absent_.size()},
                  {"bytes", report_.bytes}};
    // As of a run with the archive: what was ended early moves no date.
    if (report_.checked < report_.expected) run.counts.emplace_back(archive::kPartialRun, 1);
    for (const auto& [verdict, number] : verdicts) run.counts.emplace_back(name_of(verdict), number);
    run.exceptions = report_.exceptions;
    std::erase_if(run.exceptions, is_unknown_signer);
    run.exceptions.insert(run.exceptions.end(), absent_.begin(), absent_.end());
    std::ranges::stable_sort(run.exceptions, {}, &Exception::path);
    import_.absent = absent_.size();
    import_.result = run.result;
    import_.exceptions = run.exceptions;
    import_.superseded = volume.last_verification && is_superseded(*volume.last_verification);
    import_.seq = editor_.add_report(
        run, {volume.row, signed_.note.encode(), import_.signer.key.encode(), signed_.digest()});
    editor_.commit();
  }

  /// The ledger knows the note: what the auditor could not compare is compared.
  std::string result() const {
    if (import_.newer_state) return std::string(archive::kOlderDrive);
    const bool unknown_signer = lists_wrong() != report_.lists_wrong;
    const bool damaged = lists_wrong() > 0 || report_.count(Verdict::corrupt) > 0 ||
                         report_.count(Verdict::unreadable) > 0 || report_.count(Verdict::missing) > 0 ||
                         report_.count(Verdict::changed) > 0;
    if (unknown_signer && !damaged)
      return report_.expected > 0 && report_.checked == report_.expected ? "PASS" : "INCOMPLETE";
    return report_.result == "CONSISTENT" ? "PASS" : report_.result;
  }

  /// As derive.cpp has it.
  bool is_superseded(UtcTime last) const {
    return last > report_.ended || (last == report_.ended && !archive::is_bad_result(import_.result));
  }

  archive::Archive& archive_;
  archive::Editor editor_;
  archive::View view_;
  const formats::SignedReport& signed_;
  const CheckReport& report_;
  ReportImport import_;
  std::map<std::string_view, const Exception*> named_;  ///< of the payload, by path
  struct Said {
    bool anything = false;  ///< of any copy in the directory
    std::vector<std::pair<std::string, Verdict>> exceptions;
  };
  std::map<std::string, Said> directories_;
  std::vector<Exception> absent_;      ///< of what an older state of the drive lacks
  std::vector<std::string> seen_;      ///< named, and live as they were checked
  std::vector<std::string> replaced_;  ///< vanished since, or of another content
  std::uint64_t of_that_state_ = 0;
};

}  // namespace

ReportImport import_report(archive::Archive& archive, const formats::SignedReport& report,
                           const std::vector<merkle::NoteKey>& trusted) {
  return Importer(archive, report).run(trusted);
}

}  // namespace dalil::drives
