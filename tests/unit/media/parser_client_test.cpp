#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "dalil/base/error.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::media;
using dalil::testing::TempDir;

#ifdef DALIL_TEST_PROGRAMS
namespace {

constexpr Sniffed kJpeg{MediaKind::photo, "jpeg"};

ParserOptions evil(std::chrono::milliseconds limit = std::chrono::milliseconds(300)) {
  return {DALIL_TEST_PROGRAMS "/evil_worker", limit, 2'000};
}

ParserOptions real() {
  return {DALIL_TEST_PARSER, std::chrono::milliseconds(10'000), 2'000};
}

/// A file whose content tells the evil worker what to do.
class Files {
 public:
  int make(const std::string& content) {
    const std::string path = directory_ / std::to_string(files_.size());
    std::ofstream(path, std::ios::binary) << content;
    files_.emplace_back(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return files_.back().get();
  }

 private:
  TempDir directory_;
  std::vector<files::Fd> files_;
};

int run_probe(const char* attempt) {
  char program[] = DALIL_TEST_PROGRAMS "/sandbox_probe";
  char* const arguments[] = {program, const_cast<char*>(attempt), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  REQUIRE(posix_spawn(&pid, program, nullptr, nullptr, arguments, environment) == 0);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return status;
}

std::string status_of(pid_t pid, const std::string& name) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

/// The living ones.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : boost::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && status_of(pid, "PPid") == std::to_string(parent) &&
        !status_of(pid, "State").starts_with("Z"))
      found.push_back(pid);
  }
  return found;
}

/// The only child of a process; 0 without one.
pid_t child_of(pid_t parent) {
  const auto found = children_of(parent);
  return found.empty() ? 0 : found.front();
}

bool has_loaded(pid_t pid, const char* library) {
  std::stringstream maps;
  maps << std::ifstream("/proc/" + std::to_string(pid) + "/maps").rdbuf();
  return maps.str().find(library) != std::string::npos;
}

ParserOptions sharing(const std::shared_ptr<Nursery>& nursery) {
  ParserOptions options = real();
  options.nursery = nursery;
  return options;
}

std::string tiny_jpeg() {
  return std::string(
      "\xff\xd8\xff\xc0\0\x11\x08\0\x20\0\x40\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x02\xff\xd9",
      27);
}

/// Half a second of silence at 8,000 Hz.
std::string tiny_wav() {
  constexpr char kHead[] =
      "RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x40\x1f\0\0";
  return std::string(kHead, sizeof kHead - 1) + std::string(8000, '\0');
}
constexpr Sniffed kWav{MediaKind::audio, "wav"};

}  // namespace

TEST_CASE("no way out of the sandbox") {
  const int unharmed = run_probe("nothing");
  REQUIRE(WIFEXITED(unharmed));
  REQUIRE(WEXITSTATUS(unharmed) == 42);
  for (const char* attempt :
       {"open",        "create",    "connect",  "fork",   "exec",          "write",    "map shared",
        "map code",    "make code", "ptrace",   "signal", "read parent",   "truncate", "dup2",
        "setrlimit",   "send",      "datagram", "listen", "parent's file", "own file", "socketpair",
        "rename",      "unlink",    "mkdir",    "chmod",  "memfd",         "io_uring", "unshare",
        "userfaultfd", "bpf",       "clone",    "prctl",  "memory"}) {
    CAPTURE(attempt);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // The sanitizer itself writes to pipes, and reserves address space.
    if (std::string(attempt) == "write" || std::string(attempt) == "memory") continue;
#endif
    const int status = run_probe(attempt);
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    CHECK((refused || killed));
  }
}

/// A JPEG with this packet of XMP.
std::string jpeg_with_xmp(const std::string& packet) {
  const std::string body = "http://ns.adobe.com/xap/1.0/" + std::string(1, '\0') + packet;
  const auto size = static_cast<std::uint16_t>(body.size() + 2);
  return "\xff\xd8\xff\xe1" + std::string{static_cast<char>(size >> 8), static_cast<char>(size & 0xff)} +
         body + tiny_jpeg().substr(2);
}

TEST_CASE("XMP that cannot be read is a problem, none or an empty one is not, and UTF-16 is read") {
  const std::string description =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
      "<rdf:Description rdf:about='' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Make='Canon'/></rdf:RDF>"
      "</x:xmpmeta>";
  std::string wide;
  for (const char c : description) wide += std::string{'\0', c};
  Files files;
  ParserClient client(real());
  const auto look = [&](const std::string& content) {
    client.submit(files.make(content), kJpeg);
    return client.collect();
  };
  CHECK(look(jpeg_with_xmp(description)).make == "Canon");
  CHECK(look(jpeg_with_xmp(wide)).make == "Canon");
  CHECK(look(jpeg_with_xmp(wide)).problem.empty());
  CHECK(look(tiny_jpeg()).problem.empty());
  CHECK(look(jpeg_with_xmp("    ")).problem.empty());
  for (const std::string& broken :
       {description.substr(0, description.size() - 20), "<!DOCTYPE x [<!ENTITY a 'b'>]>" + description,
        std::string("no XML at all")})
    CHECK(look(jpeg_with_xmp(broken)).problem == "the XMP packet cannot be read");
}

TEST_CASE("the worker reports its locks") {
  const SandboxState state = ParserClient(real()).sandbox();
  CHECK(state.program == DALIL_TEST_PARSER);
  CHECK(state.locks.size() == 5);
  for (const SandboxLock& lock : state.locks) {
    CAPTURE(lock.name);
    if (std::string(lock.name) == "landlock") continue;  // not every kernel has it
    CHECK(lock.active());
    CHECK(reason_of(lock).empty());
  }
}

TEST_CASE("the kernel confirms what the worker reports") {
  ParserClient client(real());
  const SandboxState state = client.sandbox();
  const pid_t nursery = child_of(getpid());
  const pid_t worker = child_of(nursery);
  REQUIRE(worker > 0);
  CHECK(status_of(worker, "Seccomp") == "2");
  CHECK(status_of(worker, "NoNewPrivs") == "1");
#if !defined(__SANITIZE_THREAD__)  // which has a thread of its own
  CHECK(status_of(worker, "Threads") == "1");
#endif
  CHECK(status_of(nursery, "Seccomp") == "0");
  rlimit limit{};
  for (const auto& [resource, most] : {std::pair(RLIMIT_NOFILE, 32), std::pair(RLIMIT_NPROC, 0),
                                       std::pair(RLIMIT_FSIZE, 0), std::pair(RLIMIT_CPU, 300)}) {
    REQUIRE(prlimit(worker, resource, nullptr, &limit) == 0);
    CHECK(limit.rlim_max == static_cast<rlim_t>(most));
  }
}

TEST_CASE("a worker that says nothing of its locks has none") {
  const SandboxState state = ParserClient(evil()).sandbox();
  CHECK(!state.complete());
  for (const SandboxLock& lock : state.locks) CHECK(!reason_of(lock).empty());
}

TEST_CASE("workers that are killed from outside cost no answer") {
  Files files;
  ParserClient client(real());
  const int jpeg = files.make(tiny_jpeg());
  unsigned answered = 0, seed = 1;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 40; ++i) client.submit(jpeg, kJpeg);
    seed = seed * 1664525 + 1013904223;
    const unsigned before = (seed >> 8) % 40;
    for (unsigned i = 0; i < 40; ++i) {
      if (i == before) {
        const pid_t nursery = child_of(getpid());
        const pid_t victim = (seed >> 20) % 4 == 0 ? nursery : child_of(nursery);
        if (victim > 0) kill(victim, SIGKILL);
      }
      const MediaFacts facts = client.collect();
      CHECK(facts.problem.empty());
      answered += facts.width == 64;
    }
  }
  CHECK(answered == 2400);
}

TEST_CASE("clients that share a nursery have workers of their own") {
  Files files;
  const int jpeg = files.make(tiny_jpeg());
  const auto nursery = make_nursery(real().program);
  const auto ask = [&](ParserClient& client) {
    client.submit(jpeg, kJpeg);
    return client.collect();
  };
  ParserClient first(sharing(nursery));
  CHECK(ask(first).width == 64);
  const pid_t process = child_of(getpid());
  const pid_t worker = child_of(process);
  {
    ParserClient second(sharing(nursery));
    CHECK(ask(second).width == 64);
    CHECK(children_of(getpid()) == std::vector{process});
    const auto workers = children_of(process);
    REQUIRE(workers.size() == 2);
    const pid_t other = workers[workers[0] == worker ? 1 : 0];
    kill(other, SIGKILL);
    CHECK(ask(second).problem.empty());
    CHECK(ask(first).problem.empty());
    const auto renewed = children_of(process);
    CHECK(renewed.size() == 2);
    CHECK(std::ranges::count(renewed, worker) == 1);
    CHECK(std::ranges::count(renewed, other) == 0);
  }
  while (children_of(process).size() > 1) sched_yield();  // the second's worker ends with it
  CHECK(children_of(process) == std::vector{worker});
  CHECK(ask(first).width == 64);
}

TEST_CASE("a nursery goes on when the thread ends that started it, and ends with its owners") {
  Files files;
  const int jpeg = files.make(tiny_jpeg());
  auto nursery = make_nursery(real().program);
  pid_t process = 0;
  std::thread([&] {
    ParserClient client(sharing(nursery));
    client.submit(jpeg, kJpeg);
    CHECK(client.collect().width == 64);
    process = child_of(getpid());
  }).join();
  {
    ParserClient client(sharing(nursery));
    client.submit(jpeg, kJpeg);
    CHECK(client.collect().width == 64);
  }
  CHECK(children_of(getpid()) == std::vector{process});
  nursery.reset();
  CHECK(children_of(getpid()).empty());
}

TEST_CASE("nurseries that are killed while threads share them cost no answer") {
  constexpr unsigned kThreads = 3, kFiles = 5'000;
  Files files;
  const int jpeg = files.make(tiny_jpeg());
  const auto nursery = make_nursery(real().program);
  std::array<std::atomic<unsigned>, kThreads> answered{};
  std::atomic<unsigned> good{0};
  std::vector<std::thread> threads;
  for (auto& mine : answered)
    threads.emplace_back([&] {
      ParserClient client(sharing(nursery));
      unsigned submitted = 0;
      for (unsigned i = 0; i < kFiles; ++i) {
        for (; submitted < std::min(i + 40, kFiles); ++submitted) client.submit(jpeg, kJpeg);
        const MediaFacts facts = client.collect();
        good += facts.problem.empty() && facts.width == 64;
        ++mine;
      }
    });
  // Between two of them each thread gets on, so that no file loses more than two.
  unsigned killed = 0;
  const auto counts = [&] {
    std::array<unsigned, kThreads> now{};
    for (unsigned i = 0; i < kThreads; ++i) now[i] = answered[i];
    return now;
  };
  for (auto before = counts();; sched_yield()) {
    const auto now = counts();
    if (std::ranges::any_of(now, [](unsigned count) { return count == kFiles; })) break;
    bool all = true;
    for (unsigned i = 0; i < kThreads; ++i) all = all && now[i] > before[i];
    const pid_t victim = all ? child_of(getpid()) : 0;
    if (victim == 0) continue;
    before = counts();
    kill(victim, SIGKILL);
    ++killed;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kThreads * kFiles);
  CHECK(killed > 2);
}

TEST_CASE("a file that takes the nursery along is given up, and costs the other clients nothing") {
  Files files;
  const auto nursery = make_nursery(evil().program);
  ParserOptions options = evil();
  options.nursery = nursery;
  ParserClient bad(options), good(options);
  const int honest = files.make("h"), killing = files.make("k");
  for (int i = 0; i < 20; ++i) good.submit(honest, kJpeg);
  bad.submit(killing, kJpeg);
  bad.submit(honest, kJpeg);
  CHECK(good.collect().make == "honest");
  CHECK(!bad.collect().problem.empty());
  CHECK(bad.collect().make == "honest");
  for (int i = 1; i < 20; ++i) CHECK(good.collect().make == "honest");
}

TEST_CASE("FFmpeg is loaded for files that need it, and for no others") {
  Files files;
  const int jpeg = files.make(tiny_jpeg()), wav = files.make(tiny_wav());
  ParserOptions options = real();
  options.renew_after_files = 7;
  ParserClient client(options);
  client.submit(jpeg, kJpeg);
  CHECK(client.collect().width == 64);
  const pid_t pictures = child_of(getpid());
  CHECK(has_loaded(pictures, "libexiv2"));
  CHECK(!has_loaded(pictures, "libavformat"));
  for (int i = 0; i < 60; ++i) client.submit(i % 3 == 0 ? wav : jpeg, i % 3 == 0 ? kWav : kJpeg);
  for (int i = 0; i < 60; ++i) {
    const MediaFacts facts = client.collect();
    CHECK(facts.problem.empty());
    CHECK(facts.width == (i % 3 == 0 ? 0U : 64U));
    REQUIRE(facts.streams.size() == (i % 3 == 0 ? 1U : 0U));
    if (i % 3 == 0) CHECK(facts.streams[0].codec == "pcm_s16le");
  }
  CHECK(!has_loaded(pictures, "libavformat"));
  const auto both = children_of(getpid());
  REQUIRE(both.size() == 2);
  CHECK(has_loaded(both[both[0] == pictures ? 1 : 0], "libavformat"));
}

TEST_CASE("a missing parser is an error of its own") {
  ParserOptions options;
  options.program = "/nonexistent/dalil-parser";
  CHECK_THROWS_AS(ParserClient(options).sandbox(), Error);
  options.program = "/bin/true";
  CHECK_THROWS_AS(ParserClient(options).sandbox(), Error);
}

TEST_CASE("what is submitted before the parser has started is answered, or it is known that there is none") {
  Files files;
  ParserClient client(evil());
  client.submit(files.make("h"), kJpeg);
  CHECK(!client.launching());  // nothing is sent for one file at once
  while (!client.ready()) sched_yield();
  CHECK(!client.launching());
  CHECK(client.collect().make == "honest");

  ParserOptions nothing;
  nothing.program = "/bin/true";
  ParserClient none(nothing);
  const auto use = [&] {
    for (int i = 0; i < 20; ++i) none.submit(files.make("h"), kJpeg);
    none.collect();
  };
  CHECK_THROWS_AS(use(), Error);
}

TEST_CASE("every misbehaviour costs that file alone, and says why") {
  Files files;
  ParserClient client(evil());
  for (const char how : std::string("cesnmbgfd")) {
    CAPTURE(how);
    client.submit(files.make(std::string(1, how)), kJpeg);
    client.submit(files.make("h"), kJpeg);
    const MediaFacts bad = client.collect();
    CHECK(!bad.problem.empty());
    CHECK(bad.format == std::string("jpeg"));
    CHECK(bad.kind == MediaKind::photo);
    CHECK(bad.make.empty());
    const MediaFacts good = client.collect();
    CHECK(good.make == "honest");
    CHECK(good.problem.empty());
  }
  CHECK(client.pending() == 0);
}

TEST_CASE("a second answer to one question is not taken for the next") {
  Files files;
  ParserClient client(evil());
  client.submit(files.make("t"), kJpeg);
  CHECK(client.collect().make == "honest");
  client.submit(files.make("h"), kJpeg);
  CHECK(client.collect().make == "honest");
  CHECK(client.pending() == 0);
}

TEST_CASE("answers come in the order of submission, also with many waiting") {
  Files files;
  ParserOptions options = real();
  options.renew_after_files = 7;
  ParserClient client(options);
  const int jpeg = files.make(tiny_jpeg()), text = files.make("text");
  for (int i = 0; i < 100; ++i) client.submit(i % 3 == 0 ? text : jpeg, i % 3 == 0 ? Sniffed{} : kJpeg);
  CHECK(client.pending() == 100);
  for (int i = 0; i < 100; ++i) {
    const MediaFacts facts = client.collect();
    CHECK(facts.width == (i % 3 == 0 ? 0u : 64u));
    CHECK(facts.height == (i % 3 == 0 ? 0u : 32u));
  }
}

TEST_CASE("answers can be collected as they come, and nobody waits for the one that stalls") {
  Files files;
  ParserClient client(evil());
  CHECK(!client.ready());
  for (int i = 0; i < 40; ++i) client.submit(files.make("h"), kJpeg);
  client.submit(files.make("s"), kJpeg);
  client.submit(files.make("h"), kJpeg);
  client.submit(files.make("plain"), Sniffed{});
  for (int i = 0; i < 40; ++i) {
    while (!client.ready()) sched_yield();
    CHECK(client.collect().make == "honest");
  }
  CHECK(!client.ready());  // the stalled one
  CHECK(client.pending() == 3);
  CHECK(!client.collect().problem.empty());
  CHECK(client.collect().make == "honest");
  CHECK(client.ready());  // needs no parser
  CHECK(client.collect().problem.empty());
  CHECK(!client.ready());
}

TEST_CASE("of many files in one message the bad ones alone are blamed") {
  Files files;
  for (const char how : std::string("cesnmbgfd")) {
    CAPTURE(how);
    ParserClient client(evil());
    for (int i = 0; i < 48; ++i) client.submit(files.make(i % 20 == 7 ? std::string(1, how) : "h"), kJpeg);
    for (int i = 0; i < 48; ++i) {
      CAPTURE(i);
      const MediaFacts facts = client.collect();
      CHECK(facts.problem.empty() == (i % 20 != 7));
      CHECK(facts.make == (i % 20 != 7 ? "honest" : ""));
    }
  }
}

TEST_CASE("long answers, and more of them than fit into a socket, arrive whole") {
  Files files;
  ParserClient client(real());
  // A comment of a JPEG is kept verbatim.
  std::string jpeg = tiny_jpeg();
  std::string comment("\xff\xfe\x80\x02", 4);
  for (int i = 0; i < 0x8000; ++i) comment += static_cast<char>('a' + i % 26);
  jpeg.insert(2, comment);
  const int fd = files.make(jpeg);
  std::vector<MediaFacts> answers;
  for (int i = 0; i < 300; ++i) client.submit(fd, kJpeg);
  for (int i = 0; i < 300; ++i) answers.push_back(client.collect());
  REQUIRE(!answers[0].fields.empty());
  CHECK(answers[0].fields[0].name == "jpeg.comment");
  CHECK(answers[0].fields[0].value.size() > 1000);
  for (const MediaFacts& facts : answers) REQUIRE(facts.fields == answers[0].fields);
}

TEST_CASE("documents and unknown content are opened by nobody") {
  Files files;
  ParserClient client(evil());
  client.submit(files.make("c"), {MediaKind::document, "pdf"});
  const MediaFacts facts = client.collect();
  CHECK(facts.kind == MediaKind::document);
  CHECK(facts.problem.empty());
}

TEST_CASE("the descriptor's offset is left alone") {
  Files files;
  ParserClient client(real());
  const int fd = files.make(tiny_jpeg());
  lseek(fd, 5, SEEK_SET);
  client.submit(fd, kJpeg);
  CHECK(client.collect().width == 64);
  CHECK(lseek(fd, 0, SEEK_CUR) == 5);
}

TEST_CASE("a client may be moved with work in it") {
  Files files;
  ParserClient first(real());
  first.submit(files.make(tiny_jpeg()), kJpeg);
  ParserClient second(std::move(first));
  CHECK(second.collect().width == 64);
}
#endif
