#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"

/// What a recording sounds like, in 32 bytes a second: so that it is found again after it was encoded anew,
/// cut, or laid under other pictures. Rules and measurements: docs/fingerprints.md; bytes:
/// docs/formats/fingerprints.md.
namespace dalil::media {

/// Chromaprint's word: 32 bits, each about how strong the twelve tones are in one moment against another.
/// One begins every 1,365 samples of 11,025 a second, and sees 16 frames of 4,096 samples, smoothed over
/// five.
using SoundWord = std::uint32_t;
inline constexpr double kSoundWordMs = 1365 * 1000.0 / 11025;
inline constexpr std::size_t kFramesOfWord = 20;
/// How long what a word sees is.
inline constexpr std::uint32_t kSoundSeenMs = 2724;

/// Words that are compared as one, and kept as one row: a second of them.
inline constexpr std::size_t kWordsOfWindow = 8;
using SoundWindow = std::array<SoundWord, kWordsOfWindow>;
/// How many bits differ: 0 to 256. Two that have nothing to do with each other differ in about 120.
int distance(const SoundWindow& a, const SoundWindow& b);
/// How many bits change from one word to the next, in all: 0 to 224. A tone, a hum or silence has few; with
/// fewer than kLeastChanges a window resembles those of other steady sounds.
int changes_in(const SoundWindow& window);
inline constexpr int kLeastChanges = 24;

/// What is kept of the sound of one content: windows side by side, those in which nothing is to be heard left
/// out.
struct Sound {
  struct Window {
    std::uint32_t place = 0;  ///< how many windows before it begin, kept or not
    SoundWindow words{};
    bool operator==(const Window&) const = default;
  };
  std::uint32_t begins_ms = 0;  ///< from the beginning of the file to the window of place 0
  std::vector<Window> windows;  ///< places ascend, and are below kMostSoundWindows
  std::string problem;          ///< why there are none, or not all; empty if all went well
  bool operator==(const Sound&) const = default;
  bool empty() const { return windows.empty(); }
};
/// Of a recording as much is listened to: some 20 minutes.
inline constexpr std::size_t kMostSoundWindows = 1200;
/// When the window begins, from the beginning of the file.
std::uint32_t time_ms_of(const Sound& sound, const Sound::Window& window);

/// Windows of words of which those are kept that let hear something. `levels` are of the moments at which
/// words begin, root mean squares where the loudest sine has 0.7: as many as there are words or more.
Sound sound_of(std::span<const SoundWord> words, std::span<const float> levels, std::uint32_t begins_ms);
/// Less is silence: -60 dB of the loudest.
inline constexpr float kSilence = 0.001F;

/// Persistent encoding. Bounded: at most kMostSoundWindows, kMostSoundBytes.
Bytes encode(const Sound& sound);
/// Error(corrupt) for anything `encode` would not write.
Sound decode_sound(ByteView bytes);
inline constexpr std::size_t kMostSoundBytes = 48 << 10;

/// The words of one recording by their number, with gaps.
class SoundTrack {
 public:
  SoundTrack() = default;
  /// Words that come after all before them.
  void add(std::size_t first, const SoundWindow& window);
  std::size_t size() const { return words_.size(); }
  /// The window that begins with this word; absent where one of its words is lacking.
  std::optional<SoundWindow> window(std::int64_t first) const;

 private:
  std::vector<SoundWord> words_;
  std::vector<bool> known_;
};
SoundTrack track_of(const Sound& sound);

/// A window of the other recording that is near to one of the question: their first words.
struct SoundSighting {
  std::uint32_t question = 0, other = 0;
};
/// Up to so many bits a window counts as a sighting.
inline constexpr int kSoundLimit = 52;

/// A stretch of two recordings that sounds the same.
struct SoundMatch {
  std::uint32_t question_from = 0, question_to = 0;  ///< first words of its first and of its last window
  std::uint32_t other_from = 0, other_to = 0;
  std::uint32_t windows = 0;  ///< of the other, that are sighted
  double distance = 0;        ///< mean of all its windows
  double elsewhere = 0;       ///< the same where they do not belong together
};
/// Stretches of which several windows agree on how the times of both belong together, and that are near to
/// each other there and nowhere else: a steady sound is as near to itself at any other time, and to others of
/// its kind. In the order of the question.
std::vector<SoundMatch> match_sounds(const SoundTrack& question, const SoundTrack& other,
                                     std::span<const SoundSighting> sightings);
/// Whether so many windows, with that ratio of `distance` to `elsewhere`, leave no doubt.
bool convincing(const SoundMatch& match);

}  // namespace dalil::media
