#include "dalil/media/sound.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bounds.hpp"
#include "dalil/base/error.hpp"

namespace dalil::media {
namespace {

constexpr std::uint8_t kVersion = 1;  // persistent
constexpr std::size_t kLongestProblem = 500;

[[noreturn]] void corrupt(const char* what) {
  throw Error(ErrorCode::corrupt, std::string("sounds cannot be decoded: ") + what);
}

/// Of the moments that a window's words see, half must not be silent.
bool is_heard(std::span<const float> levels, std::size_t first_word) {
  const std::size_t last = std::min(levels.size(), first_word + kWordsOfWindow + kFramesOfWord);
  std::size_t heard = 0, all = 0;
  for (std::size_t i = first_word; i < last; ++i, ++all) heard += levels[i] >= kSilence ? 1 : 0;
  return 2 * heard >= all && heard > 0;
}

}  // namespace

int distance(const SoundWindow& a, const SoundWindow& b) {
  int sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::popcount(a[i] ^ b[i]);
  return sum;
}

int changes_in(const SoundWindow& window) {
  int sum = 0;
  for (std::size_t i = 1; i < window.size(); ++i) sum += std::popcount(window[i - 1] ^ window[i]);
  return sum;
}

std::uint32_t time_ms_of(const Sound& sound, const Sound::Window& window) {
  return sound.begins_ms +
         static_cast<std::uint32_t>(std::lround(window.place * double{kWordsOfWindow} * kSoundWordMs));
}

Sound sound_of(std::span<const SoundWord> words, std::span<const float> levels, std::uint32_t begins_ms) {
  Sound out;
  out.begins_ms = begins_ms;
  const std::size_t places = std::min(words.size() / kWordsOfWindow, kMostSoundWindows);
  for (std::size_t place = 0; place < places; ++place) {
    if (!is_heard(levels, place * kWordsOfWindow)) continue;
    Sound::Window window{static_cast<std::uint32_t>(place), {}};
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(place * kWordsOfWindow), kWordsOfWindow,
                window.words.begin());
    out.windows.push_back(window);
  }
  return out;
}

Bytes encode(const Sound& sound) {
  Bytes out;
  append_u8(out, kVersion);
  append_varint(out, sound.begins_ms);
  const std::size_t count = std::min(sound.windows.size(), kMostSoundWindows);
  append_varint(out, count);
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Sound::Window& window = sound.windows[i];
    append_varint(out, window.place - next);
    next = window.place + 1;
    for (const SoundWord word : window.words) append_u32(out, word);
  }
  append_block(out, as_bytes(clean_text(sound.problem, kLongestProblem)));
  return out;
}

Sound decode_sound(ByteView bytes) {
  if (bytes.size() > kMostSoundBytes) corrupt("too long");
  ByteReader in(bytes);
  if (in.u8() != kVersion) corrupt("unknown version");
  Sound out;
  const std::uint64_t begins = in.varint();
  if (begins > UINT32_MAX / 2) corrupt("a time is too late");
  out.begins_ms = static_cast<std::uint32_t>(begins);
  const std::uint64_t count = in.varint();
  if (count > kMostSoundWindows) corrupt("too many");
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t left_out = in.varint();
    if (left_out >= kMostSoundWindows || next + left_out >= kMostSoundWindows) corrupt("a place is too late");
    Sound::Window window{static_cast<std::uint32_t>(next + left_out), {}};
    for (SoundWord& word : window.words) word = in.u32();
    out.windows.push_back(window);
    next += left_out + 1;
  }
  out.problem = as_chars(in.block(kLongestProblem));
  in.expect_end();
  // One form per value: whatever the steps above let through, only what encode writes is accepted.
  if (const Bytes again = encode(out); !std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()))
    corrupt("not in canonical form");
  return out;
}

}  // namespace dalil::media
