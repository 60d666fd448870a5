#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"
#include "source.hpp"

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
  /// How it is to be turned, where the container says so and EXIF does not count.
  std::optional<std::uint8_t> orientation;
  std::string problem;
};

/// By libjpeg, which decodes at reduced size; brightness alone where that will do and the file has it apart.
/// It lies anywhere in the file.
Decoded decode_jpeg(int fd, media::Extent where, std::chrono::steady_clock::time_point deadline,
                    Purpose purpose);

/// Of a HEIF file (HEIC, AVIF) its primary picture, put together of its tiles. Where that cannot be had, or
/// not in time, the thumbnail that the file holds of it, if it is large enough; then `problem` says so.
Decoded decode_heif(int fd, std::uint64_t size, std::chrono::steady_clock::time_point deadline,
                    Purpose purpose);

/// Whether `decode_picture` knows the format.
bool is_decodable(std::string_view format);
/// By the one decoder of libavcodec that is for the format.
Decoded decode_picture(int fd, std::uint64_t size, std::string_view format, Purpose purpose);

}  // namespace dalil::parser
