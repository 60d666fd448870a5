#pragma once

#include <cstdint>

namespace dalil::media {

/// Times in a movie's headers outside of [1990-01-01, 2080-01-01) are no clock's that was set: QuickTime is
/// of 1991, and file names are read to 2079. Milliseconds since 1970.
inline constexpr std::int64_t kFirstMovieMs = 631'152'000'000, kAfterMoviesMs = 3'471'292'800'000;

}  // namespace dalil::media
