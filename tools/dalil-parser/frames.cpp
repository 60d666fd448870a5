#include "frames.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
#include <libavutil/display.h>
}

#include "av_frame.hpp"
#include "av_input.hpp"

namespace dalil::parser {
namespace {

using media::Fingerprint;
using media::Fingerprints;

constexpr const char* kDecoders =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,h263,mjpeg,vp8,vp9,libdav1d,flv,vc1,wmv3,msmpeg4,msmpeg4v2,wmv1,"
    "wmv2,"
    "theora,dvvideo,prores";
constexpr std::int64_t kShortClipMs = 120'000;
constexpr std::int64_t kEachMs = 1000, kEachForQuestionMs = 250;
/// Of key frames as many as a video may have prints, and spread over all of it.
constexpr std::int64_t kMostKeyFrames = 900;
/// After this a short clip's key frames have to do; after the second, what was seen so far.
constexpr std::chrono::seconds kAllFramesTime{8}, kTimeLimit{20};
constexpr std::uint64_t kMostRead = std::uint64_t{4} << 30;
/// Frames that differ less from the last one kept are the same view.
constexpr int kNearEqual = 10;
constexpr std::uint8_t kLeastQuality = 50;

std::int64_t to_ms(std::int64_t value, AVRational base) {
  return value == AV_NOPTS_VALUE ? 0 : av_rescale_q(value, base, AVRational{1, 1000});
}

/// EXIF's orientation for the rotation that players apply.
std::uint8_t orientation_of(const AVStream& stream) {
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) return 1;
  const double degrees =
      av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));  // to the left
  if (!std::isfinite(degrees)) return 1;
  switch ((std::lround(degrees / 90) % 4 + 4) % 4) {
    case 1:
      return 8;
    case 2:
      return 3;
    case 3:
      return 6;
    default:
      return 1;
  }
}

/// One video file while its frames are gone through.
class FrameReader {
 public:
  FrameReader(int fd, std::uint64_t size)
      : input_{fd, static_cast<std::int64_t>(size), Clock::now() + kTimeLimit, kMostRead} {}

  /// False: `problem` says why not.
  bool open(const char* demuxer) {
    const AVInputFormat* format = av_find_input_format(demuxer);
    io_ = make_io(input_);
    if (format == nullptr || !io_) return refuse("cannot be opened");
    format_ = open_format(io_.get(), input_, *format, kDecoders, problem);
    if (!format_) return false;
    if (!says_enough(*format_)) avformat_find_stream_info(format_.get(), nullptr);
    stream_ = video_stream();
    if (stream_ == nullptr) return refuse("holds no pictures");
    codec_ = open_decoder(stream_->codecpar->codec_id, stream_->codecpar);
    packet_.reset(av_packet_alloc());
    frame_.reset(av_frame_alloc());
    if (!codec_ || !packet_ || !frame_) return refuse("has no decoder here");
    codec_->skip_loop_filter = AVDISCARD_NONREF;
    for (unsigned i = 0; i < format_->nb_streams; ++i)
      if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
    return true;
  }

  std::int64_t duration_ms() const {
    if (format_->duration > 0) return to_ms(format_->duration, AV_TIME_BASE_Q);
    return stream_->duration > 0 ? to_ms(stream_->duration, stream_->time_base) : 0;
  }

  void key_frames_only() {
    codec_->skip_frame = AVDISCARD_NONKEY;
    stream_->discard = AVDISCARD_NONKEY;
  }

  /// The next frame; null at the end, or when time is up.
  const AVFrame* next() {
    while (true) {
      const int result = avcodec_receive_frame(codec_.get(), frame_.get());
      if (result >= 0) return frame_.get();
      if (result != AVERROR(EAGAIN) || !feed()) return nullptr;
    }
  }

  bool late() const { return Clock::now() > input_.deadline; }
  const AVStream& stream() const { return *stream_; }
  std::uint32_t width() const { return positive(codec_->width); }
  std::uint32_t height() const { return positive(codec_->height); }
  std::int64_t time_ms(const AVFrame& frame) const {
    const std::int64_t start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
    if (frame.best_effort_timestamp == AV_NOPTS_VALUE) return -1;
    return std::max<std::int64_t>(0, to_ms(frame.best_effort_timestamp - start, stream_->time_base));
  }
  std::string problem;

 private:
  static std::uint32_t positive(int value) { return value > 0 ? static_cast<std::uint32_t>(value) : 0; }

  bool refuse(const char* why) {
    if (problem.empty()) problem = std::string("the video ") + why;
    return false;
  }

  AVStream* video_stream() const {
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      AVStream* stream = format_->streams[i];
      if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
          (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0)
        return stream;
    }
    return nullptr;
  }

  /// One packet for the decoder, or word that there are no more. What is damaged is passed over.
  bool feed() {
    while (!drained_) {
      if (late()) return false;
      const int result = av_read_frame(format_.get(), packet_.get());
      if (result < 0) {
        drained_ = true;
        return avcodec_send_packet(codec_.get(), nullptr) >= 0;
      }
      const bool wanted = packet_->stream_index == stream_->index;
      const int sent = wanted ? avcodec_send_packet(codec_.get(), packet_.get()) : -1;
      av_packet_unref(packet_.get());
      if (sent >= 0) return true;
      if (wanted) ++damaged_;
      if (damaged_ > kMostDamaged) return false;
    }
    return false;
  }

  static constexpr unsigned kMostDamaged = 1000;
  Input input_;
  Io io_;
  Format format_;
  Codec codec_;
  Packet packet_;
  Frame frame_;
  AVStream* stream_ = nullptr;
  bool drained_ = false;
  unsigned damaged_ = 0;
};

/// Where the looks of a video go: frames in order, those that show the same left out.
class FrameCollector {
 public:
  FrameCollector(Fingerprints& out, std::uint8_t orientation) : out_(out), orientation_(orientation) {}

  void add(const AVFrame& frame, std::int64_t time_ms) {
    const media::Luma luma = media::upright(luma_of(frame), orientation_);
    if (luma.empty()) return;
    ++seen_;
    const media::Region whole = media::without_borders(luma);
    out_.borders = out_.borders || whole.width != luma.width || whole.height != luma.height;
    const media::HashAndQuality found = media::pdq(luma, whole);
    if (found.quality < kLeastQuality) return;
    if (!out_.prints.empty() && media::distance(out_.prints.back().hash, found.hash) <= kNearEqual) return;
    out_.prints.push_back(
        {media::Part::frame, found.quality, static_cast<std::uint32_t>(time_ms), found.hash});
  }
  bool full() const { return out_.prints.size() >= media::kMostPrints; }
  std::size_t seen() const { return seen_; }

 private:
  Fingerprints& out_;
  std::uint8_t orientation_;
  std::size_t seen_ = 0;
};

void take_size(Fingerprints& out, const FrameReader& reader, std::uint8_t orientation) {
  out.width = reader.width();
  out.height = reader.height();
  if (orientation >= 5) std::swap(out.width, out.height);
}

}  // namespace

Fingerprints look_at_frames(int fd, std::uint64_t size, const char* demuxer, bool for_question) {
  Fingerprints out;
  FrameReader reader(fd, size);
  if (!reader.open(demuxer)) {
    out.problem = reader.problem;
    return out;
  }
  const auto all_until = Clock::now() + kAllFramesTime;
  const std::int64_t duration = reader.duration_ms();
  bool all = duration < kShortClipMs;
  std::int64_t each = all && for_question ? kEachForQuestionMs : kEachMs;
  each = std::max(each, duration / kMostKeyFrames);
  if (!all) reader.key_frames_only();
  const std::uint8_t orientation = orientation_of(reader.stream());
  FrameCollector collector(out, orientation);
  std::int64_t next_ms = 0;
  while (!collector.full()) {
    const AVFrame* frame = reader.next();
    if (frame == nullptr) break;
    const std::int64_t time = reader.time_ms(*frame);
    if (time >= next_ms || time < 0) {
      collector.add(*frame, std::max<std::int64_t>(time, 0));
      next_ms = (std::max<std::int64_t>(time, 0) / each + 1) * each;
    }
    if (all && Clock::now() > all_until) {
      all = false;
      reader.key_frames_only();
    }
  }
  take_size(out, reader, orientation);
  if (reader.late()) out.problem = "decoding took too long: frames are from the beginning only";
  if (collector.seen() == 0 && out.problem.empty()) out.problem = "no frame could be decoded";
  return out;
}

Fingerprints look_at_first_frame(int fd, std::uint64_t size, const char* demuxer, bool for_question) {
  Fingerprints out;
  FrameReader reader(fd, size);
  const AVFrame* frame = reader.open(demuxer) ? reader.next() : nullptr;
  if (frame == nullptr) {
    out.problem = reader.problem.empty() ? "the picture cannot be decoded" : reader.problem;
    return out;
  }
  const std::uint8_t orientation = orientation_of(reader.stream());
  out = media::fingerprints_of(media::upright(luma_of(*frame), orientation), for_question);
  take_size(out, reader, orientation);
  return out;
}

}  // namespace dalil::parser
