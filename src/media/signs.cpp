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
  if (field.find('[') != std::string_view::npos && field.starts_with("Xmp."))
    return false;  // a history's steps
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

/// "4032x3024"
struct Size {
  std::uint32_t width = 0, height = 0;
};
Size size_in(const MediaFacts& facts, std::string_view name) {
  const auto found = std::find_if(facts.fields.begin(), facts.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  if (found == facts.fields.end()) return {};
  Size size;
  const std::string& text = found->value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size.width);
  if (error != std::errc() || end == text.data() + text.size()) return {};
  std::from_chars(end + 1, text.data() + text.size(), size.height);
  return size;
}

/// A thumbnail is made by the camera and is often left behind by editors. EXIF's own size of 160x120 is
/// padded with black, so that only its lying or standing says something.
void compare_thumbnail(MediaFacts& facts) {
  const Size thumbnail = size_in(facts, "Exif.Thumbnail.Size");
  if (thumbnail.width == 0 || thumbnail.height == 0 || facts.width == 0 || facts.height == 0) return;
  const std::string sizes = "the thumbnail has " + std::to_string(thumbnail.width) + "x" +
                            std::to_string(thumbnail.height) + ", the picture " +
                            std::to_string(facts.width) + "x" + std::to_string(facts.height);
  const bool stands = thumbnail.height > thumbnail.width, picture_stands = facts.height > facts.width;
  const bool square = thumbnail.height == thumbnail.width || facts.height == facts.width;
  if (stands != picture_stands && !square)
    return facts.signs.push_back(sizes + ": one lies, the other stands");
  if (thumbnail.width == 160 && thumbnail.height == 120) return;
  const double shape = double{1} * thumbnail.width / thumbnail.height,
               wanted = double{1} * facts.width / facts.height;
  constexpr double kRounding = 0.03;  // a pixel of a small side
  if (shape > wanted * (1 + kRounding) || wanted > shape * (1 + kRounding))
    facts.signs.push_back(sizes + ": of another shape");
}

void compare_orientations(MediaFacts& facts) {
  const auto thumbnail = number_in(facts, "Exif.Thumbnail.Orientation");
  if (thumbnail == 0 || facts.orientation == 0 || thumbnail == facts.orientation) return;
  facts.signs.push_back("the thumbnail has orientation " + std::to_string(thumbnail) + ", the picture " +
                        std::to_string(facts.orientation));
}

/// Cameras name themselves; what was re-encoded, sent by messengers or made on a computer often does not.
void note_missing_camera(MediaFacts& facts) {
  if (facts.format != "jpeg" || !facts.make.empty() || !facts.model.empty()) return;
  const bool exif = std::any_of(facts.fields.begin(), facts.fields.end(),
                                [](const Field& field) { return field.name.starts_with("Exif."); }) ||
                    std::any_of(facts.times.begin(), facts.times.end(),
                                [](const TimeClaim& claim) { return claim.field.starts_with("Exif."); });
  facts.signs.emplace_back(exif ? "EXIF names no make and no model" : "no EXIF, and no camera is named");
}

/// Of a movie: what its header says against its longest track. Edit lists cut a little.
void compare_durations(MediaFacts& facts) {
  std::int64_t longest = 0;
  for (const Stream& stream : facts.streams) longest = std::max(longest, stream.duration_ms);
  const bool movie = std::any_of(facts.fields.begin(), facts.fields.end(),
                                 [](const Field& field) { return field.name == "moov/mvhd numbers"; });
  const std::int64_t shorter = std::min(longest, facts.duration_ms),
                     longer = std::max(longest, facts.duration_ms);
  constexpr std::int64_t kSomeMs = 1500;
  if (!movie || shorter <= 0 || longer - shorter < kSomeMs || longer < shorter * 2) return;
  const auto seconds = [](std::int64_t ms) {
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
  };
  facts.signs.push_back("the movie's header tells of " + seconds(facts.duration_ms) +
                        ", its longest track of " + seconds(longest));
}

void note_c2pa(MediaFacts& facts) {
  if (std::any_of(facts.fields.begin(), facts.fields.end(),
                  [](const Field& field) { return field.name == "c2pa"; }))
    facts.signs.emplace_back("holds a C2PA manifest, which Dalil does not verify");
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
  compare_thumbnail(facts);
  compare_orientations(facts);
  compare_durations(facts);
  note_missing_camera(facts);
  note_c2pa(facts);
}

}  // namespace dalil::media
