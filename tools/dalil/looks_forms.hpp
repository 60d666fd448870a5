#pragma once

#include <string>
#include <vector>

#include "dalil/archive/similar.hpp"
#include "printer.hpp"

/// Versions of pictures and clips, as they are shown.
namespace dalil::cli {

/// "cropped, mirrored"
std::string changes_text(const std::vector<archive::Change>& changes, media::Pose pose);
Json changes_json(const std::vector<archive::Change>& changes, media::Pose pose);
/// "00:12 to 00:40": where the frames agree, or, of what only sounds alike, the sound; of several the first
/// ones, "(+2)" for the rest. Empty if there are none.
std::string stretches_text(const archive::Likeness& likeness);
Json stretches_json(const std::vector<archive::Stretch>& stretches);
/// By what it was found: "pictures", "frames", "sound".
Json grounds_json(const archive::Likeness& likeness);

/// Says on standard error how much has never been looked at, if anything.
void note_coverage(Printer& out, archive::View& view);

}  // namespace dalil::cli
