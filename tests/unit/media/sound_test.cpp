#include "dalil/media/sound.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/media/parser_client.hpp"
#include "looks_helpers.hpp"
#include "sound_helpers.hpp"

using namespace dalil;
using namespace dalil::media;
using namespace dalil::testing;

namespace {

std::vector<SoundWord> part(const std::vector<SoundWord>& words, std::size_t first, std::size_t count) {
  return {words.begin() + static_cast<std::ptrdiff_t>(first),
          words.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

/// All pairs of windows that are near, as a search finds them.
std::vector<SoundSighting> sightings_of(const SoundTrack& question, const SoundTrack& other) {
  std::vector<SoundSighting> out;
  for (std::uint32_t q = 0; q < question.size(); ++q) {
    const auto asked = question.window(q);
    if (!asked || changes_in(*asked) < kLeastChanges) continue;
    for (std::uint32_t o = 0; o < other.size(); o += kWordsOfWindow)
      if (const auto there = other.window(o); there && distance(*asked, *there) <= kSoundLimit)
        out.push_back({q, o});
  }
  return out;
}
std::vector<SoundMatch> matches_of(const std::vector<SoundWord>& question,
                                   const std::vector<SoundWord>& other) {
  const SoundTrack asked = track_of(sound_from(question)), there = track_of(sound_from(other));
  return match_sounds(asked, there, sightings_of(asked, there));
}

Sound example() {
  Sound sound = sound_from(words_of(1, 50), 1234);
  sound.windows.erase(sound.windows.begin() + 2, sound.windows.begin() + 4);
  sound.problem = "listening took too long";
  return sound;
}

Sound heard(const Bytes& file, const Sniffed& sniffed, bool wanted = true) {
  const files::Fd fd = in_memory(file);
  ParserOptions options;
  options.program = DALIL_TEST_PARSER;
  options.wall_limit = kDecodingLimit;
  options.work = ParserWork::fingerprints;
  options.sound = wanted;
  ParserClient client(options);
  client.submit(fd.get(), sniffed);
  return client.collect_fingerprints().sound;
}
constexpr Sniffed kWav{MediaKind::audio, "wav"};

int mean_distance(const Sound& a, const Sound& b) {
  int sum = 0, count = 0;
  for (const Sound::Window& one : a.windows)
    for (const Sound::Window& other : b.windows)
      if (one.place == other.place) sum += distance(one.words, other.words), ++count;
  return count == 0 ? -1 : sum / count;
}

}  // namespace

TEST_CASE("windows are the words side by side, a second each, and what is left over is dropped") {
  const auto words = words_of(1, 8 * 5 + 7);
  const Sound sound = sound_from(words, 300);
  REQUIRE(sound.windows.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(sound.windows[i].place == i);
    CHECK(std::equal(sound.windows[i].words.begin(), sound.windows[i].words.end(), words.begin() + 8 * i));
  }
  CHECK(time_ms_of(sound, sound.windows[0]) == 300);
  CHECK(time_ms_of(sound, sound.windows[4]) == 300 + 3962);  // 32 words of 1,365 samples at 11,025 a second
}

TEST_CASE("where half of what a window hears is silent, it is left out") {
  const auto words = words_of(2, 80);
  std::vector<float> levels(100, 0.1F);
  std::fill(levels.begin() + 30, levels.begin() + 70, kSilence / 2);
  std::vector<std::uint32_t> places;
  for (const auto& window : sound_of(words, levels, 0).windows) places.push_back(window.place);
  // A window of place p hears the moments from 8 p to 8 p + 27.
  CHECK(places == std::vector<std::uint32_t>{0, 1, 2, 7, 8, 9});
  CHECK(sound_of(words, std::vector<float>(100, 0), 0).empty());
  CHECK(sound_of(words, {}, 0).empty());
}

TEST_CASE("no more of a recording is kept than there is room for") {
  const Sound sound = sound_from(words_of(3, kWordsOfWindow * (kMostSoundWindows + 20)));
  CHECK(sound.windows.size() == kMostSoundWindows);
  const Bytes encoded = encode(sound);
  CHECK(encoded.size() <= kMostSoundBytes);
  CHECK(decode_sound(encoded) == sound);
}

TEST_CASE("a window lies in the place of a hash as its bytes, first word first") {
  const SoundWindow window{0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f,
                           0x10111213, 0x14151617, 0x18191a1b, 0x1c1d1e1f};
  CHECK(hash_of(window).hex() == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  CHECK(window_of(hash_of(window)) == window);
  SoundWindow other = window;
  other[3] ^= 0x80000001;
  CHECK(distance(window, other) == 2);
  CHECK(distance(hash_of(window), hash_of(other)) == 2);
}

TEST_CASE("sounds survive their encoding, and the worked example is what the format's page says") {
  CHECK(decode_sound(encode(example())) == example());
  CHECK(decode_sound(encode(Sound{})) == Sound{});
  Sound one;
  one.begins_ms = 200;
  one.windows.push_back({3, {0x3ad5be2c, 1, 2, 3, 4, 5, 6, 7}});
  CHECK(to_hex(encode(one)) ==
        "01c80101033ad5be2c0000000100000002000000030000000400000005000000060000000700");
}

TEST_CASE("of sounds what encode would not write is refused: cut anywhere, or any byte changed") {
  const Bytes good = encode(example());
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS(decode_sound(ByteView(good).first(size)), Error);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0xFF;
    try {
      const Sound read = decode_sound(bad);
      CHECK(encode(read) == bad);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_THROWS_AS(decode_sound(longer), Error);
  CHECK_THROWS_AS(decode_sound(Bytes(kMostSoundBytes + 1, 0)), Error);
  Sound late;
  late.windows.push_back({static_cast<std::uint32_t>(kMostSoundWindows), {}});
  CHECK_THROWS_AS(decode_sound(encode(late)), Error);
}

TEST_CASE("a part of a recording is found where it belongs, at any word, through another encoding") {
  const auto whole = words_of(7, 400);
  for (const std::size_t first : {std::size_t{64}, std::size_t{101}, std::size_t{203}}) {
    const auto matches = matches_of(noisy(part(whole, first, 100), 3, 5), whole);
    REQUIRE(matches.size() == 1);
    CHECK(std::int64_t{matches[0].other_from} - matches[0].question_from == static_cast<std::int64_t>(first));
    CHECK(matches[0].windows >= 10);
    CHECK(matches[0].distance < matches[0].elsewhere / 2);
  }
  CHECK(matches_of(words_of(8, 400), whole).empty());
}

TEST_CASE("two windows are not enough, three that are near are") {
  const auto whole = words_of(9, 400);
  CHECK(matches_of(part(whole, 80, 23), whole).empty());
  CHECK(matches_of(part(whole, 80, 32), whole).size() == 1);
}

TEST_CASE("a recording that was cut is found in its pieces, each at its place") {
  const auto whole = words_of(10, 600);
  auto cut = part(whole, 300, 120);
  const auto other = part(whole, 40, 120);
  cut.insert(cut.end(), other.begin(), other.end());
  const auto matches = matches_of(cut, whole);
  REQUIRE(matches.size() == 2);
  CHECK(std::int64_t{matches[0].other_from} - matches[0].question_from == 300);
  CHECK(std::int64_t{matches[1].other_from} - matches[1].question_from == 40 - 120);
}

TEST_CASE("steady sounds are near to each other everywhere, and so are no match") {
  const auto steady = [](unsigned seed) {  // around one pattern, however long it lasts
    std::vector<SoundWord> words(400, 0x5a5a1234);
    return noisy(words, 3, seed);
  };
  const SoundTrack one = track_of(sound_from(steady(1))), other = track_of(sound_from(steady(2)));
  const auto sightings = sightings_of(one, other);
  REQUIRE(sightings.size() > 100);
  CHECK(match_sounds(one, other, sightings).empty());
  CHECK(matches_of(std::vector<SoundWord>(400, 0x1234), std::vector<SoundWord>(400, 0x1234)).empty());
}

TEST_CASE("what is near at one place only, and how near, decides by the number of windows") {
  const auto with = [](std::uint32_t windows, double distance) {
    SoundMatch match;
    match.windows = windows;
    match.distance = distance;
    match.elsewhere = 100;
    return convincing(match);
  };
  CHECK(!with(2, 0));
  CHECK(with(3, 28));
  CHECK(!with(3, 29));
  CHECK(with(4, 35));
  CHECK(!with(5, 43));
  CHECK(with(500, 52));
  CHECK(!with(500, 53));
  SoundMatch alone;
  alone.windows = 10;
  CHECK(!convincing(alone));  // there is nothing to compare with
}

TEST_CASE("the worker hears the same at another rate, with more channels, and quieter; another melody not") {
  const Sound mono = heard(wav_of(melody(1, 12, 16'000), 16'000), kWav);
  CHECK(mono.problem.empty());
  REQUIRE(mono.windows.size() >= 8);
  std::vector<double> stereo;
  for (const double sample : melody(1, 12, 44'100, 0.03)) stereo.insert(stereo.end(), {sample, sample});
  CHECK(mean_distance(mono, heard(wav_of(stereo, 44'100, 2), kWav)) <= 16);
  CHECK(mean_distance(mono, heard(wav_of(melody(2, 12, 16'000), 16'000), kWav)) >= 80);
}

TEST_CASE("what cannot be heard has no windows, and says why") {
  const auto nothing = [](const Bytes& file) {
    const Sound sound = heard(file, kWav);
    CHECK(sound.empty());
    return sound.problem;
  };
  CHECK(nothing(wav_of(std::vector<double>(16'000 * 10, 0), 16'000)) == "nothing is to be heard");
  CHECK(nothing(wav_of(melody(1, 2, 16'000), 16'000)) == "too short to be told by its sound");
  CHECK(nothing(wav_of(melody(1, 20, 2'000), 2'000)) == "no sound could be decoded");
  CHECK(!nothing(Bytes(200, 7)).empty());
  CHECK(!nothing(Bytes(as_bytes("RIFF\0\0\0\0WAVE").begin(), as_bytes("RIFF\0\0\0\0WAVE").end())).empty());
  CHECK(heard(wav_of(melody(1, 12, 16'000), 16'000), kWav, false).empty());
}

TEST_CASE("silence before and behind is left out, and times stay those of the file") {
  std::vector<double> samples(16'000 * 10, 0);
  const auto song = melody(1, 8, 16'000);
  samples.insert(samples.end(), song.begin(), song.end());
  samples.resize(samples.size() + 16'000 * 10, 0);
  const Sound sound = heard(wav_of(samples, 16'000), kWav);
  REQUIRE(!sound.empty());
  CHECK(time_ms_of(sound, sound.windows.front()) >= 7'000);
  CHECK(time_ms_of(sound, sound.windows.back()) <= 17'500);
}

TEST_CASE("of a long recording the first twenty minutes are heard") {
  const Sound sound = heard(wav_of(melody(1, 1300, 8'000), 8'000), kWav);
  CHECK(sound.windows.size() == kMostSoundWindows);
  CHECK(sound.problem.empty());
}
