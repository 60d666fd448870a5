#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/formats/raster.hpp"

/// Pictures as terminals show them. Pure.
namespace dalil::cli {

enum class PictureProtocol { none, sixel, kitty };

/// Asks whether the terminal knows kitty's protocol, and then what every terminal answers: what it is (DA1).
/// So the second answer is the last one.
inline constexpr std::string_view kPictureQuestion =
    "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
    "\x1b[c";
/// What the answers say that the terminal can; absent as long as the last one is not complete.
std::optional<PictureProtocol> protocol_from(std::string_view answers);

/// Frames in rows that are no wider than this, if one fits at all. In the place of one without pixels are
/// words.
formats::Raster fitting_grid(const std::vector<media::Pixels>& frames, std::uint32_t width);

/// Kitty's graphics protocol, in pieces, within the text itself: no file, nothing shared. No answer is
/// wanted.
std::string kitty_text(const formats::Raster& picture);
/// Sixel graphics of at most 252 colors.
std::string sixel_text(const formats::Raster& picture);

}  // namespace dalil::cli
