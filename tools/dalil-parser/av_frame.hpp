#pragma once

#include <memory>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::parser {

struct FreeCodec {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
using Codec = std::unique_ptr<AVCodecContext, FreeCodec>;
using Packet = std::unique_ptr<AVPacket, FreePacket>;
using Frame = std::unique_ptr<AVFrame, FreeFrame>;

/// Opens the decoder in one thread (a sandboxed worker can have no others), with a limit to the pixels and
/// the samples of a frame. `parameters` may be null. If `allowed` is not, the decoder's name must be among
/// these, which commas part. Null if it cannot be opened.
Codec open_decoder(AVCodecID id, const AVCodecParameters* parameters, const char* allowed = nullptr);

/// The first frame that comes out of one packet and its end; FFmpeg's error if there is none.
int decode_one(AVCodecContext& codec, const AVPacket& packet, AVFrame& frame);

/// One component of one line, scaled to 8 bits; as many values as there is room for.
void read_component(const AVFrame& frame, const AVPixFmtDescriptor& format, int y, int component,
                    std::vector<std::uint16_t>& into);

/// Brightness of a frame, reduced to the working size. Empty if its form is unknown.
media::Luma luma_of(const AVFrame& frame);
/// The frame in color, as a thumbnail; what is transparent lies on white. Empty if its form is unknown.
/// How brightness and color difference are to be mixed, where the frame does not say, follows from its
/// origin.
enum class Origin : std::uint8_t { picture, video };
media::Pixels pixels_of(const AVFrame& frame, Origin origin);

}  // namespace dalil::parser
