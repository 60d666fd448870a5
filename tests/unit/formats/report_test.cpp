#include "dalil/formats/report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "dalil/base/error.hpp"
#include "report_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;
using archive::Verdict;

namespace {

std::string refusal(const std::string& bytes) {
  try {
    (void)decode_report(bytes);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid);
    return error.what();
  }
  return "";
}

std::string signed_anew(const CheckReport& report) {
  return encode_report(report, "auditor", report_fixture::key());
}

}  // namespace

TEST_CASE("a report says again what it was made from, and its signature holds") {
  const CheckReport report = report_fixture::report();
  const std::string bytes = signed_anew(report);
  const SignedReport read = decode_report(bytes);
  CHECK(statement_of(read.report) == statement_of(report));
  CHECK(read.report.exceptions == report.exceptions);
  CHECK(read.report.verdicts == report.verdicts);
  CHECK(read.report.drive_id == report.drive_id);
  CHECK(encode_report(read.report, "auditor", report_fixture::key()) == bytes);
  const merkle::NoteKey key{"auditor", merkle::NoteKeyType::ed25519, report_fixture::key().public_key()};
  CHECK(merkle::check(read.note, {key}).verified.size() == 1);
  for (std::size_t at = 0; at < bytes.size();) {  // each line is JSON that any reader takes
    const std::size_t end = bytes.find('\n', at);
    const auto line = nlohmann::json::parse(bytes.substr(at, end - at));
    CHECK((line["type"] == "verdict" || line["type"] == "signed_report"));
    at = end + 1;
  }
}

TEST_CASE("a report that knows little is a report, too") {
  CheckReport report;
  report.result = "INCOMPLETE";
  report.subject = ReportSubject::sealed;
  const SignedReport read = decode_report(signed_anew(report));
  CHECK(!read.report.drive_id);
  CHECK(!read.report.note);
  CHECK(!read.report.checkpoint);
  CHECK(read.report.origin.empty());
  CHECK(read.report.exceptions.empty());
}

TEST_CASE("a report that was cut anywhere, or in which a byte was changed, is refused or not signed") {
  const std::string bytes = signed_anew(report_fixture::report());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    CHECK(!refusal(bytes.substr(0, i)).empty());
  }
  const merkle::NoteKey key{"auditor", merkle::NoteKeyType::ed25519, report_fixture::key().public_key()};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x01);
    CAPTURE(i);
    bool holds = false;
    try {
      holds = merkle::check(decode_report(flipped).note, {key}).verified.size() == 1;
    } catch (const Error&) {
    }
    CHECK(!holds);
  }
}

TEST_CASE("lines that were added, dropped or put in another order are noticed") {
  const CheckReport report = report_fixture::report();
  const std::string bytes = signed_anew(report);
  const std::size_t first = bytes.find('\n') + 1, second = bytes.find('\n', first) + 1;
  CHECK(refusal(bytes.substr(first)) != "");
  CHECK(refusal(bytes.substr(0, first) + bytes) != "");
  CHECK(refusal(bytes.substr(first, second - first) + bytes.substr(0, first) + bytes.substr(second)) != "");
}

TEST_CASE("counts that its own lines contradict make it none, whoever signs") {
  CheckReport report = report_fixture::report();
  report.verdicts[Verdict::corrupt] = 7;
  CHECK(refusal(signed_anew(report)).find("counts") != std::string::npos);
  report = report_fixture::report();
  report.lists_wrong = 0;
  CHECK(refusal(signed_anew(report)).find("counts") != std::string::npos);
  report = report_fixture::report();
  report.checked = report.expected + 1;
  CHECK(!refusal(signed_anew(report)).empty());
}

TEST_CASE("a key file gives the key again, and nothing else is one") {
  const std::string text = encode_report_key("origin/cosigner/ab", report_fixture::key());
  const ReportKey key = decode_report_key("# a remark\n\n" + text);
  CHECK(key.name == "origin/cosigner/ab");
  CHECK(key.key.public_key() == report_fixture::key().public_key());
  CHECK_THROWS_AS(decode_report_key(""), Error);
  CHECK_THROWS_AS(decode_report_key(text + text), Error);
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    CAPTURE(i);
    CHECK_THROWS_AS(decode_report_key(text.substr(0, i)), Error);
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x01);
    CHECK_THROWS_AS(decode_report_key(flipped), Error);
  }
}

TEST_CASE("PREMIS has an object and an event for what was found, and no byte that XML forbids") {
  const std::string xml = premis_xml(report_fixture::report());
  const auto count = [&xml](const std::string& what) {
    std::size_t number = 0;
    for (std::size_t at = xml.find(what); at != xml.npos; at = xml.find(what, at + 1)) ++number;
    return number;
  };
  const std::size_t findings = report_fixture::report().exceptions.size();
  CHECK(count("<premis:object ") == 1 + findings);
  CHECK(count("<premis:event>") == 1 + findings);
  CHECK(count("<premis:agent>") == 1);
  CHECK(xml.find("fixity check") != xml.npos);
  CHECK(xml.find("\\x01\\xff") != xml.npos);
  CHECK(xml.find('\x01') == xml.npos);
  CHECK(xml.find("\xEF\xBF\xBF") == xml.npos);
  CHECK(xml.find("a &lt;b&gt; &amp;") != xml.npos);
}
