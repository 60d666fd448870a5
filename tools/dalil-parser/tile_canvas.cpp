#include "tile_canvas.hpp"

#include <algorithm>
#include <numeric>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace dalil::parser {
namespace {

/// What a reduced picture of this form is kept as.
AVPixelFormat reduced_form(const AVPixFmtDescriptor& form) {
  if (form.nb_components < 3) return AV_PIX_FMT_GRAY8;
  if ((form.flags & AV_PIX_FMT_FLAG_RGB) != 0) return AV_PIX_FMT_GBRP;
  if (form.log2_chroma_h == 1) return form.log2_chroma_w == 1 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV440P;
  return form.log2_chroma_w == 1 ? AV_PIX_FMT_YUV422P : AV_PIX_FMT_YUV444P;
}

/// YUVJ... is YUV whose black is 0.
bool is_full_by_form(AVPixelFormat form) {
  return form == AV_PIX_FMT_YUVJ420P || form == AV_PIX_FMT_YUVJ422P || form == AV_PIX_FMT_YUVJ444P ||
         form == AV_PIX_FMT_YUVJ440P;
}

/// By how much a component is narrower and lower than the picture.
struct Shift {
  int across, down;
};
Shift shift_of(const AVPixFmtDescriptor& form, int component) {
  const bool chroma = component > 0 && (form.flags & AV_PIX_FMT_FLAG_RGB) == 0;
  return chroma ? Shift{form.log2_chroma_w, form.log2_chroma_h} : Shift{0, 0};
}

}  // namespace

template <typename Value>
void TileCanvas::add_line(Plane& plane, const Value* line, std::uint32_t count, std::int64_t x,
                          std::int64_t y) const {
  if (y < 0 || (y >> halvings_) >= plane.height) return;
  const std::size_t row = static_cast<std::size_t>(y >> halvings_) * plane.width;
  const std::int64_t end = std::min<std::int64_t>(x + count, std::int64_t{plane.width} << halvings_);
  for (std::int64_t at = std::max<std::int64_t>(x, 0); at < end;) {
    const std::int64_t cell = at >> halvings_, until = std::min(end, (cell + 1) << halvings_);
    const std::size_t index = row + static_cast<std::size_t>(cell);
    plane.sums[index] = std::accumulate(line + (at - x), line + (until - x), plane.sums[index]);
    plane.counts[index] += static_cast<std::uint32_t>(until - at);
    at = until;
  }
}

bool TileCanvas::begin(const AVFrame& tile) {
  const auto* form = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(tile.format));
  constexpr auto kStrange = AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER |
                            AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM;
  if (form == nullptr || (form->flags & kStrange) != 0 || form->log2_chroma_w > 1 || form->log2_chroma_h > 1)
    return false;
  form_ = static_cast<AVPixelFormat>(tile.format);
  reduced_form_ = reduced_form(*form);
  matrix_ = tile.colorspace;
  range_ = is_full_by_form(form_) ? AVCOL_RANGE_JPEG : tile.color_range;
  planes_.resize(reduced_form_ == AV_PIX_FMT_GRAY8 ? 1 : 3);
  for (std::size_t c = 0; c < planes_.size(); ++c) {
    const Shift shift = shift_of(*form, static_cast<int>(c));
    const auto reduced = [&](std::uint32_t side, int by) {
      const auto halved = static_cast<int>(std::max(1U, side >> halvings_));
      return static_cast<std::uint32_t>(AV_CEIL_RSHIFT(halved, by));
    };
    planes_[c].width = reduced(window_.width, shift.across);
    planes_[c].height = reduced(window_.height, shift.down);
    planes_[c].sums.resize(std::size_t{planes_[c].width} * planes_[c].height);
    planes_[c].counts.resize(planes_[c].sums.size());
  }
  return true;
}

bool TileCanvas::add(const AVFrame& tile, std::uint32_t left, std::uint32_t top) {
  if (tile.width <= 0 || tile.height <= 0 || (planes_.empty() && !begin(tile)) || tile.format != form_)
    return false;
  const AVPixFmtDescriptor& form = *av_pix_fmt_desc_get(form_);
  std::vector<std::uint16_t> line;
  for (std::size_t c = 0; c < planes_.size(); ++c) {
    const Shift shift = shift_of(form, static_cast<int>(c));
    const auto width = static_cast<std::uint32_t>(AV_CEIL_RSHIFT(tile.width, shift.across));
    const auto height = static_cast<std::uint32_t>(AV_CEIL_RSHIFT(tile.height, shift.down));
    const std::int64_t x = (std::int64_t{left} - window_.left) >> shift.across;
    const std::int64_t y = (std::int64_t{top} - window_.top) >> shift.down;
    const AVComponentDescriptor& part = form.comp[c];
    const bool plain = part.depth == 8 && part.step == 1 && part.shift == 0 && part.offset == 0;
    line.resize(width);
    for (std::uint32_t row = 0; row < height; ++row) {
      if (plain) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * tile.linesize[part.plane];
        add_line(planes_[c], tile.data[part.plane] + at, width, x, y + row);
        continue;
      }
      read_component(tile, form, static_cast<int>(row), static_cast<int>(c), line);
      add_line(planes_[c], line.data(), width, x, y + row);
    }
  }
  return true;
}
bool TileCanvas::complete() const {
  return !planes_.empty() &&
         std::find(planes_[0].counts.begin(), planes_[0].counts.end(), 0U) == planes_[0].counts.end();
}

Frame TileCanvas::frame() const {
  if (planes_.empty()) return nullptr;
  constexpr std::uint8_t kGray = 128;
  Frame out(av_frame_alloc());
  if (!out) return nullptr;
  out->format = reduced_form_;
  out->width = static_cast<int>(planes_[0].width);
  out->height = static_cast<int>(planes_[0].height);
  out->colorspace = matrix_;
  out->color_range = range_;
  if (av_frame_get_buffer(out.get(), 0) < 0) return nullptr;
  const AVPixFmtDescriptor& form = *av_pix_fmt_desc_get(reduced_form_);
  for (std::size_t c = 0; c < planes_.size(); ++c) {
    const Plane& plane = planes_[c];
    const int number = form.comp[c].plane;
    for (std::uint32_t y = 0; y < plane.height; ++y) {
      std::uint8_t* line = out->data[number] + static_cast<std::ptrdiff_t>(y) * out->linesize[number];
      for (std::uint32_t x = 0; x < plane.width; ++x) {
        const std::size_t i = std::size_t{y} * plane.width + x;
        const std::uint32_t count = plane.counts[i];
        line[x] = count == 0 ? kGray : static_cast<std::uint8_t>((plane.sums[i] + count / 2) / count);
      }
    }
  }
  return out;
}

}  // namespace dalil::parser
