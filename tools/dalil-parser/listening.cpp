#include <chromaprint.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "frame_reader.hpp"
#include "frames.hpp"

namespace dalil::parser {
namespace {

constexpr std::chrono::seconds kTimeLimit{8};
/// Samples a second: what recorders and telephones have. Below, the tones that are compared are lacking.
constexpr int kSlowest = 4'000, kFastest = 384'000;
constexpr int kMostChannels = 64;
/// What the windows that are kept see.
constexpr double kMostSeconds =
    (media::kMostSoundWindows * media::kWordsOfWindow * media::kSoundWordMs + media::kSoundSeenMs) / 1000;

struct FreeChromaprint {
  void operator()(ChromaprintContext* context) const { chromaprint_free(context); }
};
using Chromaprint = std::unique_ptr<ChromaprintContext, FreeChromaprint>;

/// -1 to 1, whatever lies there: decoders may give floats that are none.
float bounded(float value) {
  return value >= -1 ? std::min(value, 1.0F) : value < -1 ? -1.0F : 0.0F;
}
float part_of_one(std::uint8_t value) {
  return static_cast<float>(value - 128) / 128;
}
float part_of_one(std::int16_t value) {
  return static_cast<float>(value) / 32'768;
}
float part_of_one(std::int32_t value) {
  return static_cast<float>(value) / 2'147'483'648.0F;
}
float part_of_one(float value) {
  return bounded(value);
}
float part_of_one(double value) {
  return bounded(static_cast<float>(value));
}

template <typename Sample>
void mix(const AVFrame& frame, bool planar, std::vector<float>& into) {
  const auto channels = static_cast<std::size_t>(frame.ch_layout.nb_channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const auto* from = reinterpret_cast<const Sample*>(frame.extended_data[planar ? channel : 0]);
    const std::size_t first = planar ? 0 : channel, step = planar ? 1 : channels;
    for (std::size_t i = 0; i < into.size(); ++i) into[i] += part_of_one(from[first + i * step]);
  }
  for (float& sample : into) sample /= static_cast<float>(channels);
}

/// The mean of all channels. False: samples of this form are not known.
bool mix_down(const AVFrame& frame, std::vector<float>& into) {
  const auto format = static_cast<AVSampleFormat>(frame.format);
  const bool planar = av_sample_fmt_is_planar(format) != 0;
  into.assign(static_cast<std::size_t>(frame.nb_samples), 0);
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
      mix<std::uint8_t>(frame, planar, into);
      return true;
    case AV_SAMPLE_FMT_S16:
      mix<std::int16_t>(frame, planar, into);
      return true;
    case AV_SAMPLE_FMT_S32:
      mix<std::int32_t>(frame, planar, into);
      return true;
    case AV_SAMPLE_FMT_FLT:
      mix<float>(frame, planar, into);
      return true;
    case AV_SAMPLE_FMT_DBL:
      mix<double>(frame, planar, into);
      return true;
    default:
      return false;
  }
}

/// How loud it is from one word's beginning to the next one's.
class Levels {
 public:
  explicit Levels(int rate) : samples_each_(rate * media::kSoundWordMs / 1000) {}

  void add(std::span<const float> samples) {
    for (const float sample : samples) {
      sum_ += double{sample} * sample;
      ++gathered_;
      if (static_cast<double>(++seen_) < samples_each_ * static_cast<double>(values_.size() + 1)) continue;
      values_.push_back(static_cast<float>(std::sqrt(sum_ / gathered_)));
      sum_ = gathered_ = 0;
    }
  }
  const std::vector<float>& values() const { return values_; }

 private:
  double samples_each_;
  std::uint64_t seen_ = 0;
  double sum_ = 0, gathered_ = 0;
  std::vector<float> values_;
};

/// Hears samples of one rate, mixed down.
class Listener {
 public:
  /// Memory that cannot be had ends the worker, here as everywhere.
  explicit Listener(int rate)
      : rate_(rate), levels_(rate), chromaprint_(chromaprint_new(CHROMAPRINT_ALGORITHM_TEST2)) {
    if (chromaprint_ && chromaprint_start(chromaprint_.get(), rate, 1) == 0) chromaprint_.reset();
  }
  int rate() const { return rate_; }
  double seconds() const { return static_cast<double>(heard_) / rate_; }

  bool hear(const AVFrame& frame) {
    if (!chromaprint_ || !mix_down(frame, samples_)) return false;
    levels_.add(samples_);
    heard_ += samples_.size();
    rounded_.clear();
    for (const float sample : samples_)
      rounded_.push_back(static_cast<std::int16_t>(std::lround(sample * 32'767)));
    return chromaprint_feed(chromaprint_.get(), rounded_.data(), static_cast<int>(rounded_.size())) != 0;
  }

  media::Sound finish(std::uint32_t begins_ms) {
    std::uint32_t* words = nullptr;
    int count = 0;
    if (!chromaprint_ || chromaprint_finish(chromaprint_.get()) == 0 ||
        chromaprint_get_raw_fingerprint(chromaprint_.get(), &words, &count) == 0)
      return {};
    const std::unique_ptr<std::uint32_t, void (*)(void*)> owner(words, chromaprint_dealloc);
    return media::sound_of({words, static_cast<std::size_t>(count)}, levels_.values(), begins_ms);
  }

 private:
  int rate_;
  Levels levels_;
  Chromaprint chromaprint_;
  std::uint64_t heard_ = 0;
  std::vector<float> samples_;
  std::vector<std::int16_t> rounded_;
};

bool is_possible(const AVFrame& frame) {
  return frame.sample_rate >= kSlowest && frame.sample_rate <= kFastest && frame.nb_samples > 0 &&
         frame.ch_layout.nb_channels > 0 && frame.ch_layout.nb_channels <= kMostChannels;
}

std::string why_nothing(const Listener* listener) {
  if (listener == nullptr) return "no sound could be decoded";
  constexpr double kLeastSeconds = 4;
  return listener->seconds() < kLeastSeconds ? "too short to be told by its sound" : "nothing is to be heard";
}

/// Until there is enough. False: something comes that does not go with what came before.
bool hear_all(FrameReader& reader, std::unique_ptr<Listener>& listener) {
  while (const AVFrame* frame = reader.next()) {
    if (!is_possible(*frame)) continue;
    if (!listener) listener = std::make_unique<Listener>(frame->sample_rate);
    if (frame->sample_rate != listener->rate() || !listener->hear(*frame)) return false;
    if (listener->seconds() > kMostSeconds) break;
  }
  return true;
}

}  // namespace

media::Sound listen_to(const Footage& footage) {
  media::Sound out;
  FrameReader reader(footage.fd, footage.size, footage.within(kTimeLimit), Track::sound);
  if (!reader.open(footage.demuxer)) {
    if (!reader.lacks_track()) out.problem = reader.problem;
    return out;
  }
  std::unique_ptr<Listener> listener;
  const bool whole = hear_all(reader, listener);
  constexpr std::int64_t kLatest = 1 << 30;
  if (listener)
    out = listener->finish(static_cast<std::uint32_t>(std::min<std::int64_t>(reader.begins_ms(), kLatest)));
  if (!whole) out.problem = "the sound changes its form: what is kept is of its beginning";
  if (reader.late()) out.problem = "listening took too long: what is kept is of the beginning";
  if (out.windows.empty() && out.problem.empty()) out.problem = why_nothing(listener.get());
  return out;
}

}  // namespace dalil::parser
