// Opens, reads and closes every file of a tree, and does nothing with the bytes: nobody who reads files can
// be faster. Also warms the page cache for tools/bench.
//
//   dalil_bare_walk DIRECTORY [THREADS]
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kBufferSize = 256 * 1024;

struct Totals {
  std::atomic<std::uint64_t> files{0}, bytes{0}, failed{0};
};

/// Appends every regular file below `directory`; symbolic links are not followed.
void list_files(const std::string& directory, std::vector<std::string>& files) {
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = directory + "/" + name;
    if (entry->d_type == DT_DIR) list_files(path, files);
    if (entry->d_type == DT_REG) files.push_back(path);
  }
  closedir(stream);
}

void read_file(const std::string& path, std::vector<char>& buffer, Totals& totals) {
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    ++totals.failed;
    return;
  }
  struct stat status {};
  if (fstat(fd, &status) != 0) ++totals.failed;
  ssize_t count = 0;
  while ((count = read(fd, buffer.data(), buffer.size())) > 0)
    totals.bytes += static_cast<std::uint64_t>(count);
  if (count < 0) ++totals.failed;
  ++totals.files;
  close(fd);
}

void read_all(const std::vector<std::string>& files, unsigned thread_count, Totals& totals) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i)
    threads.emplace_back([&] {
      std::vector<char> buffer(kBufferSize);
      for (std::size_t at = next++; at < files.size(); at = next++) read_file(files[at], buffer, totals);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s DIRECTORY [THREADS]\n", argv[0]);
    return 2;
  }
  const unsigned threads =
      argc == 3 ? static_cast<unsigned>(std::atoi(argv[2])) : std::thread::hardware_concurrency();
  std::vector<std::string> files;
  list_files(argv[1], files);
  Totals totals;
  read_all(files, threads == 0 ? 1 : threads, totals);
  std::printf("%llu files, %llu bytes, %llu failed\n", static_cast<unsigned long long>(totals.files),
              static_cast<unsigned long long>(totals.bytes), static_cast<unsigned long long>(totals.failed));
  return totals.failed == 0 ? 0 : 1;
}
