#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>

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

std::string tiny_jpeg() {
  return std::string(
      "\xff\xd8\xff\xc0\0\x11\x08\0\x20\0\x40\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x02\xff\xd9",
      27);
}

}  // namespace

TEST_CASE("no way out of the sandbox") {
  const int unharmed = run_probe("nothing");
  REQUIRE(WIFEXITED(unharmed));
  REQUIRE(WEXITSTATUS(unharmed) == 42);
  for (const char* attempt :
       {"open", "create", "connect", "fork", "exec", "write", "map shared", "map code", "make code", "ptrace",
        "read parent", "signal", "truncate", "dup2", "setrlimit"}) {
    CAPTURE(attempt);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    if (std::string(attempt) == "write") continue;  // the sanitizer itself writes to pipes
#endif
    const int status = run_probe(attempt);
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    CHECK((refused || killed));
  }
}

TEST_CASE("the worker reports its locks") {
  const SandboxState state = ParserClient(real()).sandbox();
  CHECK(state.no_new_privileges);
  CHECK(state.seccomp);
  CHECK(state.resource_limits);
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
