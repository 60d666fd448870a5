#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::parser {

/// A video, or what else needs a demuxer, and how long it may take. `demuxer` is libavformat's name of the
/// format that the content showed. Each function below has a limit of its own as well; all that is wanted of
/// one file shares one deadline, so that together they keep to the time that the main process allows.
struct Footage {
  int fd = -1;
  std::uint64_t size = 0;
  const char* demuxer = "";
  std::chrono::steady_clock::time_point deadline;

  /// So much from now, or less if the deadline comes first.
  std::chrono::steady_clock::time_point within(std::chrono::seconds limit) const {
    return std::min(std::chrono::steady_clock::now() + limit, deadline);
  }
};

/// Fingerprints of a video's frames: one a second of what is shorter than two minutes (four, for a question),
/// else of key frames.
media::Fingerprints look_at_frames(const Footage& footage, bool for_question);

/// What is to be heard of a video or an audio file, from its beginning. Without a problem if it has no sound.
media::Sound listen_to(const Footage& footage);

/// The only, or first, picture of a format that libavformat unpacks.
media::Fingerprints look_at_first_frame(const Footage& footage, bool for_question);

/// At most kMostThumbnails frames with their times, evenly over the video.
media::Thumbnails contact_sheet(const Footage& footage);
/// Of what holds one picture and needs a demuxer.
media::Thumbnails first_frame(const Footage& footage);

}  // namespace dalil::parser
