#pragma once

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "dalil/media/fingerprint.hpp"

namespace dalil::testing {

/// Words that change as those of speech do: a few bits each, different for each seed.
inline std::vector<media::SoundWord> words_of(unsigned seed, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<media::SoundWord> words;
  auto word = static_cast<media::SoundWord>(random());
  for (std::size_t i = 0; i < count; ++i) {
    for (int flips = 0; flips < 6; ++flips) word ^= 1U << random() % 32;
    words.push_back(word);
  }
  return words;
}

/// Everything loud enough.
inline media::Sound sound_from(const std::vector<media::SoundWord>& words, std::uint32_t begins_ms = 0) {
  return media::sound_of(words, std::vector<float>(words.size() + media::kFramesOfWord, 0.1F), begins_ms);
}

/// So many bits of each word are others: what another encoding does.
inline std::vector<media::SoundWord> noisy(std::vector<media::SoundWord> words, int flips, unsigned seed) {
  std::mt19937 random(seed);
  for (media::SoundWord& word : words)
    for (int i = 0; i < flips; ++i) word ^= 1U << random() % 32;
  return words;
}

inline void append_little(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A WAV file of 16 bits; channels are interleaved.
inline Bytes wav_of(const std::vector<double>& samples, std::uint32_t rate, std::uint32_t channels = 1) {
  Bytes wav;
  const auto size = static_cast<std::uint32_t>(samples.size() * 2);
  append(wav, as_bytes("RIFF"));
  append_little(wav, 36 + size, 4);
  append(wav, as_bytes("WAVEfmt "));
  append_little(wav, 16, 4);
  append_little(wav, 1, 2);
  append_little(wav, channels, 2);
  append_little(wav, rate, 4);
  append_little(wav, rate * channels * 2, 4);
  append_little(wav, channels * 2, 2);
  append_little(wav, 16, 2);
  append(wav, as_bytes("data"));
  append_little(wav, size, 4);
  for (const double sample : samples)
    append_little(wav, static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(sample * 32'767))),
                  2);
  return wav;
}

/// Notes by chance, three a second, with overtones.
inline std::vector<double> melody(unsigned seed, double seconds, std::uint32_t rate, double level = 0.5) {
  std::mt19937 random(seed);
  std::vector<double> samples(static_cast<std::size_t>(seconds * rate));
  const std::size_t each = rate / 3;
  double frequency = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % each == 0) frequency = 220 * std::pow(2, static_cast<double>(random() % 25) / 12);
    const double phase = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    samples[i] = level * (std::sin(phase) + std::sin(2 * phase) / 2 + std::sin(3 * phase) / 3) / 2;
  }
  return samples;
}

}  // namespace dalil::testing
