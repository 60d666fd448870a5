#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ledger/ledger_fixture.hpp"

using namespace dalil;
using namespace dalil::ledger;
using namespace dalil::ledger::testing;

namespace {

using Instant = std::chrono::steady_clock::time_point;

/// Another process, which runs `act`; its exit code is what `act` returns, 99 if it throws.
/// Locked memory does not survive a fork: the key ring goes along as text.
class Process {
 public:
  template <typename Act>
  Process(const Fixture& fixture, const Act& act) {
    const crypto::Secret secret = fixture.ring.encode();
    const Bytes ring(secret.view().begin(), secret.view().end());
    id_ = fork();
    REQUIRE(id_ >= 0);
    if (id_ > 0) return;
    int code = 99;
    try {
      code = act([&] { return Ledger::open(fixture.path, Keyring::decode(ring), kColumns, fixture.clock); });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "another process: %s\n", error.what());
    }
    _exit(code);
  }
  int wait() const {
    int status = 0;
    waitpid(id_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t id_ = -1;
};

/// Two ends of a pipe: one process waits until the other one says so.
struct Signal {
  int ends[2] = {-1, -1};
  Signal() { REQUIRE(pipe(ends) == 0); }
  ~Signal() {
    close(ends[0]);
    close(ends[1]);
  }
  void give() const { static_cast<void>(!write(ends[1], "x", 1)); }
  void await() const {
    char byte;
    static_cast<void>(!read(ends[0], &byte, 1));
  }
};

void append(Ledger& ledger, int count) {
  Writer writer = ledger.write();
  for (int i = 0; i < count; ++i) writer.append({SealClass::inventory, text("x")});
  writer.commit();
}

/// As a rebuild does it, without the derived tables.
void replace(Ledger& ledger, const std::string& directory) {
  const Writer nobody_writes = ledger.write();
  copy_ledger(ledger, directory + "/fresh", ledger.keyring());
  replace_database(directory, directory + "/fresh");
}

/// Opens the ledger over and over; it must never be refused, and never be smaller than a moment ago.
template <typename Open>
int keep_reading(const Open& open, Instant until) {
  std::uint64_t least = 0;
  while (std::chrono::steady_clock::now() < until) {
    const Ledger ledger = open();
    Reader reader = ledger.read();
    if (reader.size() < least) return 1;
    least = reader.size();
    if (least > 0 && reader.entry(least - 1).content != text("x")) return 2;
  }
  return 0;
}

/// Appends as often as it is let; the exit code is how often modulo 64.
template <typename Open>
int keep_writing(const Open& open, Instant until) {
  int commits = 0;
  while (std::chrono::steady_clock::now() < until) {
    try {
      Ledger ledger = open();
      append(ledger, 1);
      ++commits;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::locked && error.code() != ErrorCode::conflict) throw;
    }
  }
  return commits % 64;
}

}  // namespace

TEST_CASE("whoever opens while the database is replaced gets the one or the other, whole") {
  Fixture f;
  const auto seconds = std::chrono::seconds(std::getenv("DALIL_LONG") != nullptr ? 60 : 2);
  const Instant until = std::chrono::steady_clock::now() + seconds;
  {
    Ledger ledger = f.open();
    append(ledger, 10);
  }
  const auto read = [&](const auto& open) { return keep_reading(open, until); };
  const Process readers[] = {{f, read}, {f, read}, {f, read}};
  const Process writer(f, [&](const auto& open) { return keep_writing(open, until); });
  int replaced = 0;
  while (std::chrono::steady_clock::now() < until) {
    try {
      Ledger ledger = f.open();
      replace(ledger, f.path);
      ++replaced;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::locked && error.code() != ErrorCode::conflict) throw;
    }
  }
  for (const Process& reader : readers) CHECK(reader.wait() == 0);
  const int commits = writer.wait();
  CHECK(replaced > 0);
  CHECK((f.open().read().size() - 10) % 64 == static_cast<std::uint64_t>(commits));
}

TEST_CASE("a lock file that a killed replacement left to another database is noticed, and passes") {
  const int commits = GENERATE(5, 6);  // so that its count names the newer meta page, or the older one
  Fixture f;
  {
    Ledger ledger = f.open();
    for (int i = 0; i < commits; ++i) append(ledger, 1);
  }
  const Signal opened, done;
  const Process reader(f, [&](const auto& open) {
    const Ledger ledger = open();
    Reader reads = ledger.read();
    opened.give();
    done.await();
    return reads.entry(4).content == text("x") ? 0 : 1;
  });
  opened.await();
  {
    Ledger ledger = f.open();
    copy_ledger(ledger, f.path + "/fresh", ledger.keyring());
  }
  REQUIRE(std::rename((f.path + "/fresh/data.mdb").c_str(), (f.path + "/data.mdb").c_str()) == 0);
  CHECK(code_of([&] { f.open(); }) == ErrorCode::locked);
  done.give();
  CHECK(reader.wait() == 0);
  CHECK(f.open().read().size() == static_cast<std::uint64_t>(commits));
}
