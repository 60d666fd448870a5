// Sounds decode or are refused; what decodes is exactly what encode writes, and can be compared.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/media/sound.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const ByteView bytes(data, size);
  media::Sound sound;
  try {
    sound = media::decode_sound(bytes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) std::abort();
    return 0;
  }
  if (media::encode(sound) != Bytes(bytes.begin(), bytes.end())) std::abort();
  const media::SoundTrack track = media::track_of(sound);
  std::vector<media::SoundSighting> sightings;
  for (const media::Sound::Window& window : sound.windows) {
    const auto word = static_cast<std::uint32_t>(window.place * media::kWordsOfWindow);
    if (track.window(word) != window.words) std::abort();
    sightings.push_back({word, word});
  }
  for (const media::SoundMatch& match : media::match_sounds(track, track, sightings))
    if (!media::convincing(match)) std::abort();
  return 0;
}
