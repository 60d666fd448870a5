#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/text.hpp"
#include "dalil/drives/report_import.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "endangered.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "report_forms.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kLinesShown = 100;

struct ReportArguments {
  std::string file;
  std::vector<std::string> trusted;
};

formats::SignedReport read_report(const std::string& path) {
  const Bytes bytes = files::read_small_file(path, formats::kReportLimitBytes);
  return formats::decode_report(as_chars(bytes));
}

std::string subject_text(const formats::CheckReport& report) {
  std::string text = report.subject == formats::ReportSubject::sealed  ? "sealed drive"
                     : report.subject == formats::ReportSubject::plain ? "plain drive"
                                                                       : "volume";
  if (report.drive_id) text += " " + to_hex(*report.drive_id);
  if (!report.volume_id.empty()) text += " (" + escape_for_display(report.volume_id) + ")";
  return text;
}

std::string signer_id(const merkle::Note& note) {
  const merkle::NoteSignature& signature = note.signatures.front();
  Bytes id;
  append_u32(id, signature.key_id);
  return escape_for_display(signature.name) + "+" + to_hex(id);
}

void print_basis(Printer& out, const formats::CheckReport& report) {
  if (report.note)
    out.line(fmt::format("  note        of run {}, SHA-256 {}", report.note->sequence,
                         report.note->digest.hex().substr(0, 16)));
  if (report.checkpoint)
    out.line(fmt::format("  archive     {}, of {} then", escape_for_display(report.origin),
                         count_text(report.checkpoint->size, "entry", "entries")));
  if (!report.signer.empty()) {
    out.line(std::string("  vouched by  a key that was ") +
             (report.signer_compared ? "compared" : "not compared"));
    out.line("    " + escape_for_display(report.signer));
  }
  out.line(fmt::format("  checked     {} {}, {}{}",
                       report.with_archive ? "with the archive, by" : "by the drive's list,", report.mode,
                       bytes_text(report.bytes), report.whole ? "" : ", a part of the volume"));
  out.line(fmt::format("  read        {}", escape_for_display(report.read_path)));
}

/// What is known of a report's signature where no archive is asked.
enum class Signature : std::uint8_t {
  unseen,     ///< the report names no key, and none was given
  own,        ///< right by the key that the report itself names: not altered since, whoever signed
  trusted,    ///< right by a key that was given
  strangers,  ///< right, and by none of the keys that were given
  wrong,      ///< altered after it was signed, or forged
};

Signature judge(const formats::SignedReport& report, const std::vector<merkle::NoteKey>& trusted) {
  std::vector<merkle::NoteKey> keys;
  for (const merkle::NoteKey& key : trusted) keys.push_back(formats::report_twin(key));
  const merkle::NoteCheck by_trust = merkle::check(report.note, keys);
  if (report.key) keys.push_back(*report.key);
  if (merkle::check(report.note, keys).rejected) return Signature::wrong;
  if (!by_trust.verified.empty()) return Signature::trusted;
  if (!trusted.empty()) return Signature::strangers;
  return report.key ? Signature::own : Signature::unseen;
}

/// A PASS is somebody's word: it does not head what nobody vouches for.
std::string answer(const formats::CheckReport& report, Signature signature) {
  if (signature == Signature::wrong) return "ALTERED";
  if (report.result != "PASS" || signature == Signature::trusted) return report.result;
  return signature == Signature::own ? "CONSISTENT" : "UNVERIFIED";
}

int exit_code_of(const std::string& answer, Signature signature) {
  if (answer == "ALTERED" || answer == "FAIL" || signature == Signature::strangers) return kExitNo;
  return answer == "INCOMPLETE" ? kExitPartial : kExitOk;
}

std::vector<std::string> signature_lines(Signature signature, const std::string& id) {
  switch (signature) {
    case Signature::unseen:
      return {"signed by   a key that was not compared; see --trust", "  " + id,
              "  Nobody looked at the signature: the report does not hold its key."};
    case Signature::own:
      return {"signed by   a key that was not compared; see --trust", "  " + id,
              "  It was not altered since. Whoever forges a report makes a key, too."};
    case Signature::trusted:
      return {"signed by   a key that you trust", "  " + id};
    case Signature::strangers:
      return {"signed by   none of the keys that you trust, but", "  " + id};
    case Signature::wrong:
      return {"signed      wrongly, in the name of", "  " + id,
              "  The report was altered after it was signed, or forged. Nothing that it",
              "  says counts; ask for the file as it was written."};
  }
  return {};
}

void print_head(Printer& out, const formats::CheckReport& report, const std::string& word) {
  const Style style = word == "PASS"                        ? Style::good
                      : word == "FAIL" || word == "ALTERED" ? Style::bad
                                                            : Style::warning;
  const std::string counts = fmt::format("{} of {} checked, {} intact", number_text(report.checked),
                                         count_text(report.expected, "file", "files"),
                                         number_text(report.count(archive::Verdict::intact)));
  if (word == report.result) return out.line(out.styled(style, word) + "  " + counts);
  out.line(out.styled(style, word) + "  a report that says " + report.result);
  out.line("  it says     " + counts);
}

void print_report(Printer& out, const formats::SignedReport& signed_report, Signature signature) {
  const formats::CheckReport& report = signed_report.report;
  print_head(out, report, answer(report, signature));
  out.line("  of          " + subject_text(report));
  out.line(fmt::format("  when        {} to {}", time_text(report.started), time_text(report.ended)));
  print_basis(out, report);
  for (const auto& [verdict, count] : report.verdicts)
    out.line(fmt::format("  {:<11} {:>11}", archive::name_of(verdict), number_text(count)));
  if (report.lists_wrong > 0)
    out.line(fmt::format("  own files   {} right, {} wrong", report.lists_right, report.lists_wrong));
  out.line("  by          " + escape_for_display(report.program));
  for (const std::string& line : signature_lines(signature, signer_id(signed_report.note)))
    out.line("  " + line);
  const std::size_t shown =
      out.verbose() ? report.exceptions.size() : std::min(report.exceptions.size(), kLinesShown);
  if (shown > 0) out.line();
  for (std::size_t i = 0; i < shown; ++i) out.line(exception_line(out, report.exceptions[i]));
  if (report.exceptions.size() > shown)
    out.line(fmt::format("  ... and {} more; -v lists all", number_text(report.exceptions.size() - shown)));
}

Json fields_of(const formats::SignedReport& signed_report) {
  const formats::CheckReport& report = signed_report.report;
  Json out = {{"result", report.result}, {"digest", signed_report.digest().hex()}};
  put_text(out, "origin", report.origin);
  put_text(out, "volume_id", report.volume_id);
  if (report.drive_id) out["drive"] = to_hex(*report.drive_id);
  if (report.note) {
    out["sequence"] = report.note->sequence;
    out["note_sha256"] = report.note->digest.hex();
  }
  if (report.checkpoint) {
    out["size"] = report.checkpoint->size;
    out["root"] = report.checkpoint->root.hex();
  }
  put_text(out, "drive_signer", report.signer);
  out.update({{"drive_signer_compared", report.signer_compared},
              {"with_archive", report.with_archive},
              {"mode", report.mode},
              {"whole", report.whole},
              {"expected", report.expected},
              {"checked", report.checked},
              {"bytes_checked", report.bytes},
              {"started", report.started.rfc3339()},
              {"ended", report.ended.rfc3339()},
              {"read_path", report.read_path},
              {"program", report.program},
              {"signed_by", signer_id(signed_report.note)},
              {"statement", signed_report.note.encode()}});
  for (const auto& [verdict, count] : report.verdicts) out["verdicts"][archive::name_of(verdict)] = count;
  return out;
}

const char* name_of(Signature signature) {
  switch (signature) {
    case Signature::unseen:
      return "unseen";
    case Signature::own:
      return "not_compared";
    case Signature::trusted:
      return "trusted";
    case Signature::strangers:
      return "not_trusted";
    case Signature::wrong:
      return "wrong";
  }
  return "";
}

int run_show(Session& session, const ReportArguments& arguments) {
  const formats::SignedReport report = read_report(arguments.file);
  const Signature signature = judge(report, trusted_keys(arguments.trusted));
  const std::string word = answer(report.report, signature);
  Printer& out = session.out();
  print_report(out, report, signature);
  for (const auto& exception : report.report.exceptions) out.object("verdict", json_of(exception));
  out.object("report", fields_of(report));
  Json summary = {{"command", "report show"}, {"result", word}, {"signature", name_of(signature)}};
  if (!arguments.trusted.empty()) summary["trusted"] = signature == Signature::trusted;
  out.object("summary", summary);
  return exit_code_of(word, signature);
}

/// The content that belongs there, also where it lies encrypted.
std::optional<Digest> item_at(archive::View& view, archive::Row volume, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "" : path.substr(0, slash);
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  for (const archive::CopyRow& row : view.directory(volume, directory))
    if (row.name == name && row.item != ledger::kNoRow) return view.item(row.item).digest;
  return std::nullopt;
}

/// What the damage means, where the role can see it.
void tell_endangered(Printer& out, archive::View& view, const drives::ReportImport& done) {
  jobs::VerifyReport found;
  found.exceptions = done.exceptions;
  for (auto& exception : found.exceptions)
    if (const auto item = item_at(view, done.volume.row, exception.path)) exception.digest = *item;
  const auto endangered = endangered_incidents(view, done.volume, found);
  print_endangered(out, endangered);
  for (const EndangeredIncident& incident : endangered) out.object("endangered", json_of(incident));
}

void print_older(Printer& out, const drives::ReportImport& done, const formats::CheckReport& report) {
  if (!done.newer_state) return;
  out.line(fmt::format("  checked     as run {} had left it", report.note->sequence));
  out.line(fmt::format("  on record   run {}, {}: before the check", done.newer_state->sequence,
                       time_text(done.newer_state->time)));
  out.line("  The drive was put back to an older state, or it is a copy of it as it was");
  out.line("  then, or the clock of the machine that checked it is ahead.");
}

void print_signer(Printer& out, const archive::Archive& archive, const drives::ReportSigner& signer) {
  const std::string key = "    " + escape_for_display(signer.key.encode());
  const std::string importer = escape_for_display(archive.keyring().actor_name());
  if (!signer.accepted) return out.line("  signed by   " + escape_for_display(signer.name));
  if (signer.removed)
    out.line(fmt::format("  signed by   {} that was removed {}",
                         signer.name.empty() ? "a key" : "a key of " + escape_for_display(signer.name),
                         time_text(*signer.removed)));
  else
    out.line("  signed by   a key that this archive does not know");
  out.line(key);
  out.line("    accepted by " + importer + (signer.removed ? ", as made before that" : ""));
}

void print_import(Printer& out, const archive::Archive& archive, const drives::ReportImport& done,
                  const formats::CheckReport& report) {
  const Style style = archive::is_bad_result(done.result) ? Style::bad
                      : done.result == "PASS"             ? Style::good
                                                          : Style::warning;
  out.line(fmt::format("{}  volume {} ({}), by a report of {}", out.styled(style, done.result),
                       in_quotes(done.volume.label), done.volume.id, time_text(report.ended)));
  print_older(out, done, report);
  out.line(fmt::format("  recorded    as entry {}", done.seq));
  print_signer(out, archive, done.signer);
  const auto row = [&](std::uint64_t count, const char* text) {
    if (count > 0) out.line(fmt::format("  {:>11}  {}", number_text(count), text));
  };
  row(done.intact, "copies intact, by this report");
  row(done.not_intact, "copies not intact, by this report");
  row(done.absent, "copies on record that the older state lacks: missing");
  row(done.newer, "copies keep a verdict that is as new or newer");
  row(done.later, "copies came to the drive later");
  row(done.untouched, "copies of which it says nothing");
  if (done.superseded) out.line("  The volume was verified since; that verification stays its last.");
}

int run_import(Session& session, const ReportArguments& arguments) {
  const formats::SignedReport report = read_report(arguments.file);
  const auto trusted = trusted_keys(arguments.trusted);
  archive::Archive archive = session.open();
  const drives::ReportImport done = drives::import_report(archive, report, trusted);
  archive::View view = archive.view();
  Printer& out = session.out();
  print_import(out, archive, done, report.report);
  tell_endangered(out, view, done);
  Json summary = {{"command", "report import"},
                  {"result", done.result},
                  {"volume", done.volume.label},
                  {"volume_id", done.volume.id},
                  {"seq", done.seq},
                  {"signer", done.signer.key.encode()},
                  {"signer_name", done.signer.accepted ? "" : done.signer.name},
                  {"accepted", done.signer.accepted},
                  {"ended", report.report.ended.rfc3339()},
                  {"intact", done.intact},
                  {"not_intact", done.not_intact},
                  {"absent", done.absent},
                  {"newer", done.newer},
                  {"later", done.later},
                  {"untouched", done.untouched},
                  {"superseded", done.superseded}};
  put_time(summary, "signer_removed", done.signer.removed);
  if (done.newer_state) summary["newer_run"] = done.newer_state->sequence;
  out.object("summary", summary);
  return archive::is_bad_result(done.result) ? kExitNo : kExitOk;
}

int run_key(Session& session, const std::string& file) {
  refuse_existing(file, "the key file");
  const ledger::Keyring keyring = session.unlock();
  const merkle::NoteKey verifier = formats::report_twin(archive::cosigner_key(keyring));
  // It travels: nobody's name is in it, and the id in the public key is the archive's to know.
  std::string text = fmt::format(
      "# Signs reports of checked drives, and cosigns, for the actor below.\n"
      "# Whoever has this file can do so, too.\n# public key: {}\n",
      verifier.encode());
  text += formats::encode_report_key(verifier.name, archive::cosigning_key(keyring));
  files::write_new_file(file, as_bytes(text), 0600);
  crypto::wipe(text);
  Printer& out = session.out();
  out.line("key for signing reports written to " + in_quotes(file));
  out.line("  It opens nothing. Whoever has it can sign reports in your name.");
  out.line("  An archive that you cosigned once knows its public half:");
  out.line("    " + verifier.encode());
  out.object("key", {{"key", verifier.encode()}, {"actor", keyring.actor_name()}});
  out.object("summary", {{"command", "report key"}});
  return kExitOk;
}

}  // namespace

Runner declare_report_key(Options& app) {
  const auto file = std::make_shared<std::string>();
  app.add_option("--out", *file, "a new file, to take to the machine that checks drives")
      ->required()
      ->type_name("FILE");
  return [file](Session& session) { return run_key(session, *file); };
}

Runner declare_report_show(Options& app) {
  const auto options = std::make_shared<ReportArguments>();
  app.add_option("FILE", options->file, "a signed report of: dalil verify")->required()->type_name("");
  app.add_option("--trust", options->trusted, "a key that you got from its owner: has it signed?")
      ->type_name("VKEY")
      ->allow_extra_args(false);
  app.explain(
      "A report holds its signer's key, which shows whether it was altered since; whose key it is only\n"
      "--trust says, or the archive: report import. PASS stands first only by a key that you trust.");
  return [options](Session& session) { return run_show(session, *options); };
}

Runner declare_report_import(Options& app) {
  const auto options = std::make_shared<ReportArguments>();
  app.add_option("FILE", options->file, "a signed report of: dalil verify")->required()->type_name("");
  app.add_option("--trust", options->trusted,
                 "archivists: the signer's key, as they got it from 'report key'; accepted on your word")
      ->type_name("VKEY")
      ->allow_extra_args(false);
  return [options](Session& session) { return run_import(session, *options); };
}

}  // namespace dalil::cli
