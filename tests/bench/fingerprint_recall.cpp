// dalil_fingerprint_recall DIRECTORY ORIGINALS VARIANTS [DISTRACTORS [CHOSEN]]
//
// Takes the files of ORIGINALS (NAME.EXT) into a fresh archive in DIRECTORY, with so many generated pictures
// beside them, and asks for each file of VARIANTS (NAME.CHANGE.EXT). Prints per change how many were found,
// by Dalil and by plain PDQ at 31 bits, and how many others were taken for them. Originals that look like one
// before them are left out; CHOSEN gets the names of the others, and with it nothing else is done.
// tests/bench/fingerprints.py makes the files and calls this. DALIL_BENCH_SEED in the environment makes other
// pictures; with DALIL_BENCH_VERBOSE each answer is printed to standard error.

#include <cstdio>
// jpeglib.h needs what stdio.h declares.
#include <fcntl.h>
#include <jpeglib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cmath>
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
#include "invented.hpp"

namespace {

using namespace dalil;
namespace fs = boost::filesystem;

constexpr unsigned kThreads = 2;

struct Looked {
  std::string name, change;
  media::Fingerprints looks, other_guess;
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
    media::Looks looks = parser.collect_looks();
    out.push_back({name, change, std::move(looks.fingerprints), std::move(looks.other_guess)});
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

/// A JPEG in memory, as a messenger might have written it.
files::Fd jpeg_of(const media::Luma& luma, int quality) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = luma.width;
  jpeg.image_height = luma.height;
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW line = const_cast<JSAMPLE*>(luma.values.data()) + std::size_t{jpeg.next_scanline} * luma.width;
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  files::Fd fd(memfd_create("distractor", MFD_CLOEXEC));
  if (write(fd.get(), bytes, size) != static_cast<ssize_t>(size)) fd.reset();
  std::free(bytes);
  return fd;
}

/// A video's name is its number and the photos that it shows: "v01+p0001+p0017".
bool shows(const std::string& one, const std::string& other) {
  return one.find(other) != std::string::npos || other.find(one) != std::string::npos;
}

bool is_distractor(const std::string& name) {
  return name.starts_with("distractor-");
}

/// How many of the groups hold a distractor, and how many only such.
void print_groups(const std::vector<archive::VersionGroup>& groups,
                  std::map<archive::Row, std::string>& names) {
  std::size_t mixed = 0, only = 0;
  for (const archive::VersionGroup& group : groups) {
    const auto count = std::count_if(group.begin(), group.end(),
                                     [&](const auto& one) { return is_distractor(names[one.item]); });
    if (count == static_cast<std::ptrdiff_t>(group.size()))
      ++only;
    else if (count > 0)
      ++mixed;
  }
  std::printf("%zu groups, %zu of distractors alone, %zu of distractors and originals\n", groups.size(), only,
              mixed);
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

/// Invented scenes, looked at by the worker as files are, some ahead of what is stored.
void add_distractors(Store& store, unsigned long count, std::map<archive::Row, std::string>& names) {
  constexpr std::size_t kAhead = 32;
  const char* seed = std::getenv("DALIL_BENCH_SEED");
  bench::Inventor inventor(seed == nullptr ? 20171109
                                           : static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10)));
  media::ParserOptions options;
  options.work = media::ParserWork::fingerprints;
  media::ParserClient parser(options);
  std::deque<files::Fd> ahead;
  unsigned long made = 0, dim = 0;
  const auto collect = [&] {
    const media::Fingerprints looks = parser.collect_fingerprints();
    ahead.pop_front();
    if (looks.prints.empty() || looks.prints.front().quality < 50) ++dim;
    const std::string name = "distractor-" + std::to_string(made++);
    names[store.add(name, looks)] = name;
  };
  for (unsigned long i = 0; i < count; ++i) {
    ahead.push_back(jpeg_of(inventor.scene(), 60 + static_cast<int>(i % 33)));
    parser.submit(ahead.back().get(), {media::MediaKind::photo, "jpeg"});
    if (parser.pending() > kAhead) collect();
  }
  while (parser.pending() > 0) collect();
  std::printf("%lu distractors, %lu of them of a quality below 50\n", made, dim);
}

struct Tally {
  unsigned asked = 0, found = 0, plain = 0, others = 0, distractors = 0;
};

void print_tally(const std::map<std::string, Tally>& tallies) {
  std::printf(
      "| change | asked | found | share | plain PDQ | others taken for it | distractors "
      "|\n|---|---:|---:|---:|---:|---:|---:|\n");
  for (const auto& [change, tally] : tallies)
    std::printf("| %s | %u | %u | %.3f | %.3f | %u | %u |\n", change.c_str(), tally.asked, tally.found,
                double(tally.found) / tally.asked, double(tally.plain) / tally.asked, tally.others,
                tally.distractors);
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
    std::printf("adding distractors took %.0f s\n",
                seconds([&] { add_distractors(store, distractors, names); }));
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
    asking += seconds([&] {
      found = looks->find_any(view, std::array{one.looks, one.other_guess}, {.threads = kThreads});
    });
    bool it = false;
    for (const archive::Likeness& likeness : found) {
      const bool own = likeness.item == original->second;
      it = it || own;
      if (is_distractor(names[likeness.item]))
        ++tally.distractors;
      else if (!own && !shows(names[likeness.item], one.name))
        ++tally.others;
      if (verbose && likeness.alignment)
        std::fprintf(stderr, "%s %s.%s %d %.3f %.3f %.3f %.3f %.4f\n",
                     own ? "own" : ("OTHER " + names[likeness.item]).c_str(), one.name.c_str(),
                     one.change.c_str(), likeness.distance, likeness.alignment->likeness,
                     likeness.alignment->detail, likeness.alignment->altered, likeness.alignment->shown,
                     likeness.alignment->intricacy);
    }
    if (it) ++tally.found;
    if (verbose && !it) std::fprintf(stderr, "lost %s.%s\n", one.name.c_str(), one.change.c_str());
  }
  print_tally(tallies);
  std::printf("\n%u questions, %.1f ms each with verification\n", asked, asking * 1000 / std::max(1U, asked));
  std::vector<archive::VersionGroup> groups;
  const double grouping = seconds([&] { groups = archive::duplicates(view, *looks, {.threads = kThreads}); });
  std::printf("duplicates among all %zu items in %.1f s: ", std::size_t{view.item_count()}, grouping);
  print_groups(groups, names);
  return 0;
}
