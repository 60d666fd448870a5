#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "dalil/media/fingerprint.hpp"

namespace dalil::parser {

/// A picture as far as it could be decoded, reduced, as it is stored (before orientation).
struct Decoded {
  media::Luma luma;                     ///< empty if nothing could be decoded
  std::uint32_t width = 0, height = 0;  ///< of the original
  std::string problem;
};

/// By libjpeg, which decodes at reduced size; brightness alone, where the file has it apart.
Decoded decode_jpeg(int fd, std::uint64_t size, std::chrono::steady_clock::time_point deadline);

/// Whether `decode_picture` knows the format.
bool is_decodable(std::string_view format);
/// By the one decoder of libavcodec that is for the format.
Decoded decode_picture(int fd, std::uint64_t size, std::string_view format);

}  // namespace dalil::parser
