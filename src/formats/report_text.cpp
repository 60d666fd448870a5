#include "report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::formats {

using archive::Verdict;

namespace {

constexpr std::string_view kMagic = "dalil.report/v1";
constexpr const char* kNone = "-";
using Words = std::vector<std::string_view>;

const char* name_of(ReportSubject subject) {
  switch (subject) {
    case ReportSubject::plain:
      return "plain";
    case ReportSubject::sealed:
      return "sealed";
    case ReportSubject::volume:
      break;
  }
  return "volume";
}

std::string or_none(const std::string& text) {
  return text.empty() ? kNone : text;
}
std::string unless_none(std::string_view word) {
  return word == kNone ? std::string() : std::string(word);
}

bool read(std::string_view word, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}
bool read(std::string_view word, Digest& value) {
  const auto digest = Digest::from_hex(word);
  value = digest.value_or(Digest{});
  return digest.has_value();
}
bool read(std::string_view word, UtcTime& value) {
  const auto time = UtcTime::from_rfc3339(word);
  value = time.value_or(UtcTime{});
  return time.has_value();
}

/// The lines of a statement in their order, each a key and words parted by single blanks.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  /// Empty if the next line does not begin so.
  std::string_view text(std::string_view key) {
    const std::string_view line = next();
    if (!line.starts_with(key) || line.size() <= key.size() + 1 || line[key.size()] != ' ') return {};
    return line.substr(key.size() + 1);
  }
  Words words(std::string_view key) {
    std::string_view rest = text(key);
    Words words;
    while (!rest.empty()) {
      const std::size_t blank = std::min(rest.find(' '), rest.size());
      words.push_back(rest.substr(0, blank));
      rest.remove_prefix(std::min(blank + 1, rest.size()));
    }
    return words;
  }
  std::string_view next() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read_subject(const Words& words, CheckReport& report) {
  if (words.size() != 3) return false;
  for (const auto subject : {ReportSubject::plain, ReportSubject::sealed, ReportSubject::volume})
    if (words[0] == name_of(subject)) report.subject = subject;
  report.volume_id = unless_none(words[1]);
  if (words[2] == kNone) return true;
  const auto id = from_hex(words[2]);
  if (!id || id->size() != archive::DriveId().size()) return false;
  std::copy(id->begin(), id->end(), report.drive_id.emplace().begin());
  return true;
}

bool read_note(const Words& words, CheckReport& report) {
  if (words.size() == 1 && words[0] == kNone) return true;
  auto& note = report.note.emplace(CheckReport::NoteRef{});
  return words.size() == 2 && read(words[0], note.sequence) && read(words[1], note.digest);
}

bool read_checkpoint(const Words& words, CheckReport& report) {
  if (words.size() == 1 && words[0] == kNone) return true;
  auto& state = report.checkpoint.emplace(CheckReport::State{});
  const auto root = words.size() == 2 ? from_base64(words[1]) : std::nullopt;
  if (!root || root->size() != Digest::kSize) return false;
  state.root = Digest::from_bytes(*root);
  return read(words[0], state.size);
}

bool read_signer(const Words& words, CheckReport& report) {
  if (words.size() == 1 && words[0] == kNone) return true;
  if (words.size() != 2) return false;
  report.signer = words[0];
  report.signer_compared = words[1] == "compared";
  return true;
}

/// "expected 3 checked 2": names and numbers in turn.
bool read_numbers(const Words& words, std::size_t count, std::vector<std::uint64_t>& numbers) {
  if (words.size() != 2 * count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.emplace_back();
    if (!read(words[2 * i + 1], numbers.back())) return false;
  }
  return true;
}

bool read_counts(Lines& lines, CheckReport& report) {
  std::vector<std::uint64_t> numbers;
  if (!read_numbers(lines.words("counts"), 3, numbers) || !read_numbers(lines.words("lists"), 2, numbers) ||
      !read_numbers(lines.words("verdicts"), kAllVerdicts.size(), numbers))
    return false;
  report.expected = numbers[0];
  report.checked = numbers[1];
  report.bytes = numbers[2];
  report.lists_right = numbers[3];
  report.lists_wrong = numbers[4];
  for (std::size_t i = 0; i < kAllVerdicts.size(); ++i)
    if (numbers[5 + i] > 0) report.verdicts[kAllVerdicts[i]] = numbers[5 + i];
  return true;
}

bool is_result(std::string_view word) {
  return word == "PASS" || word == "CONSISTENT" || word == "FAIL" || word == "INCOMPLETE";
}

bool is_mode(std::string_view word) {
  return word == "sha256" || word == "tags" || word == "quick";
}

}  // namespace

std::string statement_of(const CheckReport& report) {
  const auto id = report.drive_id ? to_hex(*report.drive_id) : kNone;
  std::string out = fmt::format("{}\norigin {}\nsubject {} {} {}\n", kMagic, or_none(report.origin),
                                name_of(report.subject), or_none(report.volume_id), id);
  out += report.note ? fmt::format("note {} {}\n", report.note->sequence, report.note->digest.hex())
                     : "note -\n";
  out += report.checkpoint ? fmt::format("checkpoint {} {}\n", report.checkpoint->size,
                                         to_base64(report.checkpoint->root.view()))
                           : "checkpoint -\n";
  out += report.signer.empty() ? "signer -\n"
                               : fmt::format("signer {} {}\n", report.signer,
                                             report.signer_compared ? "compared" : "not-compared");
  out += fmt::format("check {} {}\nscope {}\n", report.with_archive ? "archive" : "offline", report.mode,
                     report.whole ? "whole" : "part");
  out += fmt::format("counts expected {} checked {} bytes {}\nlists right {} wrong {}\nverdicts",
                     report.expected, report.checked, report.bytes, report.lists_right, report.lists_wrong);
  for (const Verdict verdict : kAllVerdicts)
    out += fmt::format(" {} {}", archive::name_of(verdict), report.count(verdict));
  crypto::Sha256Stream lines;
  for (const auto& exception : report.exceptions) lines.update(as_bytes(verdict_line(exception)));
  return out + fmt::format("\nresult {}\nstarted {}\nended {}\nread {}\nprogram {}\nlines {} sha256 {}\n",
                           report.result, report.started.rfc3339(), report.ended.rfc3339(),
                           or_none(report.read_path), or_none(report.program), report.exceptions.size(),
                           lines.finish().hex());
}

std::optional<CheckReport> report_from_statement(std::string_view text) {
  Lines lines(text);
  CheckReport report;
  if (lines.next() != kMagic) return std::nullopt;
  report.origin = unless_none(lines.text("origin"));
  if (!read_subject(lines.words("subject"), report) || !read_note(lines.words("note"), report) ||
      !read_checkpoint(lines.words("checkpoint"), report) || !read_signer(lines.words("signer"), report))
    return std::nullopt;
  const Words check = lines.words("check");
  if (check.size() != 2 || !is_mode(check[1])) return std::nullopt;
  report.with_archive = check[0] == "archive";
  report.mode = check[1];
  report.whole = lines.text("scope") == "whole";
  if (!read_counts(lines, report)) return std::nullopt;
  report.result = lines.text("result");
  if (!is_result(report.result) || !read(lines.text("started"), report.started) ||
      !read(lines.text("ended"), report.ended))
    return std::nullopt;
  report.read_path = unless_none(lines.text("read"));
  report.program = unless_none(lines.text("program"));
  if (lines.words("lines").size() != 3 || !lines.at_end()) return std::nullopt;
  return report;
}

}  // namespace dalil::formats
