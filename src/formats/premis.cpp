#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "dalil/base/text.hpp"
#include "dalil/formats/report.hpp"
#include "report_text.hpp"

/// PREMIS 3: https://www.loc.gov/standards/premis/v3/. Element order is the schema's.
namespace dalil::formats {

using archive::Verdict;

namespace {

constexpr const char* kNamespace = "http://www.loc.gov/premis/v3";
constexpr const char* kSchemaLocation =
    "http://www.loc.gov/premis/v3 https://www.loc.gov/standards/premis/premis.xsd";
constexpr const char* kEventVocabulary = "http://id.loc.gov/vocabulary/preservation/eventType";
constexpr const char* kFixityCheck = "http://id.loc.gov/vocabulary/preservation/eventType/fix";

/// XML has no form for most control characters, nor for U+FFFE and U+FFFF.
std::string xml_text(std::string_view raw) {
  std::string text = escape_for_display(raw);
  for (const auto& [character, written] : {std::pair("\xEF\xBF\xBE", "\\ufffe"), {"\xEF\xBF\xBF", "\\uffff"}})
    for (std::size_t at = text.find(character); at != text.npos; at = text.find(character, at))
      text.replace(at, 3, written);
  return text;
}

pugi::xml_node add(pugi::xml_node parent, const char* name) {
  return parent.append_child((std::string("premis:") + name).c_str());
}
pugi::xml_node add(pugi::xml_node parent, const char* name, const std::string& text) {
  pugi::xml_node child = add(parent, name);
  child.append_child(pugi::node_pcdata).set_value(text.c_str());
  return child;
}

struct Identifier {
  std::string type, value;
};

/// "<object>Identifier" with its type and value.
pugi::xml_node add_identifier(pugi::xml_node parent, const std::string& what, const Identifier& identifier) {
  pugi::xml_node child = add(parent, (what + "Identifier").c_str());
  add(child, (what + "IdentifierType").c_str(), identifier.type);
  add(child, (what + "IdentifierValue").c_str(), identifier.value);
  return child;
}

class PremisWriter {
 public:
  explicit PremisWriter(const CheckReport& report) : report_(report) {}

  std::string write() {
    pugi::xml_node declaration = document_.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    root_ = document_.append_child("premis:premis");
    root_.append_attribute("xmlns:premis") = kNamespace;
    root_.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
    root_.append_attribute("xsi:schemaLocation") = kSchemaLocation;
    root_.append_attribute("version") = "3.0";
    add_drive();
    for (std::size_t i = 0; i < report_.exceptions.size(); ++i) add_file(i);
    add_check();
    for (std::size_t i = 0; i < report_.exceptions.size(); ++i) add_finding(i);
    add_program();
    std::ostringstream out;
    document_.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
    return out.str();
  }

 private:
  Identifier drive() const {
    if (report_.drive_id) return {"identity of the drive", to_hex(*report_.drive_id)};
    return {"volume of the archive", xml_text(report_.origin + "/" + report_.volume_id)};
  }
  Identifier file(std::size_t i) const {
    return {"path on the volume, escaped", xml_text(report_.exceptions[i].path)};
  }
  /// 0: the check as a whole.
  Identifier event(std::size_t number) const {
    return {"check of a drive, and finding of it",
            fmt::format("{}/{}/{}", drive().value, report_.started.rfc3339(), number)};
  }
  Identifier program() const { return {"program", xml_text(report_.program)}; }

  pugi::xml_node add_object(const char* type, const Identifier& identifier) {
    pugi::xml_node object = add(root_, "object");
    object.append_attribute("xsi:type") = type;
    add_identifier(object, "object", identifier);
    return object;
  }

  void add_drive() {
    pugi::xml_node object = add_object("premis:representation", drive());
    if (report_.drive_id && !report_.volume_id.empty())
      add_identifier(object, "object",
                     {"volume of the archive", xml_text(report_.origin + "/" + report_.volume_id)});
    add_identifier(object, "linkingEvent", event(0));
  }

  void add_file(std::size_t i) {
    pugi::xml_node object = add_object("premis:file", file(i));
    pugi::xml_node characteristics = add(object, "objectCharacteristics");
    if (const Digest& digest = report_.exceptions[i].digest; digest != Digest{}) {
      pugi::xml_node fixity = add(characteristics, "fixity");
      add(fixity, "messageDigestAlgorithm", "SHA-256");
      add(fixity, "messageDigest", digest.hex());
      add(fixity, "messageDigestOriginator", basis());
    }
    add(add(add(characteristics, "format"), "formatDesignation"), "formatName", "unknown");
    add_identifier(object, "linkingEvent", event(i + 1));
  }

  pugi::xml_node begin_event(std::size_t number, const std::string& detail, const std::string& outcome,
                             const std::string& note, const Identifier& object) {
    pugi::xml_node node = add(root_, "event");
    add_identifier(node, "event", event(number));
    pugi::xml_node type = add(node, "eventType", "fixity check");
    type.append_attribute("authority") = "eventType";
    type.append_attribute("authorityURI") = kEventVocabulary;
    type.append_attribute("valueURI") = kFixityCheck;
    add(node, "eventDateTime", report_.ended.rfc3339());
    add(add(node, "eventDetailInformation"), "eventDetail", detail);
    pugi::xml_node information = add(node, "eventOutcomeInformation");
    add(information, "eventOutcome", outcome);
    add(add(information, "eventOutcomeDetail"), "eventOutcomeDetailNote", note);
    add_identifier(node, "linkingAgent", program());
    add_identifier(node, "linkingObject", object);
    return node;
  }

  void add_check() {
    std::string detail = fmt::format(
        "every expected file of {}, {}; started {}; read: {}; scope: {}", basis(),
        report_.mode == "quick" ? "by presence and size" : "read whole and compared by " + report_.mode,
        report_.started.rfc3339(), report_.read_path.empty() ? "-" : report_.read_path,
        report_.whole ? "whole" : "a part");
    if (report_.note) detail += fmt::format("; SHA-256 of the drive's note: {}", report_.note->digest.hex());
    std::string note = fmt::format("expected {}, checked {}", report_.expected, report_.checked);
    for (const auto& [verdict, number] : report_.verdicts)
      note += fmt::format(", {} {}", archive::name_of(verdict), number);
    begin_event(0, xml_text(detail), report_.result, note, drive());
  }
  const char* basis() const {
    return report_.with_archive ? "the archive's ledger" : "the list on the drive";
  }

  void add_finding(std::size_t i) {
    const auto& exception = report_.exceptions[i];
    std::string note = exception.detail;
    for (const auto& [offset, size] : exception.ranges)
      note += fmt::format("{}{} bytes from {}", note.empty() ? "" : "; ", size, offset);
    if (exception.error_number != 0)
      note += fmt::format("{}errno {}", note.empty() ? "" : "; ", exception.error_number);
    begin_event(i + 1, "one file of the check", archive::name_of(exception.verdict),
                note.empty() ? "-" : xml_text(note), file(i));
  }

  void add_program() {
    pugi::xml_node agent = add(root_, "agent");
    add_identifier(agent, "agent", program());
    add(agent, "agentName", "Dalil");
    add(agent, "agentType", "software");
    const std::size_t blank = report_.program.find(' ');
    if (blank != report_.program.npos)
      add(agent, "agentVersion", xml_text(report_.program.substr(blank + 1)));
  }

  const CheckReport& report_;
  pugi::xml_document document_;
  pugi::xml_node root_;
};

}  // namespace

std::string premis_xml(const CheckReport& report) {
  return PremisWriter(report).write();
}

}  // namespace dalil::formats
