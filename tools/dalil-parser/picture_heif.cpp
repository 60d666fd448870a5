#include <algorithm>

#include "av_input.hpp"
#include "file_source.hpp"
#include "heif_picture.hpp"
#include "picture.hpp"
#include "tile_canvas.hpp"

namespace dalil::parser {
namespace {

using media::CodedPicture;
using media::HeifPicture;

/// Of a picture as it is kept while it is put together: only one that is extremely long and narrow has more.
constexpr std::uint64_t kMostReduced = 16 << 20;

std::optional<AVCodecID> codec_of(std::uint32_t item_type) {
  if (item_type == media::fourcc("hvc1") || item_type == media::fourcc("hev1")) return AV_CODEC_ID_HEVC;
  if (item_type == media::fourcc("av01")) return AV_CODEC_ID_AV1;
  return std::nullopt;
}

/// Decodes one item after the other; those that are configured alike with one decoder.
class ItemDecoder {
 public:
  /// `smooth`: with the filter over the edges of blocks, which is not seen in what is much reduced.
  explicit ItemDecoder(bool smooth) : smooth_(smooth) {}
  /// Null if it cannot be decoded; valid until the next call.
  const AVFrame* decode(const CodedPicture& item, ByteView bytes) {
    if (!prepare(item)) return nullptr;
    const Packet packet(av_packet_alloc());
    if (!packet || av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) return nullptr;
    std::copy(bytes.begin(), bytes.end(), packet->data);
    av_frame_unref(frame_.get());
    const int result = decode_one(*codec_, *packet, *frame_);
    avcodec_flush_buffers(codec_.get());
    if (result < 0) return nullptr;
    damaged_ = damaged_ || frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
    return frame_.get();
  }
  bool damaged() const { return damaged_; }

 private:
  struct FreeParameters {
    void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  };

  bool prepare(const CodedPicture& item) {
    const auto id = codec_of(item.type);
    if (!id || !frame_) return false;
    if (codec_ && codec_->codec_id == *id && configuration_ == item.configuration) return true;
    const std::unique_ptr<AVCodecParameters, FreeParameters> parameters(avcodec_parameters_alloc());
    if (!parameters) return false;
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = *id;
    const std::size_t size = item.configuration.size();
    parameters->extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (parameters->extradata == nullptr) return false;
    std::copy(item.configuration.begin(), item.configuration.end(), parameters->extradata);
    parameters->extradata_size = static_cast<int>(size);
    codec_ = open_decoder(*id, parameters.get());
    if (codec_ && !smooth_) codec_->skip_loop_filter = AVDISCARD_ALL;
    configuration_ = item.configuration;
    return codec_ != nullptr;
  }

  Codec codec_;
  Bytes configuration_;
  Frame frame_{av_frame_alloc()};
  bool smooth_;
  bool damaged_ = false;
};

/// How often both sides may be halved for all that the picture is wanted for.
unsigned halvings_for(const media::Region& window, Purpose purpose) {
  const auto [shorter, longer] = std::minmax(window.width, window.height);
  unsigned times = 0;
  while ((!purpose.luma || shorter >> (times + 1) >= media::kWorkingSide) &&
         (!purpose.thumbnail || longer >> (times + 1) >= media::kThumbnailSide))
    ++times;
  return times;
}

class HeifDecoder {
 public:
  HeifDecoder(int fd, std::uint64_t size, Clock::time_point deadline, Purpose purpose)
      : fd_(fd), size_(size), deadline_(deadline), purpose_(purpose) {}

  Decoded run(media::HeifChoice choice) {
    Decoded out;
    FileSource source(fd_, size_);
    const auto items = media::read_heif_items(source);
    if (!items) {
      out.problem = "the picture cannot be decoded: the file has no directory of items";
      return out;
    }
    auto picture = media::find_heif_picture(source, *items, choice, out.problem);
    if (!picture) return out;
    out.orientation = picture->orientation;
    constexpr unsigned kMuch = 2;  // halvings
    ItemDecoder decoder(halvings_for(picture->window, purpose_) < kMuch);
    std::optional<TileCanvas> canvas;
    out.problem = put_together(source, *picture, decoder, canvas);
    out.width = picture->window.width;  // as decoded: what the file states may be anything
    out.height = picture->window.height;
    if (!canvas) return out;
    const Frame frame = canvas->frame();
    if (!frame) return out;
    if (picture->color) {
      frame->colorspace = static_cast<AVColorSpace>(picture->color->matrix);
      frame->color_range = picture->color->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    }
    // What is missing is no part of the picture's looks, but a person makes something of half a picture.
    if (purpose_.luma && complete_) out.luma = luma_of(*frame);
    if (purpose_.thumbnail) out.pixels = pixels_of(*frame, Origin::picture);
    if (out.problem.empty() && decoder.damaged()) out.problem = "the picture's data are damaged in places";
    return out;
  }
  /// Whether the last run saw all of its picture.
  bool complete() const { return complete_; }

 private:
  /// What kept it from being whole; empty if nothing did. No canvas: nothing could be decoded.
  std::string put_together(FileSource& source, HeifPicture& picture, ItemDecoder& decoder,
                           std::optional<TileCanvas>& canvas) {
    PictureSize tile_size;
    for (std::size_t i = 0; i < picture.tiles.size(); ++i) {
      if (Clock::now() > deadline_) return "decoding took too long";
      const CodedPicture& tile = picture.tiles[i];
      const Bytes bytes = media::read_extents(source, tile.bytes);
      const AVFrame* frame = bytes.empty() ? nullptr : decoder.decode(tile, bytes);
      if (frame == nullptr) continue;
      const PictureSize size{static_cast<std::uint32_t>(frame->width),
                             static_cast<std::uint32_t>(frame->height)};
      if (!canvas) {
        if (!fits(picture, size)) return "the picture cannot be decoded: its tiles do not make up its size";
        tile_size = size;
        canvas.emplace(picture.window, halvings_for(picture.window, purpose_));
      }
      const auto column = static_cast<std::uint32_t>(i % picture.columns),
                 row = static_cast<std::uint32_t>(i / picture.columns);
      if (size == tile_size) canvas->add(*frame, column * size.width, row * size.height);
    }
    if (!canvas) return "the picture cannot be decoded";
    complete_ = canvas->complete();
    return complete_ ? "" : "the picture cannot be decoded: parts of it are missing";
  }

  using PictureSize = media::PictureSize;

  /// The tiles of a grid cover it, and none of them lies outside. A picture alone is what its decoder says.
  bool fits(HeifPicture& picture, const PictureSize& tile) const {
    if (picture.tiles.size() == 1 && (tile.width != picture.width || tile.height != picture.height)) {
      picture.width = tile.width;
      picture.height = tile.height;
      picture.window = {0, 0, tile.width, tile.height};
    }
    const auto covers = [](std::uint32_t count, std::uint32_t each, std::uint32_t side) {
      return std::uint64_t{count} * each >= side && std::uint64_t{count - 1} * each < side;
    };
    const unsigned halvings = halvings_for(picture.window, purpose_);
    return covers(picture.columns, tile.width, picture.width) &&
           covers(picture.rows, tile.height, picture.height) &&
           std::uint64_t{picture.window.width >> halvings} * (picture.window.height >> halvings) <=
               kMostReduced;
  }

  int fd_;
  std::uint64_t size_;
  Clock::time_point deadline_;
  Purpose purpose_;
  bool complete_ = false;
};

}  // namespace

Decoded decode_heif(int fd, std::uint64_t size, Clock::time_point deadline, Purpose purpose) {
  HeifDecoder decoder(fd, size, deadline, purpose);
  Decoded whole = decoder.run(media::HeifChoice::primary);
  if (decoder.complete() || whole.width == 0) return whole;
  // A thumbnail is decoded in no time: it need not keep to a deadline that is over.
  constexpr std::chrono::seconds kThumbnailTime{2};
  Decoded small =
      HeifDecoder(fd, size, Clock::now() + kThumbnailTime, purpose).run(media::HeifChoice::thumbnail);
  if (!small.problem.empty() || std::min(small.width, small.height) < media::kWorkingSide) return whole;
  small.width = whole.width;
  small.height = whole.height;
  small.problem = whole.problem + "; this is of the thumbnail that the file holds";
  return small;
}

}  // namespace dalil::parser
