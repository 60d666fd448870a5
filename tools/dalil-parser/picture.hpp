#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::parser {

/// What is made of a decoded picture.
struct Purpose {
  bool luma = false;       ///< for fingerprints
  bool thumbnail = false;  ///< in color
};

/// A picture as far as it could be decoded, reduced, as it is stored (before orientation).
struct Decoded {
  media::Luma luma;                     ///< empty if nothing could be decoded
  media::Pixels pixels;                 ///< of the thumbnail, also of what is damaged; empty likewise
  std::uint32_t width = 0, height = 0;  ///< of the original
  std::string problem;
};

/// By libjpeg, which decodes at reduced size; brightness alone where that will do and the file has it apart.
Decoded decode_jpeg(int fd, std::uint64_t size, std::chrono::steady_clock::time_point deadline,
                    Purpose purpose = {.luma = true});

/// Whether `decode_picture` knows the format.
bool is_decodable(std::string_view format);
/// By the one decoder of libavcodec that is for the format.
Decoded decode_picture(int fd, std::uint64_t size, std::string_view format, Purpose purpose);

}  // namespace dalil::parser
