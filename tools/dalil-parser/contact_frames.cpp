// Some frames of a video, evenly over its length: a contact sheet.

#include <algorithm>

#include "color.hpp"
#include "frame_reader.hpp"
#include "frames.hpp"

namespace dalil::parser {
namespace {

using media::Thumbnails;

constexpr std::chrono::seconds kTimeLimit{12};
/// Until then frames between key frames are decoded, too; later the key frame before the wanted time has to
/// do.
constexpr std::chrono::seconds kExactTime{6};
constexpr std::int64_t kEachMs = 1000;

/// The times that are wanted: the middles of equal parts, none shorter than a second.
class Plan {
 public:
  explicit Plan(std::int64_t duration_ms)
      : duration_(std::clamp<std::int64_t>(duration_ms, 0, UINT32_MAX)),
        count_(std::clamp<std::int64_t>(duration_ / kEachMs, 1, media::kMostThumbnails)) {}
  bool known() const { return duration_ > 0; }
  std::int64_t count() const { return known() ? count_ : static_cast<std::int64_t>(media::kMostThumbnails); }
  std::int64_t time(std::int64_t i) const {
    return known() ? duration_ * (2 * i + 1) / (2 * count_) : i * kEachMs;
  }
  /// A key frame so much before the wanted time is near enough.
  std::int64_t tolerance() const { return known() ? duration_ / count_ / 4 : kEachMs / 4; }

 private:
  std::int64_t duration_, count_;
};

/// Takes frames in the order of their times, none twice.
class Sheet {
 public:
  Sheet(Thumbnails& out, const AVStream& stream, Origin origin)
      : out_(out), orientation_(orientation_of(stream)), origin_(origin) {}
  void add(const AVFrame& frame, std::int64_t time_ms) {
    const auto time = static_cast<std::uint32_t>(std::clamp<std::int64_t>(time_ms, 0, UINT32_MAX));
    if (!out_.pictures.empty() && time <= out_.pictures.back().time_ms) return;
    Bytes jpeg = jpeg_of(upright(pixels_of(frame, origin_), orientation_));
    if (media::size_of_plain_jpeg(jpeg)) out_.pictures.push_back({time, std::move(jpeg)});
  }
  bool empty() const { return out_.pictures.empty(); }

 private:
  Thumbnails& out_;
  std::uint8_t orientation_;
  Origin origin_;
};

/// The frame at this time, or the last one before it that can be had in time; null if there is none.
const AVFrame* frame_at(FrameReader& reader, std::int64_t earliest_ms, Clock::time_point exact_until) {
  const AVFrame* frame = reader.next();
  while (frame != nullptr && reader.time_ms(*frame) < earliest_ms && Clock::now() < exact_until)
    frame = reader.next();
  return frame;
}

/// False if the container cannot be gone through in steps.
bool take_by_seeking(FrameReader& reader, const Plan& plan, Sheet& sheet) {
  const auto exact_until = Clock::now() + kExactTime;
  for (std::int64_t i = 0; i < plan.count() && !reader.late(); ++i) {
    if (!reader.seek(plan.time(i))) return false;
    const AVFrame* frame = frame_at(reader, plan.time(i) - plan.tolerance(), exact_until);
    if (frame != nullptr) sheet.add(*frame, reader.time_ms(*frame));
  }
  return !sheet.empty();
}

void take_in_order(FrameReader& reader, const Plan& plan, Sheet& sheet) {
  reader.key_frames_only();
  std::int64_t i = 0;
  while (const AVFrame* frame = reader.next()) {
    const std::int64_t time = reader.time_ms(*frame);
    if (time >= 0 && time < plan.time(i) - plan.tolerance()) continue;
    sheet.add(*frame, time);
    while (i < plan.count() && plan.time(i) - plan.tolerance() <= time) ++i;
    if (i == plan.count() || time < 0) return;
  }
}

Thumbnails nothing(const std::string& problem) {
  return {{}, problem.empty() ? "no frame could be decoded" : problem};
}

/// False: there is nothing, or not all of it, and the file should be gone through from its beginning.
bool look_here_and_there(const Footage& footage, Thumbnails& out) {
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit));
  if (!reader.open(footage.demuxer)) {
    out = nothing(reader.problem);
    return true;
  }
  const Plan plan(reader.duration_ms());
  Sheet sheet(out, reader.stream(), Origin::video);
  if (!plan.known() || !take_by_seeking(reader, plan, sheet)) return false;
  if (reader.late()) out.problem = "decoding took too long: frames are missing";
  return true;
}

}  // namespace

Thumbnails contact_sheet(const Footage& footage) {
  Thumbnails out;
  if (look_here_and_there(footage, out)) return out;
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit / 2));
  if (!reader.open(footage.demuxer)) return nothing(reader.problem);
  out.pictures.clear();
  Sheet sheet(out, reader.stream(), Origin::video);
  take_in_order(reader, Plan(reader.duration_ms()), sheet);
  return sheet.empty() ? nothing(reader.problem) : out;
}

Thumbnails first_frame(const Footage& footage) {
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit));
  const AVFrame* frame = reader.open(footage.demuxer) ? reader.next() : nullptr;
  if (frame == nullptr) return nothing(reader.problem);
  Thumbnails out;
  Sheet(out, reader.stream(), Origin::picture).add(*frame, 0);
  return out;
}

}  // namespace dalil::parser
