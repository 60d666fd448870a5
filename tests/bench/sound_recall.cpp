// dalil_sound_recall DIRECTORY ORIGINALS VARIANTS DISTRACTORS [INVENTED]
// dalil_sound_recall --write FOLDER N
//
// The second writes the first N invented sounds to FOLDER as WAV files. The first takes the files of
// ORIGINALS (NAME.EXT) into a fresh archive in DIRECTORY, with those of DISTRACTORS and so many invented
// sounds beside them, and asks for each file of VARIANTS (NAME.CHANGE.MS.EXT, where MS is at which
// millisecond of the original it begins). Prints per change how many were found, by what they are originals
// of (speech, invented sounds, recordings: the first letter of NAME), and how many at the right second. Then
// each distractor is asked for among all others: whatever is found is false. tests/bench/sounds.py makes the
// files and calls this.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "dalil/archive/similar.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "invented_sound.hpp"

namespace {

using namespace dalil;
namespace fs = boost::filesystem;

constexpr unsigned kThreads = 2;
constexpr double kInventedSeconds = 20;
constexpr std::size_t kAhead = 16;

/// "p0001.trimmed-to-half.5370.m4a"
struct Name {
  std::string of, change;
  std::int64_t begins_ms = 0;
};
Name split_name(const fs::path& path) {
  const std::string stem = path.stem().string();
  const auto dot = stem.find('.'), last = stem.rfind('.');
  if (dot == std::string::npos) return {stem, "", 0};
  return {stem.substr(0, dot), stem.substr(dot + 1, last - dot - 1), std::atol(stem.c_str() + last + 1)};
}

std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::is_regular_file(entry.path())) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

media::ParserClient listener() {
  media::ParserOptions options;
  options.wall_limit = media::kDecodingLimit;
  options.work = media::ParserWork::fingerprints;
  return media::ParserClient(options);
}

media::Fingerprints looks_of(media::ParserClient& parser, const fs::path& path) {
  const files::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Bytes head(4096);
  std::ifstream in(path.string(), std::ios::binary);
  in.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  parser.submit(fd.get(), media::sniff(head));
  return parser.collect_fingerprints();
}

void append_little(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A WAV file.
Bytes wav_of(const std::vector<std::int16_t>& samples) {
  Bytes wav;
  const auto size = static_cast<std::uint32_t>(samples.size() * 2);
  append(wav, as_bytes("RIFF"));
  append_little(wav, 36 + size, 4);
  append(wav, as_bytes("WAVEfmt "));
  append_little(wav, 16, 4);
  append_little(wav, 1, 2);  // PCM
  append_little(wav, 1, 2);
  append_little(wav, bench::kInventedRate, 4);
  append_little(wav, bench::kInventedRate * 2, 4);
  append_little(wav, 2, 2);
  append_little(wav, 16, 2);
  append(wav, as_bytes("data"));
  append_little(wav, size, 4);
  for (const std::int16_t sample : samples) append_little(wav, static_cast<std::uint16_t>(sample), 2);
  return wav;
}

files::Fd in_memory(const Bytes& wav) {
  files::Fd fd(memfd_create("invented", MFD_CLOEXEC));
  if (write(fd.get(), wav.data(), wav.size()) != static_cast<ssize_t>(wav.size())) fd.reset();
  return fd;
}

/// Everything that is in the archive, by its row.
struct Collection {
  std::map<archive::Row, std::string> names;
  std::map<archive::Row, media::Fingerprints> looks;
  std::set<archive::Row> distractors;
};

class Store {
 public:
  Store(archive::Archive& archive, Collection& all) : editor_(archive.edit()), all_(all) {
    archive::Volume volume;
    volume.label = "bench";
    copy_.volume = editor_.add_volume(volume);
    copy_.tags.resize(1);
  }
  archive::Row add(const std::string& name, media::Fingerprints looks, bool distractor) {
    copy_.name = name;
    copy_.digest = crypto::sha256(as_bytes(name));
    copy_.size_bytes = 1;
    const archive::Row item = editor_.add_copy(copy_).item;
    editor_.add_fingerprints(item, looks);
    if (editor_.uncommitted() > 20'000) editor_.commit();
    all_.names[item] = name;
    all_.looks[item] = std::move(looks);
    if (distractor) all_.distractors.insert(item);
    return item;
  }
  void commit() { editor_.commit(); }

 private:
  archive::Editor editor_;
  Collection& all_;
  archive::Copy copy_;
};

void add_invented(Store& store, std::uint32_t count) {
  media::ParserClient parser = listener();
  std::deque<std::pair<files::Fd, std::string>> ahead;
  const auto collect = [&] {
    store.add(ahead.front().second, parser.collect_fingerprints(), true);
    ahead.pop_front();
  };
  constexpr std::uint32_t kFirst = 100'000;  // the originals have smaller numbers
  for (std::uint32_t number = kFirst; number < kFirst + count; ++number) {
    const bench::InventedSound sound(number, kInventedSeconds);
    ahead.emplace_back(in_memory(wav_of(sound.pcm())),
                       std::string(sound.name()) + "-" + std::to_string(number));
    parser.submit(ahead.back().first.get(), {media::MediaKind::audio, "wav"});
    if (parser.pending() > kAhead) collect();
  }
  while (parser.pending() > 0) collect();
}

struct Tally {
  std::map<char, std::pair<unsigned, unsigned>> found;  ///< found, asked
  unsigned timed = 0, others = 0;
};

int write_invented(const std::string& folder, std::uint32_t count) {
  for (std::uint32_t number = 0; number < count; ++number) {
    char name[32];
    std::snprintf(name, sizeof name, "/i%05u.wav", number);
    const Bytes wav = wav_of(bench::InventedSound(number, kInventedSeconds).pcm());
    std::ofstream(folder + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(wav.data()), static_cast<std::streamsize>(wav.size()));
  }
  return 0;
}

double seconds(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// Whether a stretch is where it should be, to a second; what runs at another speed is off by the drift
/// alone.
bool is_timed(const archive::Likeness& likeness, std::int64_t begins_ms) {
  constexpr std::int64_t kClose = 1000;
  return std::ranges::any_of(likeness.sound->stretches, [&](const archive::Stretch& one) {
    const std::int64_t off = std::int64_t{one.from_ms} - one.question_from_ms - begins_ms;
    return std::abs(off) <= kClose;
  });
}

void ask_for_variants(archive::View& view, const archive::Looks& looks, const Collection& all,
                      const std::string& folder) {
  std::map<std::string, Tally> tallies;
  media::ParserClient parser = listener();
  const bool verbose = std::getenv("DALIL_BENCH_VERBOSE") != nullptr;
  double asking = 0;
  unsigned asked = 0;
  for (const fs::path& path : files_in(folder)) {
    const Name name = split_name(path);
    Tally& tally = tallies[name.change];
    auto& [of_kind, asked_of_kind] = tally.found[name.of.front()];
    ++asked_of_kind, ++asked;
    const media::Fingerprints question = looks_of(parser, path);
    std::vector<archive::Likeness> found;
    asking += seconds([&] { found = looks.find(view, question, {.threads = kThreads}); });
    bool it = false;
    for (const archive::Likeness& one : found) {
      const bool own = all.names.at(one.item) == name.of;
      it = it || own;
      if (own && is_timed(one, name.begins_ms)) ++tally.timed;
      if (!own) ++tally.others;
      if (verbose && !own)
        std::fprintf(stderr, "false: %s for %s\n", all.names.at(one.item).c_str(), path.filename().c_str());
    }
    if (it) ++of_kind;
    if (verbose && !it) std::fprintf(stderr, "lost: %s\n", path.filename().c_str());
  }
  std::printf(
      "| change | speech | invented | recordings | at the right second | others |\n"
      "|---|---:|---:|---:|---:|---:|\n");
  for (auto& [change, tally] : tallies) {
    std::printf("| %s |", change.c_str());
    for (const char kind : {'s', 'i', 'r'})
      std::printf(" %u of %u |", tally.found[kind].first, tally.found[kind].second);
    std::printf(" %u | %u |\n", tally.timed, tally.others);
  }
  std::printf("\n%u questions, %.1f ms each\n", asked, asking * 1000 / std::max(1U, asked));
}

/// Each distractor against all others.
void ask_for_distractors(archive::View& view, const archive::Looks& looks, const Collection& all) {
  std::size_t false_pairs = 0, telling = 0;
  for (const archive::Row item : all.distractors) {
    if (!all.looks.at(item).sound.empty()) ++telling;
    for (const archive::Likeness& one : looks.find(view, all.looks.at(item), {.threads = kThreads})) {
      if (one.item == item) continue;
      ++false_pairs;
      std::printf("false: %s ~ %s: %zu windows, %.0f bits\n", all.names.at(item).c_str(),
                  all.names.at(one.item).c_str(), one.sound->windows, one.sound->distance);
    }
  }
  std::printf(
      "%zu of %zu distractors have a sound on record; each asked for among %zu items: %zu false answers\n",
      telling, all.distractors.size(), all.names.size() - 1, false_pairs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--write")
    return write_invented(argv[2], static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  if (argc < 5)
    return std::fprintf(stderr,
                        "usage: dalil_sound_recall DIRECTORY ORIGINALS VARIANTS DISTRACTORS [INVENTED]\n"),
           2;
  const auto invented = static_cast<std::uint32_t>(argc > 5 ? std::strtoul(argv[5], nullptr, 10) : 2'000);
  const ledger::Keyring ring = ledger::Keyring::generate("Bench");
  archive::Archive::create(argv[1], ring, {{"bench.age", Bytes{1}}});
  archive::Archive archive = archive::Archive::open(argv[1], ring.clone());
  Collection all;
  std::size_t originals = 0;
  {
    Store store(archive, all);
    media::ParserClient parser = listener();
    for (const fs::path& path : files_in(argv[2]))
      store.add(path.stem().string(), looks_of(parser, path), false), ++originals;
    for (const fs::path& path : files_in(argv[4]))
      store.add(path.stem().string(), looks_of(parser, path), true);
    add_invented(store, invented);
    store.commit();
  }
  archive::View view = archive.view();
  const archive::Looks looks = archive::Looks::load(archive, kThreads);
  std::printf("%zu originals, %zu distractors, %zu rows\n\n", originals, all.distractors.size(),
              looks.size());
  ask_for_variants(view, looks, all, argv[3]);
  ask_for_distractors(view, looks, all);
  return 0;
}
