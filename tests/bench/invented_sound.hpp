#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

/// Sounds that nobody recorded: music, wind, engines, sirens, crowds, hums, noises. Each is another one by
/// its number, and the same for ever.
namespace dalil::bench {

inline constexpr unsigned kInventedRate = 16'000;

class InventedSound {
 public:
  static constexpr std::array kNames{"music",   "music", "wind", "engine", "siren", "crowd",
                                     "impacts", "noise", "hum",  "bells",  "birds", "surf"};

  InventedSound(std::uint32_t number, double seconds)
      : chance_(number * 2654435761U + 17), kind_(number % kNames.size()) {
    samples_.assign(static_cast<std::size_t>(seconds * kInventedRate), 0);
    static constexpr void (InventedSound::*kMakers[])() = {
        &InventedSound::music, &InventedSound::music, &InventedSound::wind,    &InventedSound::engine,
        &InventedSound::siren, &InventedSound::crowd, &InventedSound::impacts, &InventedSound::noise,
        &InventedSound::hum,   &InventedSound::bells, &InventedSound::birds,   &InventedSound::surf};
    (this->*kMakers[kind_])();
    add_noise(0.002);
  }
  const char* name() const { return kNames[kind_]; }

  /// 16 bits, mono, as loud as recordings are.
  std::vector<std::int16_t> pcm() const {
    double peak = 1e-9;
    for (const double sample : samples_) peak = std::max(peak, std::abs(sample));
    std::vector<std::int16_t> out;
    out.reserve(samples_.size());
    for (const double sample : samples_)
      out.push_back(static_cast<std::int16_t>(std::lround(sample / peak * 20'000)));
    return out;
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(chance_); }
  int pick(int low, int high) { return std::uniform_int_distribution<>(low, high)(chance_); }
  double white() { return std::normal_distribution<>(0, 1)(chance_); }
  static double at(std::size_t sample) { return static_cast<double>(sample) / kInventedRate; }

  void add_noise(double level) {
    for (double& sample : samples_) sample += level * white();
  }

  /// A value that wanders between two bounds, about so many times a second.
  std::function<double(double)> wandering(double low, double high, double each_second) {
    std::vector<double> points(static_cast<std::size_t>(at(samples_.size()) * each_second) + 3);
    for (double& point : points) point = uniform(low, high);
    return [points, each_second](double time) {
      const double place = time * each_second;
      const auto i = std::min(static_cast<std::size_t>(place), points.size() - 2);
      const double share = (1 - std::cos(std::numbers::pi * (place - static_cast<double>(i)))) / 2;
      return points[i] * (1 - share) + points[i + 1] * share;
    };
  }

  /// What is left of noise around one frequency; both may wander.
  void band_noise(const std::function<double(double)>& frequency, const std::function<double(double)>& level,
                  double sharpness) {
    double low = 0, band = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {  // a state variable filter, after Chamberlin
      const double f = 2 * std::sin(std::numbers::pi * frequency(at(i)) / kInventedRate);
      low += f * band;
      band += f * (white() - low - band / sharpness);
      samples_[i] += level(at(i)) * band;
    }
  }

  /// One note with its overtones, which fades.
  void note(double begins, double lasts, double frequency, double level, double brightness, double fades) {
    const auto first = static_cast<std::size_t>(begins * kInventedRate);
    const auto count = static_cast<std::size_t>(lasts * kInventedRate);
    std::array<double, 8> shares{};
    for (std::size_t k = 0; k < shares.size(); ++k)
      shares[k] = frequency * static_cast<double>(k + 1) < kInventedRate * 0.45 ? std::pow(brightness, k) : 0;
    for (std::size_t i = 0; i < count && first + i < samples_.size(); ++i) {
      const double time = at(i), phase = 2 * std::numbers::pi * frequency * time;
      const double edge = std::min({1.0, time / 0.01, (lasts - time) / 0.02});
      double sum = 0;
      for (std::size_t k = 0; k < shares.size() && shares[k] > 0; ++k)
        sum += shares[k] * std::sin(static_cast<double>(k + 1) * phase);
      samples_[first + i] += level * edge * std::exp(-fades * time) * sum;
    }
  }

  void beat(double begins, double fades, double level) {
    const auto first = static_cast<std::size_t>(begins * kInventedRate);
    for (std::size_t i = 0; first + i < samples_.size() && std::exp(-fades * at(i)) > 0.01; ++i)
      samples_[first + i] += level * std::exp(-fades * at(i)) * white();
  }

  static double pitch(int semitones) { return 220 * std::pow(2, semitones / 12.0); }

  /// Chords of a key, a melody that steps through its scale, and a drum.
  void music() {
    static constexpr std::array kScales{std::array{0, 2, 4, 5, 7, 9, 11}, std::array{0, 2, 3, 5, 7, 8, 10},
                                        std::array{0, 1, 4, 5, 7, 8, 11}, std::array{0, 1, 3, 5, 7, 8, 10}};
    const auto& scale = kScales[static_cast<std::size_t>(pick(0, 3))];
    const int key = pick(-7, 7);
    const auto step = [&](int degree) {
      const int octave = (degree + 70) / 7 - 10;
      return key + 12 * octave + scale[static_cast<std::size_t>((degree + 70) % 7)];
    };
    const double tempo = uniform(0.25, 0.6), brightness = uniform(0.2, 0.7), fades = uniform(0.5, 5);
    const double drum = uniform(0, 1) < 0.6 ? uniform(0.1, 0.5) : 0;
    std::array<int, 4> chords{};
    for (int& chord : chords) chord = pick(0, 6);
    int degree = 7;
    std::size_t count = 0;
    for (double time = uniform(0, 0.3); time < at(samples_.size()); time += tempo, ++count) {
      const int root = chords[count / 8 % chords.size()];
      if (count % 4 == 0)
        for (const int third : {0, 2, 4})
          note(time, 4 * tempo, pitch(step(root + third) - 12), 0.3, brightness, 1);
      if (drum > 0) beat(time, count % 2 == 0 ? 20 : 50, drum);
      if (uniform(0, 1) < 0.25) continue;
      degree = std::clamp(degree + pick(-3, 3), 0, 14);
      note(time, tempo * pick(1, 3), pitch(step(degree)), 0.6, brightness, fades);
    }
  }

  void wind() {
    band_noise(wandering(120, 600, 0.6), wandering(0.1, 1, 0.8), uniform(0.7, 3));
    band_noise(wandering(400, 1600, 0.9), wandering(0, 0.5, 1.1), uniform(1, 6));
  }

  void engine() {
    const auto turns = wandering(uniform(25, 50), uniform(60, 160), uniform(0.1, 0.7));
    std::array<double, 12> levels{};
    for (double& level : levels) level = uniform(0.1, 1);
    double phase = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      phase += 2 * std::numbers::pi * turns(at(i)) / kInventedRate;
      for (std::size_t k = 0; k < levels.size(); ++k)
        samples_[i] += levels[k] * std::sin(static_cast<double>(k + 1) * phase) / static_cast<double>(k + 1);
      samples_[i] += 0.2 * white();
    }
  }

  void siren() {
    const double low = uniform(350, 700), high = low * uniform(1.2, 2.2), each = uniform(0.3, 5);
    const bool two_tones = pick(0, 1) == 0;
    const auto level = wandering(0.2, 1, 0.5);
    double phase = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const double turn = std::fmod(at(i) / each, 1.0);
      const double share = two_tones ? (turn < 0.5 ? 0 : 1) : 1 - std::abs(2 * turn - 1);
      phase += 2 * std::numbers::pi * (low + (high - low) * share) / kInventedRate;
      samples_[i] += level(at(i)) * (std::sin(phase) + 0.4 * std::sin(2 * phase) + 0.2 * std::sin(3 * phase));
    }
    band_noise(wandering(200, 900, 1), wandering(0.05, 0.3, 1), 1);
  }

  void crowd() {
    for (int voice = 0; voice < 5; ++voice) {
      band_noise(wandering(300, 900, 5), wandering(0, 0.6, 4), 8);
      band_noise(wandering(900, 2600, 5), wandering(0, 0.4, 4), 8);
    }
  }

  void impacts() {
    band_noise(wandering(150, 500, 0.5), wandering(0.02, 0.08, 0.5), 1);
    for (double time = uniform(0, 1); time < at(samples_.size()); time += uniform(0.08, 2.5))
      beat(time, uniform(3, 40), uniform(0.2, 1));
  }

  void noise() {
    double slow = 0;
    const double color = uniform(0, 0.98), level = uniform(0.1, 1);
    for (double& sample : samples_) {
      slow = color * slow + (1 - color) * white();
      sample += level * slow;
    }
  }

  void hum() {
    const double mains = pick(0, 1) == 0 ? 50 : 60;
    for (int k = 1; k < 20; ++k) {
      const double level = uniform(0, 1) / k, phase = uniform(0, 6);
      for (std::size_t i = 0; i < samples_.size(); ++i)
        samples_[i] += level * std::sin(2 * std::numbers::pi * mains * k * at(i) + phase);
    }
    add_noise(uniform(0.01, 0.3));
  }

  void bells() {
    const double root = uniform(200, 900);
    for (double time = uniform(0, 2); time < at(samples_.size()); time += uniform(0.4, 3))
      for (const double partial : {0.5, 1.0, 1.19, 1.5, 2.0, 2.74})
        note(time, 4, root * partial * (pick(0, 2) == 0 ? 1.5 : 1), uniform(0.1, 0.5), 0.1, uniform(0.6, 2));
    add_noise(0.01);
  }

  void birds() {
    band_noise(wandering(200, 600, 0.5), wandering(0.02, 0.1, 0.5), 1);
    double phase = 0;
    const auto tone = wandering(1800, 4200, uniform(4, 14)), level = wandering(-0.6, 0.8, uniform(1, 5));
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      phase += 2 * std::numbers::pi * tone(at(i)) / kInventedRate;
      samples_[i] += std::max(0.0, level(at(i))) * std::sin(phase);
    }
  }

  void surf() { band_noise(wandering(300, 1200, 0.15), wandering(0.1, 1, 0.3), 0.7); }

  std::mt19937 chance_;
  std::size_t kind_;
  std::vector<double> samples_;
};

}  // namespace dalil::bench
