// dalil_fingerprint_speed DIRECTORY [FINGERPRINTS]: how long it takes to load so many fingerprints from a
// sealed archive, which is made in DIRECTORY, and to ask for one. Prints medians.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "dalil/archive/similar.hpp"
#include "dalil/crypto/hash.hpp"

namespace {

using namespace dalil;

constexpr unsigned kThreads = 2;
constexpr std::uint64_t kEachItem = 4;

double seconds(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double median_ms(int rounds, const std::function<void()>& act) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) times.push_back(seconds(act) * 1000);
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<std::size_t>(rounds / 2)];
}

media::Pdq chance(std::mt19937_64& random) {
  media::Pdq hash;
  for (auto& word : hash.words) word = random();
  return hash;
}

media::Fingerprints looks_of_chance(std::mt19937_64& random) {
  constexpr media::Part kParts[kEachItem] = {media::Part::whole, media::Part::centre_90,
                                             media::Part::centre_80, media::Part::centre_70};
  media::Fingerprints looks;
  for (const media::Part part : kParts) looks.prints.push_back({part, 100, 0, chance(random)});
  return looks;
}

void fill(archive::Archive& archive, std::uint64_t prints) {
  archive::Editor editor = archive.edit();
  archive::Volume volume;
  volume.label = "bench";
  archive::Copy copy;
  copy.volume = editor.add_volume(volume);
  copy.tags.resize(1);
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < prints / kEachItem; ++i) {
    copy.directory = std::to_string(i / 1000);
    copy.name = std::to_string(i);
    copy.digest = crypto::sha256(as_bytes(copy.name));
    editor.add_fingerprints(editor.add_copy(copy).item, looks_of_chance(random));
    if (editor.uncommitted() > 50'000) editor.commit();
  }
  editor.commit();
}

using Hashes = std::vector<media::Pdq>;

/// What `dalil similar FILE` asks of a picture without borders: the whole in all poses, and the 22 parts
/// upright and mirrored.
Hashes hashes_of_a_picture(std::size_t parts) {
  std::mt19937_64 random(2);
  Hashes asked;
  const media::Pdq whole = chance(random);
  for (std::size_t pose = 0; pose < media::kPoses; ++pose)
    asked.push_back(media::posed(whole, static_cast<media::Pose>(pose)));
  for (std::size_t i = 0; i < parts; ++i) {
    const media::Pdq part = chance(random);
    for (const media::Pose pose : {media::Pose::upright, media::Pose::mirrored})
      asked.push_back(media::posed(part, pose));
  }
  return asked;
}

void ask(const archive::Looks& looks, const Hashes& asked, int limit, const char* what) {
  std::size_t hits = 0;
  const double ms = median_ms(21, [&] { hits = looks.table().search(asked, limit, kThreads).size(); });
  std::printf("%s (%zu hashes), up to %d bits: %.1f ms (%zu hits)\n", what, asked.size(), limit, ms, hits);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: dalil_fingerprint_speed DIRECTORY [FINGERPRINTS]\n"), 2;
  const std::string path = argv[1];
  const std::uint64_t prints = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  const ledger::Keyring ring = ledger::Keyring::generate("Bench");
  archive::Archive::create(path, ring, {{"bench.age", Bytes{1}}});
  archive::Archive archive = archive::Archive::open(path, ring.clone());
  std::printf("making the archive: %.1f s\n", seconds([&] { fill(archive, prints); }));
  std::optional<archive::Looks> looks;
  const double loading = median_ms(3, [&] {
    looks.reset();
    looks.emplace(archive::Looks::load(archive, kThreads));
  });
  std::printf("%zu fingerprints loaded in %.0f ms by %u threads (%s)\n", looks->size(), loading, kThreads,
              media::PrintTable::name_of(media::PrintTable::methods().back()));
  const Hashes poses = hashes_of_a_picture(0), parts = hashes_of_a_picture(22);
  for (const int limit : {31, 80}) {
    ask(*looks, {poses.front()}, limit, "one hash");
    ask(*looks, poses, limit, "a picture in all its poses");
    ask(*looks, parts, limit, "with all parts");
  }
  return 0;
}
