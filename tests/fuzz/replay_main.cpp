// Runs a fuzz target without libFuzzer: the seeds of a directory, then mutations of them from a fixed random
// sequence, until a count or the clock ends it. Finds less than the fuzzer, but runs with every `ctest`.
//
//   <name>_fuzz SEED_DIRECTORY     the regular run; a directory that does not exist means no seeds
//   <name>_fuzz FILE...            these inputs alone, to look at a crash
//
// DALIL_LONG in the environment: a minute of mutations. An input that kills the process is kept in
// `crash-<name>`.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
// Sanitizers end the process without a signal; this is how they let us keep the input all the same.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxInput = 64 * 1024;

// What is being run now, for the handler: it may only call async-signal-safe functions.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
std::string crash_path;

void keep_current_input() {
  const int fd = open(crash_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  const bool written = write(fd, current_data, current_size) == static_cast<ssize_t>(current_size);
  close(fd);
  const char text[] = "replay: the input is kept in crash-<name>\n";
  if (written) (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

void on_fatal_signal(int signal_number) {
  keep_current_input();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void keep_inputs_that_kill(const char* program) {
  crash_path = "crash-" + std::filesystem::path(program).filename().string();
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_current_input);
  signal(SIGABRT, on_fatal_signal);
  if (__sanitizer_set_death_callback != nullptr) return;  // their own SIGSEGV report says more
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(number, on_fatal_signal);
}

void run(const Input& input) {
  // An exact heap block, so that a sanitizer sees the first byte read beyond it.
  const Input exact(input);
  current_data = exact.data();
  current_size = exact.size();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Input read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return Input(std::istreambuf_iterator<char>(stream), {});
}

/// In the order of names, so that two runs do the same.
std::vector<Input> read_seeds(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(directory, absent))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> seeds;
  for (const auto& path : paths) seeds.push_back(read_file(path));
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(std::vector<Input> seeds) : seeds_(std::move(seeds)) {
    seeds_.emplace_back();  // from nothing, too
    seeds_.emplace_back(64, std::uint8_t{0});
  }

  Input next() {
    Input input = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  std::uint8_t any_byte() { return static_cast<std::uint8_t>(random_()); }

  void change(Input& input) {
    if (input.empty()) return append_random(input);
    const std::size_t at = below(input.size());
    switch (below(9)) {
      case 0:
        input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << below(8)));
        break;
      case 1:
        input[at] = any_byte();
        break;
      case 2:
        input[at] = kInteresting[below(std::size(kInteresting))];
        break;
      case 3:
        input.resize(at);
        break;
      case 4:
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), any_byte());
        break;
      case 5:
        erase_run(input, at);
        break;
      case 6:
        repeat_run(input, at);
        break;
      case 7:
        append_random(input);
        break;
      default:
        splice(input, at);
        break;
    }
  }

  void append_random(Input& input) {
    for (std::size_t count = 1 + below(64); count > 0; --count) input.push_back(any_byte());
  }
  void erase_run(Input& input, std::size_t at) {
    const std::size_t end = std::min(input.size(), at + 1 + below(16));
    input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                input.begin() + static_cast<std::ptrdiff_t>(end));
  }
  void repeat_run(Input& input, std::size_t at) {
    const std::size_t end = std::min(input.size(), at + 1 + below(32));
    const Input copy(input.begin() + static_cast<std::ptrdiff_t>(at),
                     input.begin() + static_cast<std::ptrdiff_t>(end));
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), copy.begin(), copy.end());
  }
  /// The head of this input with the tail of another.
  void splice(Input& input, std::size_t at) {
    const Input& other = seeds_[below(seeds_.size())];
    if (other.empty()) return;
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
  }

  static constexpr std::uint8_t kInteresting[] = {0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c,
                                                  0x2f, 0x5c, 0x7f, 0x80, 0xc0, 0xfe, 0xff};
  std::vector<Input> seeds_;
  std::mt19937_64 random_{20170911};
};

int replay(const std::filesystem::path& directory) {
  const bool long_run = std::getenv("DALIL_LONG") != nullptr;
  const auto deadline = Clock::now() + std::chrono::milliseconds(long_run ? 60'000 : 1'200);
  const std::size_t limit = long_run ? SIZE_MAX : 20'000;
  std::vector<Input> seeds = read_seeds(directory);
  for (const Input& seed : seeds) run(seed);
  const std::size_t seed_count = seeds.size();
  Mutator mutator(std::move(seeds));
  std::size_t count = 0;
  for (; count < limit && Clock::now() < deadline; ++count) run(mutator.next());
  std::printf("replay: %zu seeds, %zu mutations\n", seed_count, count);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s SEED_DIRECTORY | FILE...\n", argv[0]);
    return 2;
  }
  keep_inputs_that_kill(argv[0]);
  if (argc == 2 && !std::filesystem::is_regular_file(argv[1])) return replay(argv[1]);
  for (int i = 1; i < argc; ++i) run(read_file(argv[i]));
  return 0;
}
