// dalil_fingerprint_recall DIRECTORY ORIGINALS VARIANTS [DISTRACTORS [CHOSEN]]
//
// Takes the files of ORIGINALS (NAME.EXT) into a fresh archive in DIRECTORY, with so many generated pictures
// beside them, and asks for each file of VARIANTS (NAME.CHANGE.EXT). Prints per change how many were found,
// by Dalil and by plain PDQ at 31 bits, and how many others were taken for them. Originals that look like one
// before them are left out; CHOSEN gets the names of the others, and with it nothing else is done.
// tests/bench/fingerprints.py makes the files and calls this.

#include <fcntl.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "dalil/archive/similar.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"

namespace {

using namespace dalil;
namespace fs = boost::filesystem;

constexpr unsigned kThreads = 2;

struct Looked {
  std::string name, change;
  media::Fingerprints looks;
};

std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::is_regular_file(entry.path())) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// "IMG.crop10.jpg": what it was made of, and how.
std::pair<std::string, std::string> split_name(const fs::path& path) {
  const std::string stem = path.stem().string();
  const auto dot = stem.find('.');
  return {stem.substr(0, dot), dot == std::string::npos ? "" : stem.substr(dot + 1)};
}

std::vector<Looked> look_at(const std::vector<fs::path>& paths, media::ParserWork work) {
  media::ParserOptions options;
  options.wall_limit = media::kDecodingLimit;
  options.work = work;
  media::ParserClient parser(options);
  std::vector<Looked> out;
  for (const fs::path& path : paths) {
    const files::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const Bytes head = [&] {
      Bytes bytes(4096);
      std::ifstream in(path.string(), std::ios::binary);
      in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      bytes.resize(static_cast<std::size_t>(in.gcount()));
      return bytes;
    }();
    parser.submit(fd.get(), media::sniff(head));
    auto [name, change] = split_name(path);
    out.push_back({name, change, parser.collect_fingerprints()});
  }
  return out;
}

const media::Fingerprint* print_of(const media::Fingerprints& looks, media::Part part) {
  for (const media::Fingerprint& print : looks.prints)
    if (print.part == part) return &print;
  return nullptr;
}

/// What plain PDQ makes of the picture: all of it, borders and all.
const media::Fingerprint* plain_of(const media::Fingerprints& looks) {
  const auto* bordered = print_of(looks, media::Part::bordered);
  return bordered != nullptr ? bordered : print_of(looks, media::Part::whole);
}

bool is_clip(const media::Fingerprints& looks) {
  return !looks.prints.empty() && looks.prints.front().part == media::Part::frame;
}

/// Frames of both one second apart, and a hit if any pair is near.
bool plainly_same(const media::Fingerprints& a, const media::Fingerprints& b) {
  constexpr int kNear = 31;
  if (!is_clip(a)) {
    const auto *one = plain_of(a), *other = plain_of(b);
    return one != nullptr && other != nullptr && media::distance(one->hash, other->hash) <= kNear;
  }
  std::int64_t next = 0;
  for (const media::Fingerprint& one : a.prints) {
    if (one.time_ms < next) continue;
    next = one.time_ms / 1000 * 1000 + 1000;
    for (const media::Fingerprint& other : b.prints)
      if (media::distance(one.hash, other.hash) <= kNear) return true;
  }
  return false;
}

/// Pictures that look like none before them, in any pose, and show enough to be told by.
std::vector<Looked> distinct(std::vector<Looked> all) {
  constexpr int kApart = 88;
  constexpr std::uint8_t kEnough = 50;
  std::vector<Looked> out;
  for (Looked& one : all) {
    const auto* print = print_of(one.looks, media::Part::whole);
    if (!is_clip(one.looks)) {
      if (print == nullptr || print->quality < kEnough ||
          std::min(one.looks.width, one.looks.height) < media::kWorkingSide)
        continue;
      bool alike = false;
      for (const Looked& other : out) {
        if (is_clip(other.looks)) continue;
        for (std::size_t pose = 0; pose < media::kPoses; ++pose)
          for (const media::Fingerprint& part : other.looks.prints)
            alike = alike || media::distance(media::posed(print->hash, static_cast<media::Pose>(pose)),
                                             part.hash) < kApart;
      }
      if (alike) continue;
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// A picture of nothing: clouds of several sizes, and some shapes with edges. As different from each other as
/// chance makes them.
media::Luma invent(std::mt19937& random) {
  media::Luma luma{128, 96, {}};
  std::uniform_real_distribution<double> any(0, 1);
  std::vector<double> values(std::size_t{luma.width} * luma.height, 0.0);
  const double roughness = 0.4 + 0.5 * any(random);
  double strength = 1;
  for (std::uint32_t cells = 2; cells <= 32; cells *= 2, strength *= roughness) {
    std::vector<double> grid(std::size_t{cells + 2} * (cells + 2));
    for (double& node : grid) node = any(random) - 0.5;
    for (std::uint32_t y = 0; y < luma.height; ++y)
      for (std::uint32_t x = 0; x < luma.width; ++x) {
        const double u = double(x) * cells / luma.width, v = double(y) * cells / luma.height;
        const auto left = static_cast<std::size_t>(u), top = static_cast<std::size_t>(v);
        const double fx = u - double(left), fy = v - double(top);
        const double* at = grid.data() + top * (cells + 2) + left;
        values[std::size_t{y} * luma.width + x] +=
            strength * ((at[0] * (1 - fx) + at[1] * fx) * (1 - fy) +
                        (at[cells + 2] * (1 - fx) + at[cells + 3] * fx) * fy);
      }
  }
  const int shapes = static_cast<int>(any(random) * 12);
  for (int i = 0; i < shapes; ++i) {
    const double cx = any(random) * luma.width, cy = any(random) * luma.height;
    const double rx = any(random) * luma.width / 4 + 4, ry = any(random) * luma.height / 4 + 4;
    const double shade = any(random) * 2 - 1;
    const bool round = any(random) < 0.5;
    for (std::uint32_t y = 0; y < luma.height; ++y)
      for (std::uint32_t x = 0; x < luma.width; ++x) {
        const double dx = std::abs(x - cx) / rx, dy = std::abs(y - cy) / ry;
        if (round ? dx * dx + dy * dy < 1 : dx < 1 && dy < 1) values[std::size_t{y} * luma.width + x] = shade;
      }
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = *least, scale = 255 / std::max(1e-6, *most - *least);
  for (const double value : values) luma.values.push_back(static_cast<std::uint8_t>((value - low) * scale));
  return luma;
}

/// A video's name is its number and the photos that it shows: "v01+p0001+p0017".
bool shows(const std::string& one, const std::string& other) {
  return one.find(other) != std::string::npos || other.find(one) != std::string::npos;
}

class Store {
 public:
  explicit Store(archive::Archive& archive) : editor_(archive.edit()) {
    archive::Volume volume;
    volume.label = "bench";
    copy_.volume = editor_.add_volume(volume);
    copy_.tags.resize(1);
  }
  archive::Row add(const std::string& name, const media::Fingerprints& looks) {
    copy_.name = name;
    copy_.digest = crypto::sha256(as_bytes(name));
    copy_.size_bytes = 1;
    const archive::Row item = editor_.add_copy(copy_).item;
    editor_.add_fingerprints(item, looks);
    if (editor_.uncommitted() > 20'000) editor_.commit();
    return item;
  }
  void commit() { editor_.commit(); }

 private:
  archive::Editor editor_;
  archive::Copy copy_;
};

struct Tally {
  unsigned asked = 0, found = 0, plain = 0, others = 0;
};

void print_tally(const std::map<std::string, Tally>& tallies) {
  std::printf(
      "| change | asked | found | share | plain PDQ | others taken for it "
      "|\n|---|---:|---:|---:|---:|---:|\n");
  for (const auto& [change, tally] : tallies)
    std::printf("| %s | %u | %u | %.3f | %.3f | %u |\n", change.c_str(), tally.asked, tally.found,
                double(tally.found) / tally.asked, double(tally.plain) / tally.asked, tally.others);
}

double seconds(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

int choose(const std::string& originals, const std::string& chosen) {
  std::ofstream out(chosen);
  for (const Looked& one : distinct(look_at(files_in(originals), media::ParserWork::fingerprints)))
    out << one.name << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    return std::fprintf(stderr,
                        "usage: dalil_fingerprint_recall DIRECTORY ORIGINALS VARIANTS [DISTRACTORS]\n"),
           2;
  if (argc > 5) return choose(argv[2], argv[5]);
  const std::string path = argv[1];
  const unsigned long distractors = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 100'000;
  const ledger::Keyring ring = ledger::Keyring::generate("Bench");
  archive::Archive::create(path, ring, {{"bench.age", Bytes{1}}});
  archive::Archive archive = archive::Archive::open(path, ring.clone());
  std::map<std::string, archive::Row> rows;
  std::map<archive::Row, std::string> names;
  std::map<std::string, media::Fingerprints> originals;
  {
    Store store(archive);
    for (Looked& one : look_at(files_in(argv[2]), media::ParserWork::fingerprints)) {
      rows[one.name] = store.add(one.name, one.looks);
      names[rows[one.name]] = one.name;
      originals[one.name] = std::move(one.looks);
    }
    std::mt19937 random(20171109);
    for (unsigned long i = 0; i < distractors; ++i) {
      media::Fingerprints looks = media::fingerprints_of(invent(random), false);
      looks.width = 128, looks.height = 96;
      store.add("distractor " + std::to_string(i), looks);
    }
    store.commit();
  }
  archive::View view = archive.view();
  std::optional<archive::Looks> looks;
  const double loading = seconds([&] { looks.emplace(archive::Looks::load(archive, kThreads)); });
  std::printf("%zu originals, %lu distractors, %zu fingerprints loaded in %.0f ms\n\n", originals.size(),
              distractors, looks->size(), loading * 1000);
  std::map<std::string, Tally> tallies;
  double asking = 0;
  unsigned asked = 0;
  const bool verbose = std::getenv("DALIL_BENCH_VERBOSE") != nullptr;
  for (const Looked& one : look_at(files_in(argv[3]), media::ParserWork::question)) {
    const auto original = rows.find(one.name);
    if (original == rows.end()) continue;
    Tally& tally = tallies[one.change];
    ++tally.asked, ++asked;
    if (plainly_same(one.looks, originals[one.name])) ++tally.plain;
    std::vector<archive::Likeness> found;
    asking += seconds([&] { found = looks->find(view, one.looks, {.threads = kThreads}); });
    bool it = false;
    for (const archive::Likeness& likeness : found) {
      const bool own = likeness.item == original->second;
      it = it || own;
      if (!own && !shows(names[likeness.item], one.name)) ++tally.others;
      if (verbose && likeness.alignment)
        std::fprintf(stderr, "%s %s.%s %d %.3f %.3f %.3f\n",
                     own ? "own" : ("OTHER " + names[likeness.item]).c_str(), one.name.c_str(),
                     one.change.c_str(), likeness.distance, likeness.alignment->likeness,
                     likeness.alignment->detail, likeness.alignment->altered);
    }
    if (it) ++tally.found;
    if (verbose && !it) std::fprintf(stderr, "lost %s.%s\n", one.name.c_str(), one.change.c_str());
  }
  print_tally(tallies);
  std::printf("\n%u questions, %.1f ms each with verification\n", asked, asking * 1000 / std::max(1U, asked));
  std::vector<archive::VersionGroup> groups;
  const double grouping = seconds([&] { groups = archive::duplicates(view, *looks, {.threads = kThreads}); });
  std::printf("duplicates among all %zu items: %zu groups in %.1f s\n", std::size_t{view.item_count()},
              groups.size(), grouping);
  return 0;
}
