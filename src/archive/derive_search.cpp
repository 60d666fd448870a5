#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "derive.hpp"
#include "incident_summary.hpp"
#include "live_copies.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// Fields of a file's metadata that hold people's words, by the last part of their names.
constexpr std::string_view kTextFields[] = {
    "ImageDescription",
    "UserComment",
    "XPTitle",
    "XPComment",
    "XPSubject",
    "XPKeywords",
    "Artist",
    "XPAuthor",
    "Caption",
    "Headline",
    "Keywords",
    "Description",
    "description",
    "title",
    "Title",
    "subject",
    "comment",
    "Comment",
    "Location",
    "City",
    "City_Legacy",
    "ObjectName",
    "Byline",
    "creator",
    "Instructions",
    "SubLocation",
    "artist",
    "keywords",
    "synopsis",
    "location",
    // of Ogg, Matroska and FLAC, which write them in capitals
    "TITLE",
    "DESCRIPTION",
    "COMMENT",
    "ARTIST",
    "SUBJECT",
    "KEYWORDS",
    "SYNOPSIS",
    "SUMMARY",
    "LOCATION",
    // of MP4, QuickTime and 3GPP
    "\u00a9nam",
    "\u00a9cmt",
    "\u00a9des",
    "\u00a9inf",
    "\u00a9ART",
    "\u00a9aut",
    "desc",
    "ldes",
    "keyw",
    "titl",
    "dscp",
    "auth",
    "name",
};

bool holds_words(std::string_view field) {
  const std::size_t last = field.find_last_of(".:/ ");
  const std::string_view name = last == std::string_view::npos ? field : field.substr(last + 1);
  return std::ranges::find(kTextFields, name) != std::end(kTextFields);
}

std::uint32_t stored_count(const records::Count& count) {
  if (!count.has_value() || count.value() < 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(count.value(), UINT32_MAX - 1)) + 1;
}

void append_folded(std::string& text, std::string_view part) {
  if (part.empty()) return;
  text += '\n';
  text += fold_text(part);
}

std::string folded_text(const records::Incident& incident) {
  std::string text;
  for (const std::string* part :
       {&incident.id(), &incident.governorate(), &incident.place(), &incident.subdistrict(),
        &incident.perpetrator_group(), &incident.perpetrator_text(), &incident.weapon(),
        &incident.weapon_code(), &incident.target(), &incident.area_of_control(), &incident.description(),
        &incident.description_ar(), &incident.notes(), &incident.killed_described_as()})
    append_folded(text, *part);
  for (const std::string& part : incident.evidence_link_texts()) append_folded(text, part);
  for (const std::string& part : incident.photo_captions()) append_folded(text, part);
  return text;
}

}  // namespace

std::uint64_t place_value(double latitude, double longitude) {
  if (!(std::abs(latitude) <= 90 && std::abs(longitude) <= 180)) return 0;
  const auto shifted = [](double degrees) {
    return static_cast<std::uint64_t>(std::llround(degrees * 1e7) + (std::int64_t{1} << 31));
  };
  return shifted(latitude) << 32 | shifted(longitude);
}

std::uint8_t precision_code(std::int64_t precision_ms) {
  constexpr std::int64_t kLimits[] = {
      1'000, 60'000, 3'600'000, 86'400'000, 31 * 86'400'000LL, 366 * 86'400'000LL};
  return static_cast<std::uint8_t>(std::ranges::lower_bound(kLimits, precision_ms) - std::begin(kLimits));
}

Row Deriver::shared_text(const Column& column, const ledger::TokenKind& kind, const std::string& text) {
  const auto token = writer_->token(kind, as_bytes(text));
  if (const auto row = writer_->lookup(token); row && *row < writer_->rows(column.table))
    return static_cast<Row>(*row);
  const Row row = writer_->add_row(column.table);
  writer_->set(column, row, as_bytes(text));
  writer_->put_lookup(token, row);
  return row;
}

std::uint32_t Deriver::word(const std::string& text) {
  return text.empty() ? 0 : shared_text(kWordText, kTokenWord, text) + 1;
}

/// Copies on backup volumes bear the names of what they are copies of, or none at all.
void Deriver::add_path(Row item, const records::CopySeen& copy) {
  const ByteView old = writer_->cell(kItemPaths, item);
  if (!old.empty() && is_backup(copy.volume())) return;
  constexpr std::size_t kLongest = 16'384;
  if (old.size() > kLongest) return;  // ends with the mark
  const bool stored = !copy.stored_digest().empty();
  std::string line = "\n";
  line += fold_text(files::join_path(stored ? copy.source_directory() : copy.directory(),
                                     stored ? copy.source_name() : copy.name()));
  line += '\n';
  if (as_chars(old).find(line) != std::string_view::npos) return;
  std::string all(as_chars(old));
  all += all.empty() ? line : line.substr(1);
  if (all.size() > kLongest) all += kMorePaths;
  writer_->set(kItemPaths, item, as_bytes(all));
}

bool Deriver::is_backup(Row volume) {
  if (volume >= writer_->rows(kVolumes)) return false;
  const auto known = backups_.find(volume);
  if (known != backups_.end()) return known->second;
  records::VolumeStated stated;
  const ByteView record = writer_->cell(kVolumeRecord, volume);
  const bool backup = stated.ParseFromArray(record.data(), static_cast<int>(record.size())) &&
                      stated.kind() == static_cast<std::uint32_t>(VolumeKind::backup);
  backups_.emplace(volume, backup);
  return backup;
}

void Deriver::change_live(Row item, Row volume, int copies, int damaged) {
  if (item >= writer_->rows(kItems) || (copies == 0 && damaged == 0)) return;
  std::vector<LiveOnVolume> live = read_live(writer_->cell(kItemLive, item));
  auto at = std::ranges::lower_bound(live, volume, {}, &LiveOnVolume::volume);
  if (at == live.end() || at->volume != volume) at = live.insert(at, {volume, 0, 0});
  at->copies += static_cast<std::uint64_t>(static_cast<std::int64_t>(copies));
  at->damaged += static_cast<std::uint64_t>(static_cast<std::int64_t>(damaged));
  writer_->set(kItemLive, item, write_live(live));
  std::uint64_t volumes = 0, with_damage = 0;
  for (const LiveOnVolume& one : live) {
    if (one.copies > 0) volumes |= volume_bit(one.volume);
    if (one.damaged > 0) with_damage |= volume_bit(one.volume);
  }
  const auto put = [&](const Column& column, std::uint64_t value) {
    if (load_u64(writer_->cell(column, item).data()) != value) writer_->set(column, item, u64_value(value));
  };
  put(kItemVolumes, volumes);
  put(kItemDamaged, with_damage);
}

void Deriver::set_facts_for_search(Row item, const media::MediaFacts& facts) {
  if (facts.width > 0 || facts.height > 0)
    writer_->set(kFactDimensions, item, u64_value(std::uint64_t{facts.width} << 32 | facts.height));
  if (!facts.software.empty()) writer_->set(kFactSoftware, item, u32_value(word(facts.software)));
  if (!facts.format.empty()) writer_->set(kFactFormat, item, u32_value(word(facts.format)));
  std::string text;
  for (const media::Field& field : facts.fields)
    if (holds_words(field.name)) append_folded(text, field.value);
  if (!text.empty()) writer_->set(kFactText, item, as_bytes(text));
}

void Deriver::set_review_for_search(Row row, const Review& review) {
  std::string text;
  for (const std::string* part : {&review.method, &review.result, &review.note}) append_folded(text, *part);
  for (const auto* place : {&review.made, &review.shown})
    if (*place) append_folded(text, (*place)->name);
  if (!text.empty()) writer_->set(kReviewText, row, as_bytes(text));
}

void Deriver::set_incident_for_search(Row row, const records::Incident& incident) {
  IncidentSummary summary;
  summary.days = from_record(incident).days();
  const std::string* words[kIncidentWordCount] = {&incident.governorate(),      &incident.place(),
                                                  &incident.subdistrict(),      &incident.perpetrator_group(),
                                                  &incident.perpetrator_text(), &incident.weapon(),
                                                  &incident.weapon_code(),      &incident.area_of_control(),
                                                  &incident.target(),           &incident.attribution()};
  for (std::size_t i = 0; i < kIncidentWordCount; ++i) summary.words[i] = word(*words[i]);
  if (incident.has_latitude() && incident.has_longitude())
    summary.place = place_value(incident.latitude(), incident.longitude());
  const records::Count* counts[kIncidentCountCount] = {&incident.killed(),  &incident.children(),
                                                       &incident.women(),   &incident.fetuses(),
                                                       &incident.wounded(), &incident.detained()};
  for (std::size_t i = 0; i < kIncidentCountCount; ++i) summary.counts[i] = stored_count(*counts[i]);
  writer_->set(kIncidentSummary, row, summary.encode());
  writer_->set(kIncidentText, row, as_bytes(folded_text(incident)));
}

void Deriver::chain_link(Row link, Row item, Row incident) {
  const auto put_before = [&](const Column& before, const Column& last, Row of) {
    const std::uint32_t link_before = load_u32(writer_->cell(last, of).data());
    writer_->set(before, link, u32_value(link_before));
    writer_->set(last, of, u32_value(link + 1));
  };
  put_before(kLinkBeforeOfItem, kItemLastLink, item);
  put_before(kLinkBeforeOfIncident, kIncidentLastLink, incident);
  const std::uint32_t links = load_u32(writer_->cell(kIncidentLinks, incident).data());
  writer_->set(kIncidentLinks, incident, u32_value(links + 1));
}

}  // namespace dalil::archive
