#include "report_forms.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "custody_forms.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "verify_forms.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr const char* kJsonLines = "jsonl";
constexpr const char* kPremis = "premis";

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  if (!real) throw system_error("find", path, errno);
  return real.get();
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

void refuse_within(const std::string& file, const std::string& folder) {
  const std::string directory = real_path(directory_of(file)) + "/", root = real_path(folder) + "/";
  if (!directory.starts_with(root)) return;
  throw Error(ErrorCode::usage, "the report " + in_quotes(file) + " would lie on what is verified",
              "nothing is written there: name a file elsewhere");
}

formats::ReportKey read_report_key(const std::string& path) {
  Bytes bytes = files::read_small_file(path, 1 << 16);
  std::string text(bytes.begin(), bytes.end());
  crypto::wipe(bytes);
  struct Wipe {
    std::string& text;
    ~Wipe() { crypto::wipe(text); }
  } const wiped{text};
  return formats::decode_report_key(text);
}

std::string json_lines(const JsonObjects& objects) {
  std::string text;
  for (const auto& [type, fields] : objects) {
    Json object = {{"type", type}, {"schema", kJsonSchema}};
    object.update(fields);
    text += object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

/// A report's words are whoever's wrote it. Paths in them are escaped already, so that backslashes stay.
std::string harmless(std::string_view detail) {
  std::string shown;
  while (true) {
    const std::size_t backslash = std::min(detail.find('\\'), detail.size());
    shown += escape_for_display(detail.substr(0, backslash));
    if (backslash == detail.size()) return shown;
    shown += '\\';
    detail.remove_prefix(backslash + 1);
  }
}

UtcTime whole_seconds(UtcTime time) {
  return {time.ms / 1000 * 1000};
}

}  // namespace

void declare_report_options(Options& app, ReportRequest& request) {
  app.add_option("--report", request.file, "also write the verdicts to a new file")->type_name("FILE");
  app.add_option("--report-format", request.format, "jsonl (default), or premis: PREMIS 3, XML")
      ->type_name("FORMAT");
  app.add_option("--sign-key", request.key_file, "sign the report; see: dalil report key")->type_name("FILE");
}

ReportOutput::ReportOutput(ReportRequest request, const std::string& volume_folder)
    : request_(std::move(request)) {
  if (request_.format != kJsonLines && request_.format != kPremis)
    throw Error(ErrorCode::usage, "no format of reports " + in_quotes(request_.format),
                "one of: jsonl, premis");
  if (!wanted()) {
    if (!request_.key_file.empty() || request_.format != kJsonLines)
      throw Error(ErrorCode::usage, "there is no report to sign or to format", "name its file with --report");
    return;
  }
  if (!request_.key_file.empty() && request_.format != kJsonLines)
    throw Error(ErrorCode::usage, "only reports of the format jsonl can be signed",
                "write two reports, or leave --sign-key out");
  refuse_existing(request_.file, "the report");
  refuse_within(request_.file, volume_folder);
  if (::access(directory_of(request_.file).c_str(), W_OK) != 0)
    throw system_error("write to", directory_of(request_.file), errno);
  if (!request_.key_file.empty()) key_ = read_report_key(request_.key_file);
}

void ReportOutput::write(const formats::CheckReport& report, const JsonObjects& objects) const {
  if (!wanted()) return;
  const std::string text = request_.format == kPremis ? formats::premis_xml(report)
                           : key_                     ? formats::encode_report(report, key_->name, key_->key)
                                                      : json_lines(objects);
  files::write_new_file(request_.file, as_bytes(text));
}

void ReportOutput::tell(Printer& out) const {
  if (!wanted()) return;
  out.line("  report      " + in_quotes(request_.file));
  if (key_) out.line("    signed by " + escape_for_display(key_->name));
}

formats::CheckReport check_report_of(archive::View& view, const archive::Archive& archive,
                                     const VerifiedVolume& verified) {
  const archive::Volume& volume = verified.volume;
  formats::CheckReport out;
  out.subject =
      volume.drive ? static_cast<formats::ReportSubject>(volume.drive->kind) : formats::ReportSubject::volume;
  out.origin = ledger::origin_of(archive.keyring().archive_id());
  out.volume_id = volume.id;
  if (volume.drive) {
    out.drive_id = volume.drive->id;
    out.note = {volume.drive->sequence, volume.drive->note_digest};
  }
  if (const auto note = merkle::Note::parse(view.reader().checkpoint()))
    if (const auto checkpoint = merkle::Checkpoint::parse(note->text))
      out.checkpoint = {checkpoint->size, checkpoint->root};
  out.with_archive = true;
  out.mode = jobs::name_of(verified.report.mode);
  out.whole = verified.whole;
  out.expected = verified.report.expected;
  out.checked = verified.report.checked;
  out.bytes = verified.report.bytes_checked;
  out.verdicts = verified.report.verdicts;
  out.result = verified.report.result();
  out.started = whole_seconds(verified.started);
  out.ended = whole_seconds(verified.ended);
  out.read_path = verified.report.read_path;
  out.program = "dalil " DALIL_VERSION;
  out.exceptions = verified.report.exceptions;
  const jobs::OwnFiles& own = verified.report.own_files;
  out.lists_right = own.right;
  out.lists_wrong = own.wrong.size();
  out.exceptions.insert(out.exceptions.end(), own.wrong.begin(), own.wrong.end());
  std::ranges::stable_sort(out.exceptions, {}, &archive::RunSummary::Exception::path);
  return out;
}

std::vector<merkle::NoteKey> trusted_keys(const std::vector<std::string>& texts) {
  std::vector<merkle::NoteKey> keys;
  for (const std::string& text : texts) {
    const auto key = merkle::NoteKey::parse(text);
    if (!key)
      throw Error(ErrorCode::usage, in_quotes(text) + " is no verifier key for --trust",
                  "NAME+8 HEXADECIMAL DIGITS+BASE64, in one piece and in quotes");
    keys.push_back(*key);
  }
  return keys;
}

std::string report_signer_text(archive::View& view, const archive::RunSummary& run) {
  const auto key = merkle::NoteKey::parse(run.report_signer);
  const ledger::ActorId importer = view.reader().line(run.seq).actor;
  const std::string importer_name = escape_for_display(view.actor_name(importer));
  for (const archive::CustodyKey& one : archive::custody_keys(view)) {
    if (!key || formats::report_twin(one.key) != *key) continue;
    const std::string name = escape_for_display(one.actor_name);
    const bool removed = one.removed_at && run.seq >= *one.removed_at;
    return removed ? fmt::format("{}, whose key was removed before; accepted by {}", name, importer_name)
                   : name;
  }
  if (key && key->name.ends_with("/cosigner/" + to_hex(importer))) return importer_name;
  constexpr std::size_t kKeyIdDigits = 8;
  const std::string id =
      key ? key->encode().substr(0, key->name.size() + 1 + kKeyIdDigits) : run.report_signer;
  return fmt::format("key {}, accepted by {}", escape_for_display(id), importer_name);
}

std::string exception_line(const Printer& out, const archive::RunSummary::Exception& exception) {
  constexpr std::size_t kBeforePath = 14;
  const bool warning = exception.at_first && exception.verdict == archive::Verdict::intact;
  std::string more;
  if (warning) more += fmt::format("  intact, but was {} at first:", archive::name_of(*exception.at_first));
  if (!exception.ranges.empty()) more += "  " + ranges_text(exception.ranges);
  if (!exception.detail.empty()) more += "  " + harmless(exception.detail);
  if (exception.error_number != 0)
    more += (exception.detail.empty() ? "  (" : " (") + errno_name(exception.error_number) + ")";
  const std::string whole =
      fmt::format("  {:<11} {}", warning ? "warning" : archive::name_of(exception.verdict),
                  fitting_path(out, exception.path, kBeforePath));
  const auto columns = out.columns();
  if (more.empty() || !columns || display_width(whole) + display_width(more) <= *columns) return whole + more;
  // The folder says more than what is wrong: that goes below.
  return whole + "\n" + wrapped(out, std::string(kBeforePath, ' ') + more.substr(2), kBeforePath);
}

}  // namespace dalil::cli
