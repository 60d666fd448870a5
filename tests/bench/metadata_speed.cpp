// dalil_metadata_speed FOLDER [PARSER]: how fast one persistent worker looks into the pictures below FOLDER.
//
// This process and its worker share one processor. Prints files, the best of the rounds by the wall clock and
// by processor time of both, and files a second of the latter, which other work on the machine changes
// little.

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <string>
#include <vector>

#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"

namespace {

using namespace dalil;

constexpr int kRounds = 5;
constexpr std::size_t kAhead = 128;

void keep_to_one_processor() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &processors);
  sched_setaffinity(0, sizeof processors, &processors);
}

/// Nanoseconds on a processor, as the kernel's scheduler counts them.
double processor_seconds(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/schedstat");
  double nanoseconds = 0;
  in >> nanoseconds;
  return nanoseconds / 1e9;
}

pid_t child_of(pid_t parent) {
  for (const auto& entry : boost::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream in(entry.path().string() + "/stat");
    std::string line;
    std::getline(in, line);
    const auto end = line.rfind(") ");
    if (end != std::string::npos && line.size() > end + 4 && std::atoi(line.c_str() + end + 4) == parent)
      return pid;
  }
  return 0;
}

struct Picture {
  std::string path;
  media::Sniffed sniffed;
};

std::vector<Picture> pictures_below(const char* folder) {
  std::vector<Picture> found;
  Bytes head(4096);
  for (const auto& entry : boost::filesystem::recursive_directory_iterator(folder)) {
    if (!boost::filesystem::is_regular_file(entry.path())) continue;
    const files::Fd file(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t size = file ? pread(file.get(), head.data(), head.size(), 0) : 0;
    const auto sniffed =
        media::sniff(ByteView(head).first(static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
    if (sniffed.kind == media::MediaKind::photo) found.push_back({entry.path().string(), sniffed});
  }
  return found;
}

std::size_t look_into(media::ParserClient& client, const std::vector<Picture>& pictures) {
  std::deque<files::Fd> open_files;
  std::size_t with_size = 0;
  const auto take = [&] {
    with_size += client.collect().width > 0;
    open_files.pop_front();
  };
  for (const Picture& picture : pictures) {
    open_files.emplace_back(open(picture.path.c_str(), O_RDONLY | O_CLOEXEC));
    client.submit(open_files.back().get(), picture.sniffed);
    if (open_files.size() >= kAhead) take();
  }
  while (!open_files.empty()) take();
  return with_size;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: dalil_metadata_speed FOLDER [PARSER]\n", stderr);
    return 2;
  }
  keep_to_one_processor();
  const auto pictures = pictures_below(arguments[1]);
  media::ParserOptions options;
  if (count > 2) options.program = arguments[2];
  options.renew_after_files = 1'000'000'000;  // a new worker would hide what the one before has used
  media::ParserClient client(options);
  const bool locked = client.sandbox().complete();
  const pid_t worker = child_of(child_of(getpid()));
  double best_wall = 1e9, best_processor = 1e9;
  std::size_t with_size = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    const double before = processor_seconds(getpid()) + processor_seconds(worker);
    with_size = look_into(client, pictures);
    best_processor =
        std::min(best_processor, processor_seconds(getpid()) + processor_seconds(worker) - before);
    best_wall =
        std::min(best_wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  std::printf(
      "%zu pictures, %zu with a size; sandbox %s; wall %.3f s; processor %.3f s; %.0f files a second\n",
      pictures.size(), with_size, locked ? "complete" : "INCOMPLETE", best_wall, best_processor,
      static_cast<double>(pictures.size()) / best_processor);
  return 0;
}
