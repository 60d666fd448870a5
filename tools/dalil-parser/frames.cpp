#include "frames.hpp"

#include <algorithm>

#include "frame_reader.hpp"

namespace dalil::parser {
namespace {

using media::Fingerprint;
using media::Fingerprints;

constexpr std::int64_t kShortClipMs = 120'000;
constexpr std::int64_t kEachMs = 1000, kEachForQuestionMs = 250;
/// Of key frames as many as a video may have prints, and spread over all of it.
constexpr std::int64_t kMostKeyFrames = 900;
/// After this a short clip's key frames have to do; after the second, what was seen so far.
constexpr std::chrono::seconds kAllFramesTime{8}, kTimeLimit{20};
/// Frames that differ less from the last one kept are the same view.
constexpr int kNearEqual = 10;
constexpr std::uint8_t kLeastQuality = 50;

/// Where the looks of a video go: frames in order, those that show the same left out.
class FrameCollector {
 public:
  FrameCollector(Fingerprints& out, std::uint8_t orientation) : out_(out), orientation_(orientation) {}

  void add(const AVFrame& frame, std::int64_t time_ms) {
    const media::Luma luma = media::upright(luma_of(frame), orientation_);
    if (luma.empty()) return;
    ++seen_;
    const media::Region whole = media::without_borders(luma);
    out_.borders = out_.borders || whole.width != luma.width || whole.height != luma.height;
    const media::HashAndQuality found = media::pdq(luma, whole);
    if (found.quality < kLeastQuality || !media::is_telling(found)) return;
    if (!out_.prints.empty() && media::distance(out_.prints.back().hash, found.hash) <= kNearEqual) return;
    out_.prints.push_back(
        {media::Part::frame, found.quality, static_cast<std::uint32_t>(time_ms), found.hash});
  }
  bool full() const { return out_.prints.size() >= media::kMostPrints; }
  std::size_t seen() const { return seen_; }

 private:
  Fingerprints& out_;
  std::uint8_t orientation_;
  std::size_t seen_ = 0;
};

void take_size(Fingerprints& out, const FrameReader& reader, std::uint8_t orientation) {
  out.width = reader.width();
  out.height = reader.height();
  if (orientation >= 5) std::swap(out.width, out.height);
}

}  // namespace

Fingerprints look_at_frames(const Footage& footage, bool for_question) {
  Fingerprints out;
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit));
  if (!reader.open(footage.demuxer)) {
    out.problem = reader.problem;
    return out;
  }
  const auto all_until = Clock::now() + kAllFramesTime;
  const std::int64_t duration = reader.duration_ms();
  bool all = duration < kShortClipMs;
  std::int64_t each = all && for_question ? kEachForQuestionMs : kEachMs;
  each = std::max(each, duration / kMostKeyFrames);
  if (!all) reader.key_frames_only();
  const std::uint8_t orientation = orientation_of(reader.stream());
  FrameCollector collector(out, orientation);
  std::int64_t next_ms = 0;
  while (!collector.full()) {
    const AVFrame* frame = reader.next();
    if (frame == nullptr) break;
    const std::int64_t time = reader.time_ms(*frame);
    if (time >= next_ms || time < 0) {
      collector.add(*frame, std::max<std::int64_t>(time, 0));
      next_ms = (std::max<std::int64_t>(time, 0) / each + 1) * each;
    }
    if (all && Clock::now() > all_until) {
      all = false;
      reader.key_frames_only();
    }
  }
  take_size(out, reader, orientation);
  if (reader.late()) out.problem = "decoding took too long: frames are from the beginning only";
  if (out.prints.empty() && out.problem.empty())
    out.problem = collector.seen() == 0 ? "no frame could be decoded" : media::kTooUniform;
  return out;
}

Fingerprints look_at_first_frame(const Footage& footage, bool for_question) {
  Fingerprints out;
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit));
  const AVFrame* frame = reader.open(footage.demuxer) ? reader.next() : nullptr;
  if (frame == nullptr) {
    out.problem = reader.problem.empty() ? "the picture cannot be decoded" : reader.problem;
    return out;
  }
  const std::uint8_t orientation = orientation_of(reader.stream());
  out = media::fingerprints_of(media::upright(luma_of(*frame), orientation), for_question);
  take_size(out, reader, orientation);
  return out;
}

}  // namespace dalil::parser
