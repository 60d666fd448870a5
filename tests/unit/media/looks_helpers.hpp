#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <vector>

#include "dalil/files/handle.hpp"
#include "dalil/media/fingerprint.hpp"

namespace dalil::testing {

/// Clouds of several sizes, different for each seed; the same picture at any size.
inline media::Luma picture(std::uint32_t width, std::uint32_t height, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values(std::size_t{width} * height, 128.0);
  double strength = 110;
  for (std::size_t cells = 3; cells <= 48; cells *= 2, strength *= 0.7) {
    std::vector<double> nodes((cells + 2) * (cells + 2));
    for (double& node : nodes) node = strength * (double(random() % 1000) / 1000 - 0.5);
    for (std::uint32_t y = 0; y < height; ++y)
      for (std::uint32_t x = 0; x < width; ++x) {
        const double u = (x + 0.5) * double(cells) / width, v = (y + 0.5) * double(cells) / height;
        const auto left = static_cast<std::size_t>(u), top = static_cast<std::size_t>(v);
        const double fx = u - double(left), fy = v - double(top);
        const double* at = nodes.data() + top * (cells + 2) + left;
        values[std::size_t{y} * width + x] +=
            (at[0] * (1 - fx) + at[1] * fx) * (1 - fy) + (at[cells + 2] * (1 - fx) + at[cells + 3] * fx) * fy;
      }
  }
  media::Luma luma{width, height, {}};
  for (const double value : values)
    luma.values.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
  return luma;
}

inline media::Luma part_of(const media::Luma& from, const media::Region& region) {
  media::Luma out{region.width, region.height, {}};
  for (std::uint32_t y = 0; y < region.height; ++y)
    for (std::uint32_t x = 0; x < region.width; ++x)
      out.values.push_back(from.values[std::size_t{region.top + y} * from.width + region.left + x]);
  return out;
}

inline media::Luma framed(const media::Luma& from, std::uint32_t across, std::uint32_t down,
                          std::uint8_t shade) {
  media::Luma out{from.width + 2 * across, from.height + 2 * down, {}};
  out.values.assign(std::size_t{out.width} * out.height, shade);
  for (std::uint32_t y = 0; y < from.height; ++y)
    std::copy_n(from.values.begin() + std::ptrdiff_t{y} * from.width, from.width,
                out.values.begin() + (std::ptrdiff_t{y} + down) * out.width + across);
  return out;
}

inline files::Fd in_memory(ByteView content) {
  files::Fd fd(memfd_create("test", MFD_CLOEXEC));
  if (write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) fd.reset();
  return fd;
}

inline media::Region all_of(const media::Luma& luma) {
  return {0, 0, luma.width, luma.height};
}

}  // namespace dalil::testing
