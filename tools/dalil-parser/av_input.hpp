#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

extern "C" {
#include <libavformat/avformat.h>
}

/// A file as libavformat may see it: its bytes through one descriptor, nothing else opened, and an end of
/// patience.
namespace dalil::parser {

using Clock = std::chrono::steady_clock;

/// What libavformat's I/O works on: an own position, and limits. Must outlive the format that reads it.
struct Input {
  int fd = -1;
  std::int64_t size = 0;
  Clock::time_point deadline;
  std::uint64_t most_read = 0;
  std::int64_t at = 0;
  std::uint64_t read_in_all = 0;
};

struct FreeIo {
  void operator()(AVIOContext* io) const;
};
struct FreeFormat {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
using Io = std::unique_ptr<AVIOContext, FreeIo>;
using Format = std::unique_ptr<AVFormatContext, FreeFormat>;

/// Null if there is no memory for it.
Io make_io(Input& input);
/// Opens what is forced to be of this format. `decoders` is a list of names that stream analysis may start.
/// Absent if libavformat refuses the file; then `problem` says so, unless it says something already.
Format open_format(AVIOContext* io, Input& input, const AVInputFormat& format, const char* decoders,
                   std::string& problem);
/// Whether the headers have told all that we ask; else the first packets must be looked at.
bool says_enough(const AVFormatContext& context);
/// An FFmpeg error in words.
std::string av_text(int error);

}  // namespace dalil::parser
