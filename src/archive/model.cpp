#include "dalil/archive/model.hpp"

#include <algorithm>
#include "dalil/archive/source.hpp"
#include "dalil/files/walk.hpp"

namespace dalil::archive {

bool is_drive_file(std::string_view path) {
  static constexpr std::string_view kFiles[] = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt",
                                                "tagmanifest-sha256.txt", "dalil"};
  return path.starts_with("dalil/") || std::ranges::find(kFiles, path) != std::end(kFiles);
}

std::uint64_t RunSummary::count(std::string_view name) const {
  const auto found =
      std::ranges::find(counts, name, [](const auto& one) { return std::string_view(one.first); });
  return found == counts.end() ? 0 : found->second;
}

bool is_set_aside(std::string_view path) {
  return path == kAsideFolder || (path.starts_with(kAsideFolder) && path[kAsideFolder.size()] == '/');
}

const char* name_of(DriveKind kind) {
  return kind == DriveKind::sealed ? "sealed" : "plain";
}

namespace {
template <typename Enum>
struct Name {
  Enum value;
  const char* text;
};

constexpr Name<VolumeKind> kVolumeKinds[] = {
    {VolumeKind::working, "working"}, {VolumeKind::backup, "backup"}, {VolumeKind::source, "source"}};

constexpr Name<Verdict> kVerdicts[] = {
    {Verdict::intact, "intact"},   {Verdict::corrupt, "corrupt"}, {Verdict::unreadable, "unreadable"},
    {Verdict::missing, "missing"}, {Verdict::extra, "extra"},     {Verdict::moved, "moved"},
    {Verdict::renamed, "renamed"}, {Verdict::changed, "changed"}, {Verdict::not_checked, "not_checked"}};

constexpr Name<Consent> kConsents[] = {
    {Consent::archive_only, "archive-only"}, {Consent::courts, "courts"}, {Consent::publish, "publish"}};

constexpr Name<LinkType> kLinkTypes[] = {
    {LinkType::depicts, "depicts"},
    {LinkType::aftermath, "aftermath"},
    {LinkType::corroborates, "corroborates"},
    {LinkType::contradicts, "contradicts"},
    {LinkType::context, "context"},
    {LinkType::identifies_perpetrator, "identifies-perpetrator"},
    {LinkType::identifies_weapon, "identifies-weapon"},
    {LinkType::geolocates, "geolocates"},
    {LinkType::witness_statement, "witness-statement"},
    {LinkType::medical_record, "medical-record"},
    {LinkType::candidate, "candidate"},
};

constexpr Name<AnchorKind> kAnchorKinds[] = {{AnchorKind::cosignature, "cosignature"},
                                             {AnchorKind::timestamp, "timestamp"},
                                             {AnchorKind::rollback_accepted, "rollback-accepted"}};

template <typename Enum, std::size_t N>
const char* find_name(const Name<Enum> (&names)[N], Enum value) {
  for (const auto& name : names)
    if (name.value == value) return name.text;
  return "unknown";
}
template <typename Enum, std::size_t N>
std::optional<Enum> find_value(const Name<Enum> (&names)[N], std::string_view text) {
  for (const auto& name : names)
    if (name.text == text) return name.value;
  return std::nullopt;
}
}  // namespace

const char* name_of(VolumeKind kind) {
  return find_name(kVolumeKinds, kind);
}
std::optional<VolumeKind> volume_kind_from(std::string_view name) {
  return find_value(kVolumeKinds, name);
}
const char* name_of(OpensWith opens_with) {
  switch (opens_with) {
    case OpensWith::passphrase:
      return "passphrase";
    case OpensWith::key_file:
      return "key file";
    case OpensWith::recipient:
      return "recipient";
  }
  return "unknown";
}

const char* name_of(Verdict verdict) {
  return find_name(kVerdicts, verdict);
}
bool is_damage(Verdict verdict) {
  return verdict == Verdict::corrupt || verdict == Verdict::unreadable || verdict == Verdict::missing ||
         verdict == Verdict::changed;
}
const char* name_of(AnchorKind kind) {
  return find_name(kAnchorKinds, kind);
}
const char* name_of(LinkType type) {
  return find_name(kLinkTypes, type);
}
std::optional<LinkType> link_type_from(std::string_view name) {
  return find_value(kLinkTypes, name);
}

std::vector<std::string> link_type_names() {
  std::vector<std::string> names;
  for (const auto& name : kLinkTypes) names.emplace_back(name.text);
  return names;
}

const char* name_of(Consent consent) {
  return find_name(kConsents, consent);
}
std::optional<Consent> consent_from(std::string_view name) {
  return find_value(kConsents, name);
}

std::string Copy::path() const {
  return files::join_path(directory, name);
}

std::optional<DateSpan> Incident::days() const {
  const auto begin = parse_date(date);
  if (!begin) return std::nullopt;
  const auto end = parse_date(date_end);
  DateSpan span = *begin;
  if (end && end->last > span.last) span.last = end->last;
  return span;
}

}  // namespace dalil::archive
