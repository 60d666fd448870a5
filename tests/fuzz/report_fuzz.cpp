// A signed report from anywhere is refused or is, byte for byte, what would be written of it; what is read
// can be shown as PREMIS. A key file is refused or gives a key.
#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/formats/report.hpp"
#include "edits.hpp"

using namespace dalil;

namespace {

Bytes sample(const std::string& path, archive::Verdict verdict) {
  formats::CheckReport report;
  report.subject = formats::ReportSubject::plain;
  report.origin = "dalil/0123";
  report.volume_id = "V2";
  report.drive_id.emplace().fill(3);
  report.note = {1, Digest{}};
  report.result = "FAIL";
  report.expected = report.checked = 1;
  report.verdicts[verdict] = 1;
  report.exceptions.emplace_back();
  report.exceptions.back().path = path;
  report.exceptions.back().verdict = verdict;
  report.exceptions.back().ranges = {{0, 4096}};
  const Bytes seed(32, 1);
  const std::string text = formats::encode_report(report, "auditor", crypto::SigningKey::from_seed(seed));
  return {text.begin(), text.end()};
}

void read_report(std::string_view bytes) {
  try {
    const formats::SignedReport read = formats::decode_report(bytes);
    std::string lines;
    for (const auto& exception : read.report.exceptions) lines += formats::verdict_line(exception);
    if (!bytes.starts_with(lines) || formats::statement_of(read.report) != read.note.text) std::abort();
    if (formats::premis_xml(read.report).empty()) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) std::abort();
  }
}

void read_key(std::string_view text) {
  try {
    const formats::ReportKey key = formats::decode_report_key(text);
    if (formats::decode_report_key(formats::encode_report_key(key.name, key.key)).name != key.name)
      std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Bytes> samples{sample("data/a", archive::Verdict::corrupt),
                                          sample("data/\xff", archive::Verdict::unreadable)};
  const Bytes input = fuzz::input_from({data, size}, samples);
  read_report(as_chars(input));
  read_key(as_chars(input));
  return 0;
}
