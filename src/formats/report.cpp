#include "dalil/formats/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "report_text.hpp"

namespace dalil::formats {

using archive::Verdict;
using Ordered = nlohmann::ordered_json;
using Exception = archive::RunSummary::Exception;

namespace {

constexpr const char* kSchema = "dalil/1";
constexpr const char* kVerdictType = "verdict";
constexpr const char* kSignedType = "signed_report";
constexpr std::size_t kLongestLine = 4 << 20;

Error bad_report(const std::string& why) {
  return Error(ErrorCode::invalid, "this is no signed report: " + why,
               "a report that was cut or edited cannot be used; ask for the file as it was written");
}

std::string dumped(const Ordered& object) {
  return object.dump(-1, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

std::string last_line(const std::string& note, const std::string& key) {
  Ordered object = {{"type", kSignedType}, {"schema", kSchema}, {"note", note}};
  if (!key.empty()) object["key"] = key;
  return dumped(object);
}

std::string text_at(const Ordered& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_at(const Ordered& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// What stands there under keys that are known; whether that is all is for the caller to see.
Exception exception_from(const Ordered& object) {
  Exception exception;
  exception.path = text_at(object, "path");
  if (const auto raw = from_base64(text_at(object, "path_b64")); raw && !raw->empty())
    exception.path.assign(raw->begin(), raw->end());
  if (const auto verdict = verdict_from(text_at(object, "verdict"))) exception.verdict = *verdict;
  if (const auto ranges = object.find("ranges"); ranges != object.end() && ranges->is_array())
    for (const Ordered& range : *ranges)
      exception.ranges.emplace_back(number_at(range, "offset"), number_at(range, "size"));
  exception.error_number = static_cast<int>(std::min<std::uint64_t>(number_at(object, "errno"), INT32_MAX));
  exception.detail = text_at(object, "detail");
  exception.digest = Digest::from_hex(text_at(object, "digest")).value_or(Digest{});
  return exception;
}

Exception exception_from(std::string_view line) {
  if (line.size() > kLongestLine) throw bad_report("a line is too long");
  const Ordered object = Ordered::parse(line, nullptr, false);
  if (!object.is_object()) throw bad_report("a line is no JSON object");
  Exception exception = exception_from(object);
  if (verdict_line(exception) != std::string(line) + "\n") throw bad_report("a line is no verdict");
  return exception;
}

struct LastLine {
  std::string note, key;
};

std::optional<LastLine> last_line_from(std::string_view line) {
  if (line.size() > kLongestLine) return std::nullopt;
  const Ordered object = Ordered::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  LastLine read{text_at(object, "note"), text_at(object, "key")};
  return last_line(read.note, read.key) == std::string(line) + "\n" ? std::optional(read) : std::nullopt;
}

/// The key that the report names, which has to be the one that its signature names. Absent if it names none.
std::optional<merkle::NoteKey> key_from(const LastLine& last, const merkle::Note& note) {
  if (last.key.empty()) return std::nullopt;
  auto key = merkle::NoteKey::parse(last.key);
  const auto names = [&](const merkle::NoteSignature& one) {
    return one.name == key->name && one.key_id == key->id();
  };
  if (!key || key->type != merkle::NoteKeyType::ed25519 || std::ranges::none_of(note.signatures, names))
    throw bad_report("its key is not the signer's");
  return key;
}

/// Nobody is to read a word that the counts deny.
void compare_result(const CheckReport& report) {
  const bool damaged = report.count(Verdict::corrupt) + report.count(Verdict::unreadable) +
                           report.count(Verdict::missing) + report.count(Verdict::changed) +
                           report.lists_wrong >
                       0;
  const bool good = report.result == "PASS" || report.result == "CONSISTENT";
  const bool whole = report.expected > 0 && report.checked == report.expected;
  if (damaged != (report.result == "FAIL") || (good && !whole))
    throw bad_report("its result is not that of its counts");
}

/// The counts have to be those of the lines: a report speaks with one tongue.
void compare_counts(const CheckReport& report) {
  std::map<Verdict, std::uint64_t> payload;
  std::uint64_t lists = 0;
  for (const Exception& exception : report.exceptions) {
    if (report.is_payload(exception.path))
      ++payload[exception.verdict];
    else
      lists += exception.verdict != Verdict::intact;
  }
  for (const auto& [verdict, number] : payload)
    if (verdict != Verdict::intact && number != report.count(verdict))
      throw bad_report("its counts are not those of its lines");
  for (const auto& [verdict, number] : report.verdicts) {
    const bool listed_one_by_one = verdict != Verdict::intact && verdict != Verdict::not_checked;
    if (listed_one_by_one && number != payload[verdict])
      throw bad_report("its counts are not those of its lines");
  }
  if (lists != report.lists_wrong) throw bad_report("its counts are not those of its lines");
  if (report.checked > report.expected) throw bad_report("more was checked than was expected");
  compare_result(report);
}

}  // namespace

std::optional<Verdict> verdict_from(std::string_view name) {
  for (const Verdict verdict : kAllVerdicts)
    if (name == archive::name_of(verdict)) return verdict;
  return std::nullopt;
}

std::uint64_t CheckReport::count(Verdict verdict) const {
  const auto found = verdicts.find(verdict);
  return found == verdicts.end() ? 0 : found->second;
}

bool CheckReport::is_payload(std::string_view path) const {
  // With an archive it is also known what else lies there.
  if (with_archive && subject == ReportSubject::plain) return !archive::is_drive_file(path);
  switch (subject) {
    case ReportSubject::plain:
      return path == "data" || path.starts_with("data/");
    case ReportSubject::sealed:
      return path == "objects" || path.starts_with("objects/");
    case ReportSubject::volume:
      break;
  }
  return true;
}

std::string verdict_line(const Exception& exception) {
  Ordered object = {{"type", kVerdictType}, {"schema", kSchema}};
  if (is_utf8(exception.path)) {
    object["path"] = exception.path;
  } else {
    object["path"] = escape_for_display(exception.path);
    object["path_b64"] = to_base64(as_bytes(exception.path));
  }
  object["verdict"] = archive::name_of(exception.verdict);
  for (const auto& [offset, size] : exception.ranges)
    object["ranges"].push_back({{"offset", offset}, {"size", size}});
  if (exception.error_number != 0) object["errno"] = static_cast<std::uint64_t>(exception.error_number);
  if (!exception.detail.empty()) object["detail"] = exception.detail;
  if (exception.digest != Digest{}) object["digest"] = exception.digest.hex();
  return dumped(object);
}

std::string encode_report(const CheckReport& report, const std::string& key_name,
                          const crypto::SigningKey& key) {
  merkle::Note note;
  note.text = statement_of(report);
  merkle::sign(note, key_name, key);
  std::string out;
  for (const Exception& exception : report.exceptions) out += verdict_line(exception);
  const merkle::NoteKey verifier{key_name, merkle::NoteKeyType::ed25519, key.public_key()};
  return out + last_line(note.encode(), verifier.encode());
}

Digest SignedReport::digest() const {
  return crypto::sha256(as_bytes(note.text));
}

SignedReport decode_report(std::string_view bytes) {
  if (bytes.size() > kReportLimitBytes) throw bad_report("it is too long");
  if (!bytes.ends_with('\n')) throw bad_report("its last line is cut");
  const std::string_view without_end = bytes.substr(0, bytes.size() - 1);
  const std::size_t before = without_end.rfind('\n');
  const std::string_view last = without_end.substr(before == without_end.npos ? 0 : before + 1);
  const auto encoded = last_line_from(last);
  auto note = encoded ? merkle::Note::parse(encoded->note) : std::nullopt;
  if (!note) throw bad_report("its last line holds no signed statement");
  auto report = report_from_statement(note->text);
  if (!report) throw bad_report("what is signed is not the statement of a report");
  std::string_view rest = bytes.substr(0, bytes.size() - last.size() - 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    report->exceptions.push_back(exception_from(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  if (statement_of(*report) != note->text)
    throw bad_report("it was altered, its lines are not those that were signed");
  compare_counts(*report);
  auto key = key_from(*encoded, *note);
  return {std::move(*report), std::move(*note), std::move(key)};
}

}  // namespace dalil::formats
