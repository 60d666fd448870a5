#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <random>

#include "dalil/media/fingerprint.hpp"

namespace dalil::bench {

/// Scenes of nothing, as different from each other as chance makes them: skies over ground and houses, clouds
/// with shapes in front, faces of light and shade, pages, waves. Each kind has a layout that photographs have
/// as well, and so its members resemble each other and photographs more than noise would.
class Inventor {
 public:
  explicit Inventor(std::uint32_t seed) : random_(seed) {}

  media::Luma scene() {
    constexpr std::uint32_t kSides[][2] = {{240, 180}, {180, 240}, {256, 168}, {168, 256}, {200, 200}};
    const auto& sides = kSides[random_() % std::size(kSides)];
    width_ = sides[0], height_ = sides[1];
    values_.assign(std::size_t{width_} * height_, 0.0F);
    constexpr void (Inventor::*kKinds[])() = {&Inventor::clouds_and_shapes, &Inventor::landscape,
                                              &Inventor::light_and_shade, &Inventor::page, &Inventor::waves};
    (this->*kKinds[random_() % std::size(kKinds)])();
    return stretched();
  }

 private:
  float any(double from, double to) {
    return static_cast<float>(std::uniform_real_distribution<double>(from, to)(random_));
  }
  float& at(std::uint32_t x, std::uint32_t y) { return values_[std::size_t{y} * width_ + x]; }

  /// Grey to the pixels that `inside` accepts; its arguments count from -1 to 1 in the box.
  void shape(float cx, float cy, float rx, float ry, float shade,
             const std::function<bool(float, float)>& inside) {
    const auto bound = [](float value, std::uint32_t most) {
      return static_cast<std::uint32_t>(std::clamp(value, 0.0F, static_cast<float>(most)));
    };
    for (std::uint32_t y = bound(cy - ry, height_); y < bound(cy + ry, height_); ++y)
      for (std::uint32_t x = bound(cx - rx, width_); x < bound(cx + rx, width_); ++x)
        if (inside((static_cast<float>(x) - cx) / rx, (static_cast<float>(y) - cy) / ry)) at(x, y) = shade;
  }

  /// Smooth noise of several sizes.
  void clouds(float strength, float roughness, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t cells = first; cells <= last; cells *= 2, strength *= roughness) {
      std::vector<float> grid(std::size_t{cells + 2} * (cells + 2));
      for (float& node : grid) node = any(-0.5, 0.5);
      std::vector<float> line(std::size_t{cells} + 2);
      for (std::uint32_t y = 0; y < height_; ++y) {
        const float v = static_cast<float>(y * cells) / static_cast<float>(height_);
        const auto top = static_cast<std::size_t>(v);
        const float fy = v - static_cast<float>(top);
        for (std::size_t i = 0; i < line.size(); ++i)
          line[i] =
              strength * (grid[top * (cells + 2) + i] * (1 - fy) + grid[(top + 1) * (cells + 2) + i] * fy);
        for (std::uint32_t x = 0; x < width_; ++x) {
          const float u = static_cast<float>(x * cells) / static_cast<float>(width_);
          const auto left = static_cast<std::size_t>(u);
          const float fx = u - static_cast<float>(left);
          at(x, y) += line[left] * (1 - fx) + line[left + 1] * fx;
        }
      }
    }
  }

  void clouds_and_shapes() {
    clouds(1, any(0.4, 0.9), 2, 32);
    const auto count = random_() % 12;
    for (unsigned i = 0; i < count; ++i) {
      const bool round = random_() % 2 == 0;
      shape(any(0, width_), any(0, height_), any(4, width_ / 4.0), any(4, height_ / 4.0), any(-1, 1),
            [&](float x, float y) { return !round || x * x + y * y < 1; });
    }
  }

  void landscape() {
    const float horizon = any(0.25, 0.75) * static_cast<float>(height_);
    clouds(any(0.1, 0.6), 0.6F, 3, 24);
    const float sky = any(-1, 1), slope = any(-0.5, 0.5), ground = any(-1, 1);
    for (std::uint32_t y = 0; y < height_; ++y)
      for (std::uint32_t x = 0; x < width_; ++x) {
        const float down = static_cast<float>(y) - horizon;
        at(x, y) += down < 0 ? sky + slope * down / horizon : ground;
      }
    const auto houses = 2 + random_() % 9;
    for (unsigned i = 0; i < houses; ++i) house(horizon);
  }

  void house(float horizon) {
    const float cx = any(0, width_), rx = any(6, width_ / 7.0), ry = any(8, height_ / 4.0);
    const float wall = any(-1, 1), hole = wall + any(-0.8, 0.8);
    const float across = any(1, 6), down = any(1, 6), open = any(0.2, 0.7);
    shape(cx, horizon, rx, ry, wall, [](float, float) { return true; });
    shape(cx, horizon, rx, ry, hole, [&](float x, float y) {
      const float u = (x + 1) * across, v = (y + 1) * down;
      return u - std::floor(u) < open && v - std::floor(v) < open;
    });
  }

  void light_and_shade() {
    clouds(any(0.1, 0.4), 0.7F, 4, 32);
    const auto lights = 1 + random_() % 5;
    for (unsigned i = 0; i < lights; ++i) {
      const float cx = any(0, width_), cy = any(0, height_), strength = any(-1, 1);
      const float rx = any(0.1, 0.5) * static_cast<float>(width_),
                  ry = any(0.1, 0.5) * static_cast<float>(height_);
      for (std::uint32_t y = 0; y < height_; ++y)
        for (std::uint32_t x = 0; x < width_; ++x) {
          const float u = (static_cast<float>(x) - cx) / rx, v = (static_cast<float>(y) - cy) / ry;
          at(x, y) += strength / (1 + u * u + v * v);
        }
    }
  }

  void page() {
    std::fill(values_.begin(), values_.end(), 1.0F);
    const float margin = any(4, 30), size = any(5, 16);
    for (float y = margin; y < static_cast<float>(height_) - margin; y += size * 1.6F) {
      if (random_() % 7 == 0) continue;
      float x = margin;
      const float end = static_cast<float>(width_) - margin - (random_() % 4 == 0 ? any(0, width_ / 2.0) : 0);
      while (x < end) {
        const float length = any(1, 7) * size * 0.4F;
        shape(x + length / 2, y, length / 2, size / 2, any(-1, -0.2),
              [&](float, float v) { return std::abs(v) < 0.8F; });
        x += length + size * 0.5F;
      }
    }
    if (random_() % 2 == 0)
      shape(any(0, width_), any(0, height_), any(20, width_ / 2.5), any(20, height_ / 2.5), any(-1, 0.8),
            [](float, float) { return true; });
    clouds(0.1F, 0.7F, 8, 16);
  }

  void waves() {
    const auto count = 1 + random_() % 4;
    for (unsigned i = 0; i < count; ++i) {
      const float angle = any(0, std::numbers::pi), length = any(8, 90), phase = any(0, 6),
                  bend = any(0, 0.02);
      const float strength = any(0.3, 1), across = std::cos(angle), down = std::sin(angle);
      for (std::uint32_t y = 0; y < height_; ++y)
        for (std::uint32_t x = 0; x < width_; ++x) {
          const float along = static_cast<float>(x) * across + static_cast<float>(y) * down;
          const float aside = static_cast<float>(x) * down - static_cast<float>(y) * across;
          at(x, y) += strength * std::sin((along + bend * aside * aside) * 6.28F / length + phase);
        }
    }
    clouds(any(0.2, 1.5), 0.6F, 3, 24);
  }

  media::Luma stretched() const {
    media::Luma out{width_, height_, {}};
    out.values.reserve(values_.size());
    const auto [least, most] = std::minmax_element(values_.begin(), values_.end());
    const float low = *least, scale = 255 / std::max(1e-6F, *most - low);
    for (const float value : values_) out.values.push_back(static_cast<std::uint8_t>((value - low) * scale));
    return out;
  }

  std::mt19937 random_;
  std::uint32_t width_ = 0, height_ = 0;
  std::vector<float> values_;
};

}  // namespace dalil::bench
