// The one form of JPEG that leaves the worker (ITU-T T.81): whatever could carry metadata is refused.

#include <algorithm>
#include <array>

#include "dalil/media/thumbnail.hpp"

namespace dalil::media {
namespace {

constexpr std::uint8_t kStart = 0xD8, kEnd = 0xD9, kApp0 = 0xE0, kQuantisation = 0xDB, kHuffman = 0xC4,
                       kFrame = 0xC0, kScan = 0xDA;
constexpr std::size_t kMostSegments = 16;
/// JFIF 1.1, no unit, 1 by 1, no thumbnail of the thumbnail.
constexpr std::array<std::uint8_t, 14> kJfif = {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};

/// Goes through the segments before the scan.
class Segments {
 public:
  explicit Segments(ByteView bytes) : rest_(bytes) {}

  /// The next marker; absent if there is none where one must be.
  std::optional<std::uint8_t> marker() {
    if (rest_.size() < 2 || rest_[0] != 0xFF) return std::nullopt;
    const std::uint8_t marker = rest_[1];
    rest_ = rest_.subspan(2);
    return marker;
  }
  /// What belongs to the marker, without its length; absent if it is cut off.
  std::optional<ByteView> body() {
    if (rest_.size() < 2) return std::nullopt;
    const std::size_t length = std::size_t{rest_[0]} << 8 | rest_[1];
    if (length < 2 || length > rest_.size()) return std::nullopt;
    const ByteView body = rest_.subspan(2, length - 2);
    rest_ = rest_.subspan(length);
    return body;
  }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

/// Tables of 8 bits, each with its number: 1 + 64 bytes.
bool is_quantisation(ByteView body) {
  constexpr std::size_t kTable = 65;
  if (body.empty() || body.size() % kTable != 0) return false;
  for (std::size_t at = 0; at < body.size(); at += kTable)
    if (body[at] > 3) return false;
  return true;
}

/// Tables whose counts say how long they are.
bool is_huffman(ByteView body) {
  constexpr std::size_t kCounts = 17;
  if (body.empty()) return false;
  while (!body.empty()) {
    if (body.size() < kCounts || (body[0] & 0xEF) > 1) return false;
    std::size_t symbols = 0;
    for (std::size_t i = 1; i < kCounts; ++i) symbols += body[i];
    if (symbols > 256 || body.size() - kCounts < symbols) return false;
    body = body.subspan(kCounts + symbols);
  }
  return true;
}

std::optional<PictureSize> frame_size(ByteView body) {
  if (body.size() < 6 || body[0] != 8) return std::nullopt;
  const PictureSize size{std::uint32_t{body[3]} << 8 | body[4], std::uint32_t{body[1]} << 8 | body[2]};
  const std::size_t components = body[5];
  if ((components != 1 && components != 3) || body.size() != 6 + 3 * components) return std::nullopt;
  if (size.width == 0 || size.height == 0 || size.width > kThumbnailSide || size.height > kThumbnailSide)
    return std::nullopt;
  return size;
}

/// All components, the whole spectrum.
bool is_whole_scan(ByteView body, std::size_t components) {
  if (body.size() != 4 + 2 * components || body[0] != components) return false;
  const ByteView spectrum = body.last(3);
  return spectrum[0] == 0 && spectrum[1] == 63 && spectrum[2] == 0;
}

/// Coded data up to the end of the picture, which is the end of the file: no marker in between.
bool ends_once(ByteView coded) {
  if (coded.size() < 3 || coded[coded.size() - 2] != 0xFF || coded.back() != kEnd) return false;
  const ByteView data = coded.first(coded.size() - 2);
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] != 0xFF) continue;
    if (i + 1 == data.size() || data[i + 1] != 0) return false;
    ++i;
  }
  return true;
}

}  // namespace

std::optional<PictureSize> size_of_plain_jpeg(ByteView bytes) {
  if (bytes.size() > kMostJpegBytes) return std::nullopt;
  Segments segments(bytes);
  if (segments.marker() != kStart) return std::nullopt;
  std::optional<PictureSize> size;
  std::size_t components = 0;
  for (std::size_t i = 0; i < kMostSegments; ++i) {
    const auto marker = segments.marker();
    const auto body = marker ? segments.body() : std::nullopt;
    if (!body) return std::nullopt;
    switch (*marker) {
      case kApp0:
        if (i != 0 || !std::ranges::equal(*body, kJfif)) return std::nullopt;
        break;
      case kQuantisation:
        if (!is_quantisation(*body)) return std::nullopt;
        break;
      case kHuffman:
        if (!is_huffman(*body)) return std::nullopt;
        break;
      case kFrame:
        if (size) return std::nullopt;
        size = frame_size(*body);
        if (!size) return std::nullopt;
        components = (*body)[5];
        break;
      case kScan:
        if (!size || !is_whole_scan(*body, components) || !ends_once(segments.rest())) return std::nullopt;
        return size;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace dalil::media
