// A contact sheet as one picture. Letters are few and plain: names and places, which may be in any writing,
// are on the page.

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/formats/sheet.hpp"

namespace dalil::formats {
namespace {

constexpr std::uint32_t kColumns = 5, kCell = media::kThumbnailSide, kGap = 20;
constexpr std::uint32_t kLines = 5, kLineHeight = Raster::kGlyphHeight + 4;
constexpr std::uint32_t kCardWidth = kCell + kGap, kCardHeight = kCell + kLines * kLineHeight + kGap;
constexpr Color kWhite{255, 255, 255}, kPaper{238, 238, 238}, kInk{28, 28, 28}, kRed{168, 50, 58};

/// What kind of thing it is, without its size or length.
std::string kind_of(const SheetCard& card) {
  return card.kind.substr(0, card.kind.find(' '));
}

/// In a square of kCell: one, or four or nine that are smaller. Words where there are none, or one could not
/// be decoded.
void draw_pictures(Raster& raster, std::uint32_t left, std::uint32_t top, const SheetCard& card,
                   const std::vector<media::Pixels>& all) {
  const bool shown = std::any_of(all.begin(), all.end(), [](const auto& one) { return !one.empty(); });
  if (!shown) return raster.paste(left, top, placeholder(kCell, kCell, {kind_of(card), "no picture"}));
  const std::uint32_t aside = all.size() <= 1 ? 1 : all.size() <= 4 ? 2 : 3;
  const std::uint32_t side = kCell / aside;
  for (std::uint32_t i = 0; i < all.size() && i < aside * aside; ++i) {
    const media::Pixels small =
        all[i].empty() ? placeholder(side, side, {"no", "picture"}) : reduced(all[i], aside);
    const std::uint32_t right = i % aside * side, below = i / aside * side;
    raster.paste(left + right + (side - std::min(side, small.width)) / 2,
                 top + below + (side - std::min(side, small.height)) / 2, small);
  }
}

void draw_card(Raster& raster, std::uint32_t left, std::uint32_t top, std::size_t number,
               const SheetCard& card, const std::vector<media::Pixels>& pixels) {
  raster.fill(left, top, kCell, kCell, kPaper);
  draw_pictures(raster, left, top, card, pixels);
  std::uint32_t line = top + kCell + 4;
  raster.write(left, line, fmt::format("#{} {}", number, card.id), kInk);
  raster.write(left, line += kLineHeight, card.clock.empty() ? "no time" : card.clock, kInk);
  raster.write(left, line += kLineHeight, card.clock_basis, kInk);
  raster.write(left, line += kLineHeight, card.review, card.doubted ? kRed : kInk);
  std::string health = fmt::format("copies: {}", card.copies);
  if (card.moving && !card.pictures.empty())
    health += fmt::format("  {}-{}", frame_time(card.pictures.front().time_ms),
                          frame_time(card.pictures.back().time_ms));
  const bool bad = card.damaged > 0 || card.copies == 0;
  if (card.damaged > 0) health = fmt::format("copies: {} damaged: {}", card.copies, card.damaged);
  raster.write(left, line + kLineHeight, health, bad ? kRed : kInk);
}

}  // namespace

Raster Sheet::picture(const CardPixels& pixels) const {
  const auto count = static_cast<std::uint32_t>(std::min(cards_.size(), kMostCardsOfPicture));
  const std::uint32_t columns = std::max(1U, std::min(kColumns, count));
  const std::uint32_t rows = std::max(1U, (count + columns - 1) / columns);
  const std::uint32_t cards_end = kGap + rows * kCardHeight;
  Raster raster(kGap + columns * kCardWidth, cards_end + (zone.empty() ? 0 : kLineHeight + kGap / 2), kWhite);
  if (!zone.empty()) raster.write(kGap, cards_end, "times by " + fold_for_search(zone), kInk);
  for (std::uint32_t i = 0; i < count; ++i)
    draw_card(raster, kGap + i % columns * kCardWidth, kGap + i / columns * kCardHeight, i + 1, cards_[i],
              pixels(cards_[i]));
  return raster;
}

}  // namespace dalil::formats
