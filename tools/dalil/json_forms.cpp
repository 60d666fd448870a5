#include "json_forms.hpp"

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/formats/register.hpp"
#include "dalil/media/contradictions.hpp"
#include "forms.hpp"

namespace dalil::cli {

void put_path(Json& object, const std::string& key, std::string_view raw) {
  if (is_utf8(raw)) {
    object[key] = raw;
  } else {
    object[key] = escape_for_display(raw);
    object[key + "_b64"] = to_base64(as_bytes(raw));
  }
}

void put_text(Json& object, const std::string& key, std::string_view text) {
  if (!text.empty()) object[key] = text;
}

void put_time(Json& object, const std::string& key, const std::optional<UtcTime>& time) {
  if (time) object[key] = time->rfc3339();
}

const char* name_of(archive::CopyRow::State state) {
  switch (state) {
    case archive::CopyRow::State::live:
      return "live";
    case archive::CopyRow::State::vanished:
      return "vanished";
    case archive::CopyRow::State::symlink:
      return "symlink";
  }
  return "unknown";
}

Json json_of(const archive::Volume& volume) {
  Json out = {{"id", volume.id}, {"label", volume.label}, {"kind", archive::name_of(volume.kind)}};
  if (volume.sealed) out["sealed"] = true;
  put_text(out, "kept_at", volume.kept_at);
  put_text(out, "file_system", volume.file_system);
  put_text(out, "uuid", volume.uuid);
  put_text(out, "serial", volume.serial);
  put_text(out, "file_system_label", volume.file_system_label);
  if (volume.capacity_bytes > 0) out["capacity_bytes"] = volume.capacity_bytes;
  if (!volume.root.empty()) put_path(out, "root", volume.root);
  put_text(out, "note", volume.note);
  out["live_copies"] = volume.live_copies;
  out["live_bytes"] = volume.live_bytes;
  put_time(out, "last_scan", volume.last_scan);
  put_time(out, "last_verification", volume.last_verification);
  put_text(out, "last_verification_result", volume.last_verification_result);
  return out;
}

Json json_of(const media::TimeClaim& claim) {
  return {{"field", claim.field},
          {"time", claim_iso(claim)},
          {"zone", name_of(claim.basis)},
          {"origin", name_of(claim.origin)},
          {"raw", claim.raw},
          {"precision_ms", claim.precision_ms}};
}

namespace {

Json json_of(const media::PlaceClaim& place) {
  Json out = {{"field", place.field},
              {"latitude", place.latitude},
              {"longitude", place.longitude},
              {"raw", place.raw}};
  if (place.altitude_m) out["altitude_m"] = *place.altitude_m;
  if (place.direction_deg) out["direction_deg"] = *place.direction_deg;
  return out;
}

Json json_of(const media::Stream& stream) {
  Json out = {{"kind", media::name_of(stream.kind)}, {"codec", stream.codec}};
  if (stream.width > 0) out["width"] = stream.width;
  if (stream.height > 0) out["height"] = stream.height;
  if (stream.sample_rate > 0) out["sample_rate"] = stream.sample_rate;
  if (stream.channels > 0) out["channels"] = stream.channels;
  if (stream.duration_ms > 0) out["duration_ms"] = stream.duration_ms;
  return out;
}

}  // namespace

Json json_of(const media::MediaFacts& facts) {
  Json out = {{"kind", media::name_of(facts.kind)}, {"format", facts.format}};
  if (facts.width > 0) out["width"] = facts.width;
  if (facts.height > 0) out["height"] = facts.height;
  if (facts.orientation > 0) out["orientation"] = facts.orientation;
  if (facts.duration_ms > 0) out["duration_ms"] = facts.duration_ms;
  put_text(out, "make", facts.make);
  put_text(out, "model", facts.model);
  put_text(out, "serial", facts.serial);
  put_text(out, "software", facts.software);
  for (const auto& claim : facts.times) out["times"].push_back(json_of(claim));
  for (const auto& place : facts.places) out["places"].push_back(json_of(place));
  for (const auto& stream : facts.streams) out["streams"].push_back(json_of(stream));
  for (const auto& field : facts.fields)
    out["fields"].push_back({{"name", field.name}, {"value", field.value}});
  for (const auto& sign : facts.signs) out["signs"].push_back(sign);
  for (const auto& one : media::contradictions(facts)) {
    Json conflict = {{"field", one.field}};
    put_text(conflict, "against", one.against);
    conflict["text"] = one.text;
    out["conflicts"].push_back(conflict);
  }
  put_text(out, "problem", facts.problem);
  return out;
}

Json json_of(const archive::RunSummary::Exception& exception) {
  Json out = Json::object();
  put_path(out, "path", exception.path);
  out["verdict"] = archive::name_of(exception.verdict);
  for (const auto& [offset, size] : exception.ranges)
    out["ranges"].push_back({{"offset", offset}, {"size", size}});
  if (exception.error_number != 0) out["errno"] = exception.error_number;
  if (exception.at_first) out["at_first"] = archive::name_of(*exception.at_first);
  for (const files::BadRange& bad : exception.unreadable)
    out["unreadable"].push_back(
        {{"offset", bad.offset}, {"size", bad.size_bytes}, {"errno", bad.error_number}});
  put_text(out, "detail", exception.detail);
  if (exception.digest != Digest{}) out["digest"] = exception.digest.hex();
  return out;
}

Json json_of(const archive::CopyInfo& copy) {
  Json out = {{"volume", copy.volume_label}};
  put_path(out, "path", copy.path);
  out["state"] = name_of(copy.row.state);
  out["size_bytes"] = copy.row.size_bytes;
  if (copy.stored) {
    out["sealed"] = true;
    out["stored_digest"] = copy.stored->digest.hex();
    put_path(out, "source_path", files::join_path(copy.stored->source_directory, copy.stored->source_name));
  }
  put_time(out, "modified", UtcTime{copy.row.mtime_ns / 1'000'000});
  out["seq"] = copy.row.seq;
  out["verdict"] = archive::name_of(copy.row.verdict);
  if (copy.row.verified_at_s != 0) put_time(out, "verified", UtcTime{copy.row.verified_at_s * 1000});
  return out;
}

Json json_of(archive::View& view, const archive::Link& link) {
  Json out = {{"item", view.item(link.item).digest.hex()},
              {"incident", view.incident(link.incident).incident.id},
              {"link_type", archive::name_of(link.type)},
              {"seq", link.seq}};
  if (link.from_ms) out["from_ms"] = *link.from_ms;
  if (link.to_ms) out["to_ms"] = *link.to_ms;
  put_text(out, "why", link.why);
  out["withdrawn"] = link.withdrawn;
  if (link.withdrawn_seq) out["withdrawn_seq"] = *link.withdrawn_seq;
  put_text(out, "withdrawn_why", link.withdrawn_why);
  return out;
}

Json json_of(const archive::View& view, const archive::RunSummary& run) {
  Json out = {{"seq", run.seq}, {"kind", run.kind}, {"result", run.result}};
  put_path(out, "folder", run.folder);
  put_text(out, "mode", run.mode);
  put_text(out, "report_signer", run.report_signer);
  if (view.can_read(ledger::SealClass::source)) {
    put_text(out, "incident", run.incident);
    put_text(out, "source", run.source);
    put_text(out, "note", run.note);
  } else if (run.kind == "scan") {
    for (const char* field : {"incident", "source", "note"}) out[field] = nullptr;
  }
  put_time(out, "started", run.started);
  put_time(out, "ended", run.ended);
  for (const auto& [name, count] : run.counts) out["counts"][name] = count;
  if (run.pass) out["pass"] = *run.pass;
  return out;
}

Json json_of(const archive::Source& source) {
  Json out = {{"alias", source.alias}, {"consent", archive::name_of(source.consent)}};
  put_text(out, "note", source.note);
  return out;
}

void put_sources(Json& object, archive::View& view, archive::Row item) {
  if (!view.can_read(ledger::SealClass::evidence)) {
    object["sources"] = nullptr;
    object["consent"] = nullptr;
    return;
  }
  object["sources"] = Json::array();
  for (const archive::Assignment& one : view.sources_of_item(item))
    object["sources"].push_back(view.source(one.source).alias);
  if (const auto consent = view.consent_of_item(item)) object["consent"] = archive::name_of(*consent);
}

Json json_of(const archive::Incident& incident) {
  return Json::parse(formats::incident_to_json(incident));
}

}  // namespace dalil::cli
