#pragma once

#include <cstdint>

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::parser {

/// Fingerprints of a video's frames: one a second of what is shorter than two minutes (four, for a question),
/// else of key frames. `demuxer` is libavformat's name of the format that the content showed.
media::Fingerprints look_at_frames(int fd, std::uint64_t size, const char* demuxer, bool for_question);

/// The only, or first, picture of a format that libavformat unpacks.
media::Fingerprints look_at_first_frame(int fd, std::uint64_t size, const char* demuxer, bool for_question);

/// At most kMostThumbnails frames with their times, evenly over the video.
media::Thumbnails contact_sheet(int fd, std::uint64_t size, const char* demuxer);
/// Of what holds one picture and needs a demuxer.
media::Thumbnails first_frame(int fd, std::uint64_t size, const char* demuxer);

}  // namespace dalil::parser
