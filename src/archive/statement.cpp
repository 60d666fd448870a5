#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/archive/proof.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "entry_kinds.hpp"
#include "review_record.hpp"
#include "summarize.hpp"

namespace dalil::archive {

namespace {

std::string hex_of(const std::string& bytes) {
  return to_hex(as_bytes(bytes));
}
std::string volume_text(std::uint32_t row) {
  return fmt::format("V{}", row + 1);
}
std::string quoted(const std::string& raw) {
  return "'" + escape_for_display(raw) + "'";
}
std::string time_of_ns(std::int64_t ns) {
  const std::int64_t ms = ns / 1'000'000 - (ns % 1'000'000 < 0 ? 1 : 0);
  return UtcTime{ms}.rfc3339_ms();
}

/// Gathers the fields of one message; what is empty is left out, as the format does.
struct Reader {
  Statement& out;
  void add(const char* name, std::string value) {
    if (!value.empty()) out.fields.emplace_back(name, std::move(value));
  }
  void text(const char* name, const std::string& raw) { add(name, escape_for_display(raw)); }

  void read(const records::CopySeen& copy) {
    const std::string path = files::join_path(copy.directory(), copy.name());
    if (copy.digest().size() == Digest::kSize) out.digest = Digest::from_bytes(as_bytes(copy.digest()));
    out.size_bytes = copy.size();
    out.text = fmt::format("a file of {} bytes with the SHA-256 {} was read on volume {} at {}", copy.size(),
                           hex_of(copy.digest()), volume_text(copy.volume()), quoted(path));
    add("sha256", hex_of(copy.digest()));
    add("size", std::to_string(copy.size()));
    add("volume", volume_text(copy.volume()));
    text("directory", copy.directory());
    text("name", copy.name());
    add("modified", time_of_ns(copy.mtime_ns()));
    add("inode changed", time_of_ns(copy.ctime_ns()));
    add("inode", std::to_string(copy.inode()));
    add("tag nonce", hex_of(copy.tag_nonce()));
    if (!copy.stored_digest().empty()) {
      out.text += fmt::format(", encrypted into a file of {} bytes with the SHA-256 {}", copy.stored_size(),
                              hex_of(copy.stored_digest()));
      add("stored sha256", hex_of(copy.stored_digest()));
      add("stored size", std::to_string(copy.stored_size()));
      add("read from volume", volume_text(copy.source_volume()));
      text("read from directory", copy.source_directory());
      text("read from name", copy.source_name());
    }
    add("tags", fmt::format("{} (keyed checksums; no use without the archive's key)",
                            copy.tags().size() / crypto::ChunkTag().size()));
  }

  void read(const records::FactsStated& facts) {
    if (facts.digest().size() == Digest::kSize) out.digest = Digest::from_bytes(as_bytes(facts.digest()));
    out.text = fmt::format("what the file with the SHA-256 {} said of itself", hex_of(facts.digest()));
    add("sha256", hex_of(facts.digest()));
    const media::MediaFacts read = media::decode(as_bytes(facts.facts()));
    add("kind", media::name_of(read.kind));
    text("format", read.format);
    if (read.width > 0) add("pixels", fmt::format("{}x{}", read.width, read.height));
    if (read.duration_ms > 0) add("duration ms", std::to_string(read.duration_ms));
    text("make", read.make);
    text("model", read.model);
    text("serial", read.serial);
    text("software", read.software);
    for (const media::TimeClaim& time : read.times) text("time", time.field + " = " + time.raw);
    for (const media::PlaceClaim& place : read.places)
      text("place", fmt::format("{} = {:.6f}, {:.6f}", place.field, place.latitude, place.longitude));
    for (const media::Stream& stream : read.streams)
      text("stream", std::string(media::name_of(stream.kind)) + " " + stream.codec);
    for (const media::Field& field : read.fields) text("field", field.name + " = " + field.value);
    for (const std::string& sign : read.signs) text("sign", sign);
    text("problem", read.problem);
  }

  void read(const records::LinkMade& link) {
    if (link.digest().size() == Digest::kSize) out.digest = Digest::from_bytes(as_bytes(link.digest()));
    out.text = fmt::format("the file with the SHA-256 {} was linked to the incident {} as '{}'",
                           hex_of(link.digest()), quoted(link.incident()),
                           name_of(static_cast<LinkType>(link.type())));
    add("sha256", hex_of(link.digest()));
    text("incident", link.incident());
    add("type", name_of(static_cast<LinkType>(link.type())));
    if (link.has_from_ms()) add("from ms", std::to_string(link.from_ms()));
    if (link.has_to_ms()) add("to ms", std::to_string(link.to_ms()));
    text("why", link.why());
  }

  void read(const records::LinkWithdrawn& link) {
    out.text = fmt::format("the link that entry {} made was withdrawn", link.link_seq());
    add("link", std::to_string(link.link_seq()));
    text("why", link.why());
  }

  void read(const records::ReviewStated& stated) {
    const Review review = from_record(stated);
    if (stated.digest().size() == Digest::kSize) out.digest = Digest::from_bytes(as_bytes(stated.digest()));
    const std::string how = review.state ? fmt::format("assessed as '{}'", name_of(*review.state))
                                         : "reviewed, without stating in which state it is";
    out.text = stated.has_link_seq()
                   ? fmt::format("the link that entry {} made was {}", stated.link_seq(), how)
                   : fmt::format("the file with the SHA-256 {} was {}", hex_of(stated.digest()), how);
    add("sha256", hex_of(stated.digest()));
    if (stated.has_link_seq()) add("link", std::to_string(stated.link_seq()));
    if (review.analysis) add("analysis", name_of(*review.analysis));
    text("method", review.method);
    text("result", review.result);
    if (review.confidence) add("confidence", name_of(*review.confidence));
    text("note", review.note);
    if (review.time)
      add("made between",
          UtcTime{review.time->from_ms}.rfc3339_ms() + " and " + UtcTime{review.time->to_ms}.rfc3339_ms());
    read("made at", review.made);
    read("shows", review.shown);
  }

  void read(const char* name, const std::optional<VerifiedPlace>& place) {
    if (!place) return;
    std::string at = fmt::format("{:.6f}, {:.6f}", place->latitude, place->longitude);
    if (place->radius_m > 0) at += fmt::format(", within {} m", place->radius_m);
    text(name, at + (place->name.empty() ? "" : " " + place->name));
  }

  void read(const records::Run& run) {
    const bool scan = run.kind() == "scan";
    out.text = fmt::format("a {} of volume {} ended with {}", scan ? "scan" : "verification",
                           volume_text(run.volume()), quoted(run.result()));
    text("kind", run.kind());
    add("volume", volume_text(run.volume()));
    text("folder", run.folder());
    text("mode", run.mode());
    text("result", run.result());
    add("started", UtcTime{run.started_ms()}.rfc3339_ms());
    add("ended", UtcTime{run.ended_ms()}.rfc3339_ms());
    for (const auto& count : run.counts()) text("count", fmt::format("{} {}", count.name(), count.value()));
    for (const auto& exception : run.exceptions()) {
      std::string line = fmt::format("{} {}", name_of(static_cast<Verdict>(exception.verdict())),
                                     escape_for_display(exception.path()));
      for (const auto& range : exception.ranges())
        line += fmt::format(" [{}, {} bytes]", range.offset(), range.size());
      add("exception", line);
    }
  }

  void read(const records::DirectoriesVerified& verified) {
    std::size_t named = 0;
    add("volume", volume_text(verified.volume()));
    for (const auto& one : verified.directories()) {
      const std::string at = UtcTime{one.verified_at_s() * 1000}.rfc3339();
      add("directory", fmt::format("{} at {}", quoted(one.directory()), at));
      for (int i = 0; i < one.names_size() && static_cast<std::size_t>(i) < one.verdicts().size(); ++i) {
        const auto verdict = static_cast<Verdict>(one.verdicts()[static_cast<std::size_t>(i)]);
        add("exception", fmt::format("{} {}", name_of(verdict),
                                     escape_for_display(files::join_path(one.directory(), one.names(i)))));
        ++named;
      }
    }
    const int count = verified.directories_size();
    out.text = fmt::format(
        "{} of volume {}: every copy that the ledger held there was found intact{}",
        count == 1 ? "verdicts on one directory" : fmt::format("verdicts on {} directories", count),
        volume_text(verified.volume()),
        named == 0 ? "" : fmt::format(", but for {} that {} named", named, named == 1 ? "is" : "are"));
  }

  void read(const records::Count& count, const char* name) {
    if (!count.has_value()) return text(name, count.qualifier());
    text(name, (count.qualifier().empty() ? "" : count.qualifier() + " ") + std::to_string(count.value()));
  }

  void read(const records::IncidentRevised& revised) {
    const records::Incident& incident = revised.incident();
    out.text = fmt::format("the incident {} as it was put down", quoted(incident.id()));
    text("id", incident.id());
    text("date", incident.date());
    text("date end", incident.date_end());
    text("local time", incident.local_time());
    text("governorate", incident.governorate());
    text("place", incident.place());
    text("subdistrict", incident.subdistrict());
    if (incident.has_latitude() && incident.has_longitude())
      add("position", fmt::format("{:.6f}, {:.6f}", incident.latitude(), incident.longitude()));
    text("perpetrator group", incident.perpetrator_group());
    text("perpetrator", incident.perpetrator_text());
    text("attribution", incident.attribution());
    text("weapon", incident.weapon());
    text("target", incident.target());
    read(incident.killed(), "killed");
    read(incident.children(), "children");
    read(incident.women(), "women");
    read(incident.fetuses(), "fetuses");
    read(incident.wounded(), "wounded");
    read(incident.detained(), "detained");
    text("description", incident.description());
    text("description (ar)", incident.description_ar());
    text("notes", incident.notes());
    text("documented on", incident.documented_on());
    text("witness", incident.witness_json());
    text("source", incident.source_json());
    for (const auto& relation : incident.relations())
      text("relation", relation.first() + " " + relation.second());
    for (const auto& more : incident.extra()) text("extra", more.first() + " = " + more.second());
    text("reason", revised.reason());
  }
};

void read_known(ByteView content, Statement& out) {
  using K = records::Record;
  const records::Record record = parse_record(content, 0);
  Reader reader{out};
  switch (record.kind_case()) {
    case K::kCopySeen:
      return reader.read(record.copy_seen());
    case K::kFactsStated:
      return reader.read(record.facts_stated());
    case K::kIncidentRevised:
      return reader.read(record.incident_revised());
    case K::kLinkMade:
      return reader.read(record.link_made());
    case K::kLinkWithdrawn:
      return reader.read(record.link_withdrawn());
    case K::kRun:
      return reader.read(record.run());
    case K::kReviewStated:
      return reader.read(record.review_stated());
    case K::kDirectoriesVerified:
      return reader.read(record.directories_verified());
    default:
      out.text = summarize(content, 0);
  }
}

}  // namespace

Statement read_statement(ByteView content) {
  Statement out;
  out.number = kind_number(content);
  out.kind = kind_name(out.number);
  try {
    read_known(content, out);
  } catch (const Error&) {
    out.text = "a content that this version cannot read; a newer Dalil may";
  }
  return out;
}

}  // namespace dalil::archive
