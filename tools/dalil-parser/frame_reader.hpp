#pragma once

#include "av_frame.hpp"
#include "av_input.hpp"

namespace dalil::parser {

/// EXIF's orientation for the rotation that players apply.
std::uint8_t orientation_of(const AVStream& stream);

/// Which of a file's streams is decoded: the first one of its kind.
enum class Track : std::uint8_t { pictures, sound };

/// One video or audio file while its frames are gone through, with one decoder and an end of patience.
class FrameReader {
 public:
  FrameReader(int fd, std::uint64_t size, Clock::time_point deadline, Track track = Track::pictures);

  /// False: `problem` says why not.
  bool open(const char* demuxer);
  std::int64_t duration_ms() const;
  void key_frames_only();
  void all_frames();
  /// The next frame; null at the end, or when time is up.
  const AVFrame* next();
  /// Goes to the last key frame at or before this time, as far as the container knows. False: it cannot be
  /// gone to, and the place is as it was or unknown.
  bool seek(std::int64_t ms);

  bool late() const { return Clock::now() > input_.deadline; }
  const AVStream& stream() const { return *stream_; }
  std::uint32_t width() const { return positive(codec_->width); }
  std::uint32_t height() const { return positive(codec_->height); }
  /// Why open() failed: the file is in order, and has no such stream.
  bool lacks_track() const { return format_ != nullptr && stream_ == nullptr; }
  /// From where players count, to where the stream begins.
  std::int64_t begins_ms() const;
  /// Since the beginning; -1 if it is not known.
  std::int64_t time_ms(const AVFrame& frame) const;
  std::string problem;

 private:
  static std::uint32_t positive(int value) { return value > 0 ? static_cast<std::uint32_t>(value) : 0; }
  bool refuse(const char* why);
  AVStream* wanted_stream() const;
  bool feed();

  Track track_;
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

}  // namespace dalil::parser
