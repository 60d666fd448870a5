#include "looks_forms.hpp"

#include <fmt/format.h>

#include "forms.hpp"

namespace dalil::cli {
namespace {

std::string change_text(archive::Change change, media::Pose pose) {
  return change == archive::Change::posed ? media::name_of(pose) : archive::name_of(change);
}

std::string time_span(const archive::Stretch& stretch) {
  const std::string from = timecode_text(stretch.from_ms / 1000 * 1000);
  if (stretch.to_ms / 1000 == stretch.from_ms / 1000) return from;
  return from + " to " + timecode_text(stretch.to_ms / 1000 * 1000);
}

}  // namespace

std::string changes_text(const std::vector<archive::Change>& changes, media::Pose pose) {
  std::string text;
  for (const archive::Change change : changes) text += (text.empty() ? "" : ", ") + change_text(change, pose);
  return text;
}

Json changes_json(const std::vector<archive::Change>& changes, media::Pose pose) {
  Json list = Json::array();
  for (const archive::Change change : changes) list.push_back(change_text(change, pose));
  return list;
}

std::string stretches_text(const archive::Likeness& likeness) {
  constexpr std::size_t kShown = 2;
  const bool heard = likeness.stretches.empty() && likeness.sound;
  const std::vector<archive::Stretch>& stretches = heard ? likeness.sound->stretches : likeness.stretches;
  std::string text;
  for (std::size_t i = 0; i < stretches.size() && i < kShown; ++i)
    text += (i == 0 ? "" : ", ") + time_span(stretches[i]);
  if (stretches.size() > kShown) text += fmt::format(" (+{})", stretches.size() - kShown);
  return text;
}

Json stretches_json(const std::vector<archive::Stretch>& stretches) {
  Json list = Json::array();
  for (const archive::Stretch& one : stretches)
    list.push_back({{"question_from_ms", one.question_from_ms},
                    {"question_to_ms", one.question_to_ms},
                    {"from_ms", one.from_ms},
                    {"to_ms", one.to_ms}});
  return list;
}

Json grounds_json(const archive::Likeness& likeness) {
  Json list = Json::array();
  if (likeness.by_pictures()) list.push_back(likeness.frames > 0 ? "frames" : "pictures");
  if (likeness.sound) list.push_back("sound");
  return list;
}

void note_coverage(Printer& out, archive::View& view) {
  const archive::Coverage covered = archive::coverage(view);
  if (covered.looked_at >= covered.pictures) return;
  out.note(
      fmt::format("{} of {} have no fingerprints yet; see: dalil fingerprint",
                  number_text(covered.pictures - covered.looked_at),
                  count_text(covered.pictures, "picture, video or sound", "pictures, videos and sounds")));
}

}  // namespace dalil::cli
