#include <algorithm>
#include <array>

#include "dalil/archive/condition.hpp"

namespace dalil::archive {

namespace {

using enum Scope;
using enum ValueKind;
constexpr ledger::SealClass kInventory = ledger::SealClass::inventory;
constexpr ledger::SealClass kEvidence = ledger::SealClass::evidence;

constexpr auto kFields = std::to_array<FieldInfo>({
    {Field::text, "text", item, text, kInventory, "names, descriptions, tags, incidents; also plain words"},
    {Field::digest, "digest", item, text, kInventory, "first hexadecimal digits of the SHA-256"},
    {Field::size, "size", item, size, kInventory, "bytes: size>10M, size:1K..2G"},
    {Field::kind, "kind", item, word, kEvidence, "photo, video, audio, document, other"},
    {Field::format, "format", item, text, kEvidence, "jpeg (also jpg), mp4 ..."},
    {Field::width, "width", item, number, kEvidence, "pixels, as stored"},
    {Field::height, "height", item, number, kEvidence, "pixels, as stored"},
    {Field::duration, "duration", item, duration, kEvidence, "of a recording: duration>1:30"},
    {Field::camera, "camera", item, text, kEvidence, "part of make, model or serial number"},
    {Field::software, "software", item, text, kEvidence, "that the file names"},
    {Field::made, "made", item, time, kEvidence, "when: verified, else embedded, else by the name"},
    {Field::time, "time", item, time, kEvidence, "when: any of its times, verified, embedded or by the name"},
    {Field::embedded, "embedded", item, time, kEvidence, "when, by the file's own metadata"},
    {Field::claimed, "claimed", item, time, kEvidence, "when, by the file's name"},
    {Field::verified, "verified", item, time, kEvidence, "when, as an analyst verified it"},
    {Field::near, "near", item, area, kEvidence, "made near: near:35.93,36.63~5km, near:Idlib~20km"},
    {Field::box, "box", item, box, kEvidence, "made within: SOUTH,WEST..NORTH,EAST"},
    {Field::shows_near, "shows-near", item, area, kEvidence, "what it shows is near: verified places alone"},
    {Field::shows_box, "shows-box", item, box, kEvidence, "what it shows is within: verified places alone"},
    {Field::source, "source", item, text, kEvidence, "alias of a source that it came from"},
    {Field::consent, "consent", item, word, kEvidence, "archive-only, courts, publish, none"},
    {Field::tag, "tag", item, text, kEvidence, "part of a tag's name"},
    {Field::state, "state", item, word, kEvidence, "of its review: verified, disputed, unreviewed ..."},
    {Field::copies, "copies", item, number, kInventory,
     "volumes, sources left out, with a copy not known to be damaged"},
    {Field::is, "is", item, word, kInventory, "linked, unlinked, reviewed, unreviewed, damaged, lost"},
    {Field::has, "has", item, word, kInventory, "facts, time, place, source, incident, tag, review"},
    {Field::link_type, "type", link, word, kEvidence, "of a link: depicts, candidate ..."},
    {Field::link_state, "link-state", link, word, kEvidence, "of the link's review: verified, disputed ..."},
    {Field::incident, "incident", link, text, kEvidence, "linked to the incident with this ID"},
    {Field::incident_date, "date", link, time, kEvidence, "when the incident was"},
    {Field::governorate, "governorate", link, text, kEvidence, "of the incident"},
    {Field::place, "place", link, text, kEvidence, "of the incident: place or subdistrict"},
    {Field::party, "party", link, text, kEvidence, "held responsible for the incident"},
    {Field::weapon, "weapon", link, text, kEvidence, "of the incident: its words or its code"},
    {Field::area, "area", link, text, kEvidence, "who controlled the place"},
    {Field::target, "target", link, text, kEvidence, "of the incident"},
    {Field::attribution, "attribution", link, text, kEvidence, "stated, believed, disputed"},
    {Field::killed, "killed", link, number, kEvidence, "in the incident: killed>=10"},
    {Field::children, "children", link, number, kEvidence, "of those killed"},
    {Field::women, "women", link, number, kEvidence, "of those killed"},
    {Field::fetuses, "fetuses", link, number, kEvidence, "of those killed"},
    {Field::wounded, "wounded", link, number, kEvidence, "in the incident"},
    {Field::detained, "detained", link, number, kEvidence, "in the incident"},
    {Field::incident_near, "incident-near", link, area, kEvidence,
     "the incident was near; ~area: or may have been"},
    {Field::incident_box, "incident-box", link, box, kEvidence,
     "the incident was within; ~area: or may have been"},
    {Field::incident_text, "about", link, text, kEvidence, "words of the incident alone"},
    {Field::volume, "volume", copy, text, kInventory, "label or ID of a volume with a live copy"},
    {Field::on, "on", copy, word, kInventory, "working, backup, source: the kind of that volume"},
    {Field::health, "health", copy, word, kInventory, "sound (not known to be damaged), damaged"},
    {Field::path, "path", copy, text, kInventory,
     "part of the copy's path (reads the copy index); * is anything between"},
    {Field::checked, "checked", copy, time, kInventory, "when it was last verified (reads the copy index)"},
});

}  // namespace

std::span<const FieldInfo> fields() {
  return kFields;
}

const FieldInfo& info_of(Field field) {
  return *std::ranges::find(kFields, field, &FieldInfo::field);
}

const FieldInfo* field_named(std::string_view name) {
  const auto found = std::ranges::find_if(
      kFields, [&](const FieldInfo& info) { return std::string_view(info.name) == name; });
  return found == kFields.end() ? nullptr : &*found;
}

}  // namespace dalil::archive
