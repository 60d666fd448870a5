#include "signs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace dalil::media {
namespace {

/// Programs that write files anew, as they name themselves, in lower case.
constexpr std::array<std::string_view, 40> kEditors = {
    "photoshop", "lightroom",     "gimp",        "snapseed",   "picsart",    "vsco",       "canva",
    "paint.net", "affinity",      "pixlr",       "facetune",   "inshot",     "capcut",     "kinemaster",
    "premiere",  "after effects", "final cut",   "imovie",     "davinci",    "handbrake",  "lavf",
    "lavc",      "ffmpeg",        "x264",        "x265",       "avidemux",   "virtualdub", "sony vegas",
    "vegas pro", "filmora",       "movie maker", "moviemaker", "viva video", "vivavideo",  "picasa",
    "acdsee",    "imagemagick",   "exiftool",    "exiv2",      "google"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool names_editor(std::string_view text) {
  const std::string folded = lower(text);
  return std::any_of(kEditors.begin(), kEditors.end(),
                     [&](std::string_view editor) { return folded.find(editor) != std::string::npos; });
}

bool may_name_program(std::string_view field) {
  const std::string folded = lower(field);
  for (const std::string_view part :
       {"software", "encoder", "creatortool", "handler.", "writing", "comment", "\xa9too"}) {
    if (folded.find(part) != std::string::npos) return true;
  }
  return false;
}

std::uint32_t number_in(const MediaFacts& facts, std::string_view name) {
  for (const auto& field : facts.fields) {
    if (field.name != name) continue;
    std::uint32_t value = 0;
    std::from_chars(field.value.data(), field.value.data() + field.value.size(), value);
    return value;
  }
  return 0;
}

void compare_sizes(MediaFacts& facts) {
  const auto width = number_in(facts, "Exif.Photo.PixelXDimension"),
             height = number_in(facts, "Exif.Photo.PixelYDimension");
  if (width == 0 || height == 0 || facts.width == 0 || facts.height == 0) return;
  const bool same =
      (width == facts.width && height == facts.height) || (width == facts.height && height == facts.width);
  // Raw files note the size of the developed picture, a few pixels less than the sensor's.
  if (same || (facts.format != "jpeg" && facts.format != "webp" && facts.format != "png")) return;
  facts.signs.push_back("EXIF notes " + std::to_string(width) + "x" + std::to_string(height) +
                        ", the picture has " + std::to_string(facts.width) + "x" +
                        std::to_string(facts.height));
}

const TimeClaim* claim_of(const MediaFacts& facts, std::string_view field) {
  for (const auto& claim : facts.times) {
    if (claim.field == field) return &claim;
  }
  return nullptr;
}

void compare_times(MediaFacts& facts) {
  constexpr std::int64_t kSavingMs = 60'000;  // a camera takes a moment to write
  const auto* taken = claim_of(facts, "Exif.Photo.DateTimeOriginal");
  const auto* modified = claim_of(facts, "Exif.Image.DateTime");
  if (taken == nullptr || modified == nullptr || taken->basis != modified->basis) return;
  if (modified->ms - taken->ms > kSavingMs)
    facts.signs.emplace_back("EXIF notes a modification after the shot");
  if (taken->ms - modified->ms > kSavingMs)
    facts.signs.emplace_back("EXIF notes a modification before the shot");
}

}  // namespace

void add_signs(MediaFacts& facts) {
  if (names_editor(facts.software)) facts.signs.push_back("written by '" + facts.software + "'");
  for (const auto& field : facts.fields) {
    if (!may_name_program(field.name) || !names_editor(field.value) || field.value == facts.software)
      continue;
    facts.signs.push_back("'" + field.name + "' says '" + field.value.substr(0, 200) + "'");
  }
  compare_sizes(facts);
  compare_times(facts);
}

}  // namespace dalil::media
