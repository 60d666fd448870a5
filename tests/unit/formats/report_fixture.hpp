#pragma once

#include "dalil/formats/report.hpp"

/// A report with something of everything.
namespace report_fixture {

using namespace dalil;

inline crypto::SigningKey key() {
  const Bytes seed(32, 5);
  return crypto::SigningKey::from_seed(seed);
}

inline archive::RunSummary::Exception exception(const std::string& path, archive::Verdict verdict,
                                                std::uint8_t digest) {
  archive::RunSummary::Exception one;
  one.path = path;
  one.verdict = verdict;
  if (digest != 0) one.digest.bytes.fill(digest);
  return one;
}

inline formats::CheckReport report() {
  using archive::Verdict;
  formats::CheckReport report;
  report.subject = formats::ReportSubject::plain;
  report.origin = "dalil/0123456789abcdef";
  report.volume_id = "V2";
  report.drive_id.emplace().fill(9);
  report.note = {3, Digest{}};
  report.checkpoint = {99, Digest{}};
  report.signer = "dalil/0123456789abcdef+01020304";
  report.signer_compared = true;
  report.expected = 12;
  report.checked = 12;
  report.bytes = 3456;
  report.verdicts = {{Verdict::intact, 9},
                     {Verdict::corrupt, 1},
                     {Verdict::unreadable, 1},
                     {Verdict::missing, 1},
                     {Verdict::extra, 2}};
  report.lists_right = 4;
  report.lists_wrong = 1;
  report.result = "FAIL";
  report.started = *UtcTime::from_rfc3339("2026-11-25T13:00:00Z");
  report.ended = *UtcTime::from_rfc3339("2026-11-25T13:00:09Z");
  report.read_path = "3 direct, 9 cache allowed";
  report.program = "dalil 0.1.0";
  report.exceptions = {
      exception("bag-info.txt", Verdict::corrupt, 4),    exception("data/\x01\xff", Verdict::corrupt, 1),
      exception("data/a <b> &", Verdict::unreadable, 2), exception("data/\xEF\xBF\xBF", Verdict::extra, 0),
      exception("data/gone", Verdict::missing, 3),       exception("data/read twice", Verdict::intact, 6),
      exception("data/\xD9\x85", Verdict::extra, 0)};
  report.exceptions[2].ranges = {{4096, 512}, {1 << 20, 4096}};
  report.exceptions[2].error_number = 5;
  report.exceptions[2].detail = "Input/output error";
  report.exceptions[5].detail = "was corrupt at first";
  return report;
}

}  // namespace report_fixture
