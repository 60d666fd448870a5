// Where two recordings sound the same, by their words.

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include "dalil/media/sound.hpp"

namespace dalil::media {
namespace {

/// Sightings whose times differ by less belong together: half a second.
constexpr std::int64_t kAgreeing = 4;
/// What is one stretch though not every window of it was sighted.
constexpr std::uint32_t kGap = 5 * kWordsOfWindow;
/// By how many words recordings are looked at where they do not belong together: 1.5 to 7.4 s.
constexpr std::int64_t kElsewhereFrom = 12, kElsewhereTo = 60, kElsewhereStep = 4;
/// A window begins between two words of the other recording, or that runs at another speed.
constexpr std::int64_t kPlay = 2;
/// Cuts of one recording in the other.
constexpr std::size_t kMostCuts = 32;
constexpr std::size_t kLeastWindows = 3;

using Sightings = std::vector<SoundSighting>;

std::int64_t shift_of(const SoundSighting& one) {
  return std::int64_t{one.other} - one.question;
}

std::int64_t bin_of(const SoundSighting& one) {
  const std::int64_t shift = shift_of(one);
  return shift >= 0 ? shift / kAgreeing : -((-shift + kAgreeing - 1) / kAgreeing);
}

std::size_t moments_of(const Sightings& sightings) {
  std::set<std::uint32_t> moments;
  for (const SoundSighting& one : sightings) moments.insert(one.other);
  return moments.size();
}

/// Those of the shift that most windows agree on.
Sightings agreeing(const Sightings& all) {
  std::map<std::int64_t, Sightings> bins;
  for (const SoundSighting& one : all)
    for (const std::int64_t near : {bin_of(one), bin_of(one) + 1}) bins[near].push_back(one);
  const auto best =
      std::ranges::max_element(bins, {}, [](const auto& bin) { return moments_of(bin.second); });
  return best == bins.end() ? Sightings{} : best->second;
}

/// Precondition: in the order of the other.
std::vector<Sightings> split_at_gaps(const Sightings& sightings) {
  std::vector<Sightings> out;
  for (const SoundSighting& one : sightings) {
    if (out.empty() || one.other > out.back().back().other + kGap) out.emplace_back();
    out.back().push_back(one);
  }
  return out;
}

class Mean {
 public:
  void add(const std::optional<SoundWindow>& a, const std::optional<SoundWindow>& b) {
    if (a && b) sum_ += media::distance(*a, *b), ++count_;
  }
  void add(int distance) { sum_ += distance, ++count_; }
  std::int64_t count() const { return count_; }
  double value() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

 private:
  std::int64_t sum_ = 0, count_ = 0;
};

std::optional<int> nearest(const SoundWindow& window, const SoundTrack& question, std::int64_t at) {
  std::optional<int> least;
  for (std::int64_t play = -kPlay; play <= kPlay; ++play)
    if (const auto there = question.window(at + play)) {
      const int bits = media::distance(window, *there);
      if (!least || bits < *least) least = bits;
    }
  return least;
}

/// By how many words the times of both differ: of those that their sightings tell the one at which they are
/// nearest.
std::int64_t shift_between(const SoundTrack& question, const SoundTrack& other, Sightings stretch) {
  const auto middle = stretch.begin() + static_cast<std::ptrdiff_t>(stretch.size() / 2);
  std::ranges::nth_element(stretch, middle, {}, shift_of);
  std::int64_t best = shift_of(*middle);
  double least = std::numeric_limits<double>::max();
  for (std::int64_t play = -kPlay; play <= kPlay; ++play) {
    const std::int64_t shift = shift_of(*middle) + play;
    Mean bits;
    for (const SoundSighting& one : stretch)
      bits.add(other.window(one.other), question.window(one.other - shift));
    if (bits.count() == 0 || bits.value() >= least) continue;
    least = bits.value();
    best = shift;
  }
  return best;
}

SoundMatch measured(const SoundTrack& question, const SoundTrack& other, const Sightings& stretch) {
  const std::int64_t shift = shift_between(question, other, stretch);
  SoundMatch out;
  out.windows = static_cast<std::uint32_t>(moments_of(stretch));
  out.other_from = stretch.front().other;
  out.other_to = stretch.back().other;
  out.question_from = static_cast<std::uint32_t>(std::max<std::int64_t>(out.other_from - shift, 0));
  out.question_to = static_cast<std::uint32_t>(std::max<std::int64_t>(out.other_to - shift, 0));
  Mean here, elsewhere;
  for (std::int64_t at = out.other_from; at <= out.other_to; at += kWordsOfWindow) {
    const auto window = other.window(at);
    if (!window) continue;
    if (const auto bits = nearest(*window, question, at - shift)) here.add(*bits);
    const auto asked = question.window(at - shift);
    for (std::int64_t away = kElsewhereFrom; away <= kElsewhereTo; away += kElsewhereStep)
      for (const std::int64_t by : {-away, away}) {
        elsewhere.add(window, question.window(at - shift + by));
        elsewhere.add(other.window(at + by), asked);
      }
  }
  out.distance = here.value();
  out.elsewhere = elsewhere.value();
  return out;
}

}  // namespace

void SoundTrack::add(std::size_t first, const SoundWindow& window) {
  if (first < words_.size()) return;
  words_.resize(first + kWordsOfWindow);
  known_.resize(words_.size(), false);
  for (std::size_t i = 0; i < kWordsOfWindow; ++i) {
    words_[first + i] = window[i];
    known_[first + i] = true;
  }
}

std::optional<SoundWindow> SoundTrack::window(std::int64_t first) const {
  if (first < 0 || static_cast<std::size_t>(first) + kWordsOfWindow > words_.size()) return std::nullopt;
  SoundWindow out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!known_[static_cast<std::size_t>(first) + i]) return std::nullopt;
    out[i] = words_[static_cast<std::size_t>(first) + i];
  }
  return out;
}

SoundTrack track_of(const Sound& sound) {
  SoundTrack track;
  for (const Sound::Window& window : sound.windows) track.add(window.place * kWordsOfWindow, window.words);
  return track;
}

std::vector<SoundMatch> match_sounds(const SoundTrack& question, const SoundTrack& other,
                                     std::span<const SoundSighting> sightings) {
  Sightings left(sightings.begin(), sightings.end());
  std::ranges::stable_sort(left, {}, &SoundSighting::other);
  std::vector<SoundMatch> out;
  for (std::size_t cut = 0; cut < kMostCuts; ++cut) {
    const Sightings agreed = agreeing(left);
    if (moments_of(agreed) < kLeastWindows) break;
    for (const Sightings& stretch : split_at_gaps(agreed)) {
      const SoundMatch match = measured(question, other, stretch);
      if (convincing(match)) out.push_back(match);
    }
    const std::int64_t bin = bin_of(agreed.front());
    std::erase_if(left, [&](const SoundSighting& one) {
      const bool used = std::abs(bin_of(one) - bin) <= 1;
      return used || std::ranges::any_of(out, [&](const SoundMatch& match) {
               return one.other >= match.other_from && one.other <= match.other_to;
             });
    });
  }
  std::ranges::sort(out, {}, &SoundMatch::question_from);
  return out;
}

bool convincing(const SoundMatch& match) {
  /// By the number of windows that are sighted, how near the stretch is to be, in parts of elsewhere.
  constexpr double kMostOf[] = {0, 0, 0, 0.28, 0.35, 0.42, 0.47, 0.47, 0.52};
  const double most = kMostOf[std::min<std::size_t>(match.windows, std::size(kMostOf) - 1)];
  return match.elsewhere > 0 && match.distance <= most * match.elsewhere && most > 0;
}

}  // namespace dalil::media
