#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/media/sound.hpp"

/// What a picture looks like, in few bytes: so that the same picture is found again after it was re-encoded,
/// scaled, cropped or flipped. Rules and measurements: docs/fingerprints.md; bytes:
/// docs/formats/fingerprints.md.
namespace dalil::media {

/// A PDQ hash: 256 bits, of which about half are set. Bit `16 * row + column` says whether that coefficient
/// of the cosine transform is above the median.
struct Pdq {
  static constexpr std::size_t kBits = 256, kBytes = 32;
  std::array<std::uint64_t, 4> words{};  ///< bit n is bit n % 64 of word n / 64
  bool operator==(const Pdq&) const = default;

  bool bit(std::size_t n) const { return (words[n / 64] >> (n % 64) & 1) != 0; }
  /// Most significant bit first, as its hexadecimal form is written.
  std::array<std::uint8_t, kBytes> bytes() const;
  static Pdq from_bytes(ByteView bytes);  ///< exactly kBytes
  std::string hex() const;
  static std::optional<Pdq> from_hex(std::string_view text);
};

/// How many bits differ: 0 to 256. Up to 31 counts as the same picture; two that have nothing to do with each
/// other differ in about 128.
inline int distance(const Pdq& a, const Pdq& b) {
  int sum = 0;
  for (std::size_t i = 0; i < a.words.size(); ++i) sum += std::popcount(a.words[i] ^ b.words[i]);
  return sum;
}

/// The eight ways to lay a picture on a table, face up or down: turns are clockwise.
enum class Pose : std::uint8_t {
  upright = 0,
  mirrored = 1,     ///< left and right change places
  upside_down = 2,  ///< top and bottom change places
  turned_180 = 3,
  transposed = 4,  ///< rows become columns
  turned_90 = 5,
  turned_270 = 6,
  transversed = 7,
};
inline constexpr std::size_t kPoses = 8;
const char* name_of(Pose pose);
/// The hash of the picture in that pose, from the upright one's: exact but for coefficients next to the
/// median.
Pdq posed(const Pdq& upright, Pose pose);

/// Brightness of a picture, row by row, 0 (black) to 255.
struct Luma {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> values;
  bool empty() const { return values.empty(); }
};

/// Part of a picture in its pixels.
struct Region {
  std::uint32_t left = 0, top = 0, width = 0, height = 0;
  bool operator==(const Region&) const = default;
};

struct HashAndQuality {
  Pdq hash;
  std::uint8_t quality = 0;  ///< 0 to 100: how much there is to be seen; below 50 a hash tells little
  /// How many bits are of frequencies that are further from the median than rounding can move them: 0 to 256.
  std::uint16_t decided = 0;
};
/// Bits that are not decided come out by chance: of another decoding half of them differ. Up to 48 of them
/// differ in 24, more than 31 of which happens once in sixty times; of more, two recordings of one picture
/// cannot be expected to be near each other, and one of another picture can.
inline constexpr std::uint16_t kLeastDecided = 208;
inline bool is_telling(const HashAndQuality& found) {
  return found.decided >= kLeastDecided;
}
/// Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Meta, 2019).
/// Precondition: the region lies within the picture and is not empty.
HashAndQuality pdq(const Luma& luma, const Region& region);

/// The shorter side that fingerprints are made from is at least this, and less than twice as much, unless the
/// picture itself is smaller.
inline constexpr std::uint32_t kWorkingSide = 160;
/// How many times a side may be halved: 0 for a shorter side below twice kWorkingSide.
unsigned halvings(std::uint32_t width, std::uint32_t height);
/// Cells of 2^n by 2^n pixels become one; what is left over at the right and below is dropped.
Luma reduced(Luma luma, unsigned halvings);

/// Turns what the file holds into what a viewer sees, by EXIF's orientation (1 to 8; others: as it is).
Luma upright(Luma stored, std::uint8_t orientation);

/// The picture without uniform borders: what letterboxing and scanning add. The whole picture if there are
/// none, or if too little would be left.
Region without_borders(const Luma& luma);

/// What the picture was before somebody drew uniform bars beside it, of which next to nothing differs from
/// their outermost line. Where it is dark beside dark bars, `without_borders` takes more off; then what that
/// makes of the picture without bars is another guess. Empty if there are no bars, or both agree.
Luma without_drawn_bars(const Luma& luma);

/// Which part of a picture or video a fingerprint is of. Persistent, never renumber.
enum class Part : std::uint8_t {
  whole = 1,      ///< without its uniform borders
  centre_90 = 2,  ///< the middle of that, 90 % of width and height
  centre_80 = 3,
  centre_70 = 4,
  bordered = 5,  ///< with its uniform borders
  frame = 6,     ///< of a video, without its uniform borders
  // For questions only; never stored:
  centre_95 = 7,
  centre_85 = 8,
  centre_75 = 9,
  shifted = 10,  ///< what would be the middle 80 % if the picture had lost 8 % at one or two of its sides
  corner = 11,   ///< what is left when it loses 8 % at one or two of its sides
  /// A row of its own, yet no hash of a picture: a window of what is to be heard (sound.hpp).
  sound = 12,
};
const char* name_of(Part part);
/// Share of the width and of the height that the part has.
double share_of(Part part);
bool is_stored(Part part);

/// A window of sound as rows hold it, in the place of a hash: eight words, the first one first.
Pdq hash_of(const SoundWindow& window);
SoundWindow window_of(const Pdq& hash);

struct Fingerprint {
  Part part = Part::whole;
  std::uint8_t quality = 0;
  std::uint32_t time_ms = 0;  ///< of a frame
  Pdq hash;
  bool operator==(const Fingerprint&) const = default;
};

/// Side of the small picture that verifies what the hashes suggest.
inline constexpr std::uint32_t kSketchSide = 32;
inline constexpr std::size_t kMostPrints = 1024;

/// Everything that is kept of the looks of one content, and of its sound.
struct Fingerprints {
  std::uint32_t width = 0, height = 0;  ///< of the picture as it is seen, in pixels of the original
  bool borders = false;                 ///< uniform ones were found
  std::vector<Fingerprint> prints;
  /// Of a picture: kSketchSide rows of as many grey values, of `Part::whole`. Else empty.
  Bytes sketch;
  std::string problem;  ///< why there are no prints, or not all; empty if all went well
  Sound sound;          ///< of what has any; its encoding is another one
  bool operator==(const Fingerprints&) const = default;
  bool empty() const { return prints.empty() && sound.empty(); }
};

/// Fingerprints of a picture, of those parts that can be told by one. `for_question` adds the parts that are
/// never stored. If there are none, `problem` is kTooUniform. Width and height are left to the caller.
Fingerprints fingerprints_of(const Luma& upright, bool for_question);

inline constexpr const char* kTooUniform = "too uniform to be told apart";

/// Persistent encoding, of all but the sound. Bounded: at most kMostPrints prints, 64 KiB.
Bytes encode(const Fingerprints& fingerprints);
/// Error(corrupt) for anything `encode` would not write.
Fingerprints decode_fingerprints(ByteView bytes);
inline constexpr std::size_t kMostFingerprintBytes = 64 << 10;

}  // namespace dalil::media
