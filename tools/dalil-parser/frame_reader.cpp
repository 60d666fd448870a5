#include "frame_reader.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
#include <libavutil/display.h>
}

namespace dalil::parser {
namespace {

constexpr const char* kDecoders =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,h263,mjpeg,vp8,vp9,libdav1d,flv,vc1,wmv3,msmpeg4,msmpeg4v2,wmv1,"
    "wmv2,"
    "theora,dvvideo,prores";
constexpr const char* kSoundDecoders =
    "aac,mp3float,mp3,mp2float,mp2,ac3,eac3,flac,alac,vorbis,opus,amrnb,amrwb,wmav1,wmav2,pcm_s16le,pcm_"
    "s16be,"
    "pcm_u8,pcm_s8,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_mulaw,"
    "pcm_alaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,nellymoser";
constexpr std::uint64_t kMostRead = std::uint64_t{4} << 30;
constexpr unsigned kMostDamaged = 1000;

std::int64_t to_ms(std::int64_t value, AVRational base) {
  return value == AV_NOPTS_VALUE ? 0 : av_rescale_q(value, base, AVRational{1, 1000});
}

}  // namespace

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

FrameReader::FrameReader(int fd, std::uint64_t size, Clock::time_point deadline, Track track)
    : track_(track), input_{fd, static_cast<std::int64_t>(size), deadline, kMostRead} {}

bool FrameReader::open(const char* demuxer) {
  const AVInputFormat* format = av_find_input_format(demuxer);
  io_ = make_io(input_);
  if (format == nullptr || !io_) return refuse("cannot be opened");
  const char* decoders = track_ == Track::sound ? kSoundDecoders : kDecoders;
  format_ = open_format(io_.get(), input_, *format, decoders, problem);
  if (!format_) return false;
  if (!says_enough(*format_)) avformat_find_stream_info(format_.get(), nullptr);
  stream_ = wanted_stream();
  if (stream_ == nullptr) return refuse(track_ == Track::sound ? "holds no sound" : "holds no pictures");
  codec_ = open_decoder(stream_->codecpar->codec_id, stream_->codecpar,
                        track_ == Track::sound ? kSoundDecoders : nullptr);
  packet_.reset(av_packet_alloc());
  frame_.reset(av_frame_alloc());
  if (!codec_ || !packet_ || !frame_) return refuse("has no decoder here");
  codec_->skip_loop_filter = AVDISCARD_NONREF;
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
  return true;
}

std::int64_t FrameReader::duration_ms() const {
  if (format_->duration > 0) return to_ms(format_->duration, AV_TIME_BASE_Q);
  return stream_->duration > 0 ? to_ms(stream_->duration, stream_->time_base) : 0;
}

std::int64_t FrameReader::begins_ms() const {
  if (stream_->start_time == AV_NOPTS_VALUE || format_->start_time == AV_NOPTS_VALUE) return 0;
  // What a container claims may be anything.
  static constexpr std::int64_t kLatest = std::int64_t{1} << 40;
  const auto bounded = [](std::int64_t ms) { return std::clamp(ms, -kLatest, kLatest); };
  return std::max<std::int64_t>(0, bounded(to_ms(stream_->start_time, stream_->time_base)) -
                                       bounded(to_ms(format_->start_time, AV_TIME_BASE_Q)));
}

void FrameReader::key_frames_only() {
  codec_->skip_frame = AVDISCARD_NONKEY;
  stream_->discard = AVDISCARD_NONKEY;
}

void FrameReader::all_frames() {
  codec_->skip_frame = AVDISCARD_DEFAULT;
  stream_->discard = AVDISCARD_DEFAULT;
}

const AVFrame* FrameReader::next() {
  while (true) {
    const int result = avcodec_receive_frame(codec_.get(), frame_.get());
    if (result >= 0) return frame_.get();
    if (result != AVERROR(EAGAIN) || !feed()) return nullptr;
  }
}

bool FrameReader::seek(std::int64_t ms) {
  const std::int64_t start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
  const std::int64_t at = av_rescale_q(ms, AVRational{1, 1000}, stream_->time_base);
  if (at > INT64_MAX - std::max<std::int64_t>(start, 0)) return false;
  const int result = av_seek_frame(format_.get(), stream_->index, start + at, AVSEEK_FLAG_BACKWARD);
  avcodec_flush_buffers(codec_.get());
  drained_ = false;
  return result >= 0;
}

std::int64_t FrameReader::time_ms(const AVFrame& frame) const {
  const std::int64_t start = stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time;
  if (frame.best_effort_timestamp == AV_NOPTS_VALUE) return -1;
  return std::max<std::int64_t>(0, to_ms(frame.best_effort_timestamp - start, stream_->time_base));
}

bool FrameReader::refuse(const char* why) {
  if (problem.empty()) problem = std::string(track_ == Track::sound ? "the recording " : "the video ") + why;
  return false;
}

AVStream* FrameReader::wanted_stream() const {
  const AVMediaType wanted = track_ == Track::sound ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    if (stream->codecpar->codec_type == wanted && (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0)
      return stream;
  }
  return nullptr;
}

/// One packet for the decoder, or word that there are no more. What is damaged is passed over.
bool FrameReader::feed() {
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

}  // namespace dalil::parser
