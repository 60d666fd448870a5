// How fast questions to an archive of dalil_large_archive are answered, by one process that has it open.
//
//   dalil_find_speed ARCHIVE KEY_FILE [ROUNDS]
//
// Prints a Markdown table: the query, how many items match, the median of the rounds in milliseconds.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "dalil/archive/answers.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/crypto/age.hpp"

namespace {

using namespace dalil;

constexpr const char* kQueries[] = {
    "incident:I-000017",
    "kind:video",
    "size>4M",
    "width>=2560 height<1200",
    "duration>4:30",
    "camera:nikon",
    "software:photoshop",
    "made:2017-09-11",
    "made:2017-09-11T06:00..08:00~1h~zone",
    "near:35.93,36.63~5km",
    "box:35.5,36.1..36.2,37.0",
    "governorate:Idlib",
    "governorate:Idlib weapon:barrel killed>=20",
    "date:2017-09",
    "type:aftermath party:Russian",
    "is:unlinked",
    "volume:drive-1",
    "copies:1",
    "is:damaged",
    "source:S-042",
    "consent:publish",
    "kind:video made:2017 near:35.93,36.63~20km governorate:Idlib",
    "(kind:video or camera:apple) not is:linked",
    "00123456",
    "شيخون",
    "hospital",
    "img 2017 دوما",
    "text:\"barrel bombs\" not kind:photo",
};

std::vector<crypto::age::Identity> identities_in(const char* path) {
  std::ifstream stream(path);
  return crypto::age::Identity::parse_file(std::string(std::istreambuf_iterator<char>(stream), {}));
}

double milliseconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: dalil_find_speed ARCHIVE KEY_FILE [ROUNDS]\n"), 2;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  const auto opened =
      crypto::age::decrypt(ledger::read_slots(argv[1]).front().second, identities_in(argv[2]));
  const archive::Archive archive =
      archive::Archive::open(argv[1], ledger::Keyring::decode(opened.plaintext.view()));
  archive::View view = archive.view();
  std::printf("%s", fmt::format("{} items, {} incidents\n\n| query | matches | ms |\n|---|---|---|\n",
                                view.item_count(), view.incident_count())
                        .c_str());
  for (const char* text : kQueries) {
    archive::Query query;
    query.where = archive::QueryReader{}.read(text);
    std::vector<double> times;
    std::size_t matches = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto began = std::chrono::steady_clock::now();
      matches = archive::find(view, query).size();
      times.push_back(milliseconds_since(began));
    }
    std::printf("%s", fmt::format("| `{}` | {} | {:.1f} |\n", text, matches, median(times)).c_str());
    std::fflush(stdout);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("\npeak memory: %ld MiB, the database's pages that are mapped included\n",
              usage.ru_maxrss / 1024);
  return 0;
}
