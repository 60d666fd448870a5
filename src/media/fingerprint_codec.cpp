// The persistent encoding of Fingerprints; the layout with a worked example is in
// docs/formats/fingerprints.md.

#include <algorithm>

#include "bounds.hpp"
#include "dalil/base/error.hpp"
#include "dalil/media/fingerprint.hpp"

namespace dalil::media {
namespace {

constexpr std::uint8_t kVersion = 1;               // persistent
constexpr std::uint8_t kBorders = 1, kSketch = 2;  // persistent
constexpr std::size_t kSketchBytes = std::size_t{kSketchSide} * kSketchSide;
constexpr std::size_t kLongestProblem = 500;
/// Pixels; what no format can have.
constexpr std::uint32_t kLongestSide = 1 << 24;

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorCode::corrupt, std::string("fingerprints cannot be decoded: ") + what);
}

std::uint32_t get_side(ByteReader& in) {
  const std::uint64_t side = in.varint();
  if (side > kLongestSide) corrupt("a side is too long");
  return static_cast<std::uint32_t>(side);
}

Fingerprint get_print(ByteReader& in) {
  Fingerprint print;
  print.part = static_cast<Part>(in.u8());
  if (print.part < Part::whole || print.part > Part::corner) corrupt("an unknown part");
  print.quality = in.u8();
  if (print.quality > 100) corrupt("a quality beyond 100");
  if (print.part == Part::frame) {
    const std::uint64_t time = in.varint();
    if (time > UINT32_MAX) corrupt("a time is too late");
    print.time_ms = static_cast<std::uint32_t>(time);
  }
  print.hash = Pdq::from_bytes(in.take(Pdq::kBytes));
  return print;
}

}  // namespace

Bytes encode(const Fingerprints& fingerprints) {
  const bool sketch = fingerprints.sketch.size() == kSketchBytes;
  Bytes out;
  append_u8(out, kVersion);
  append_u8(out, static_cast<std::uint8_t>((fingerprints.borders ? kBorders : 0) | (sketch ? kSketch : 0)));
  append_varint(out, std::min(fingerprints.width, kLongestSide));
  append_varint(out, std::min(fingerprints.height, kLongestSide));
  const std::size_t count = std::min(fingerprints.prints.size(), kMostPrints);
  append_varint(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    const Fingerprint& print = fingerprints.prints[i];
    append_u8(out, static_cast<std::uint8_t>(print.part));
    append_u8(out, std::min<std::uint8_t>(print.quality, 100));
    if (print.part == Part::frame) append_varint(out, print.time_ms);
    append(out, print.hash.bytes());
  }
  if (sketch) append(out, fingerprints.sketch);
  append_block(out, as_bytes(clean_text(fingerprints.problem, kLongestProblem)));
  return out;
}

Fingerprints decode_fingerprints(ByteView bytes) {
  if (bytes.size() > kMostFingerprintBytes) corrupt("too long");
  ByteReader in(bytes);
  if (in.u8() != kVersion) corrupt("unknown version");
  const std::uint8_t flags = in.u8();
  if ((flags & ~(kBorders | kSketch)) != 0) corrupt("an unknown flag");
  Fingerprints out;
  out.borders = (flags & kBorders) != 0;
  out.width = get_side(in);
  out.height = get_side(in);
  const std::uint64_t count = in.varint();
  if (count > kMostPrints) corrupt("too many");
  for (std::uint64_t i = 0; i < count; ++i) out.prints.push_back(get_print(in));
  if ((flags & kSketch) != 0) {
    const ByteView sketch = in.take(kSketchBytes);
    out.sketch.assign(sketch.begin(), sketch.end());
  }
  out.problem = as_chars(in.block(kLongestProblem));
  in.expect_end();
  // One form per value: whatever the steps above let through, only what encode writes is accepted.
  if (const Bytes again = encode(out); !std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()))
    corrupt("not in canonical form");
  return out;
}

}  // namespace dalil::media
