#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "dalil/media/facts.hpp"
#include "dalil/media/fingerprint.hpp"
#include "dalil/media/thumbnail.hpp"

namespace dalil::media {

/// One layer of the sandbox.
struct SandboxLock {
  const char* name;     ///< for programs: "seccomp"
  const char* title;    ///< for people, likewise
  const char* purpose;  ///< a few words, what it keeps the worker from
  int error = 0;        ///< 0: in force; else the errno that says why not
  bool active() const { return error == 0; }
};
/// Why a lock is missing, in words.
std::string reason_of(const SandboxLock& lock);

/// What of the sandbox is in force in the worker, as the worker itself reports it after having locked the
/// door.
struct SandboxState {
  std::string program;  ///< path of dalil-parser
  std::vector<SandboxLock> locks;
  unsigned landlock_version = 0;  ///< what this kernel can forbid; 0 without Landlock
  bool complete() const;
};

/// What a client's worker is to find out of each file.
enum class ParserWork : std::uint8_t {
  facts = 0,         ///< what it says of itself
  fingerprints = 1,  ///< what its pictures look like, and what it sounds like
  question = 2,      ///< the same with parts and frames that are never stored, to look for others
  thumbnails = 3,    ///< small pictures of it
  looks = 4,         ///< fingerprints and thumbnails, of one decoding where that is possible
  pixels = 5,        ///< what a thumbnail's JPEG shows
};

/// What a client's worker found out about the looks of a file: what it works for, the rest is empty. Without
/// anything the `problem` of that part says why.
struct Looks {
  Fingerprints fingerprints;
  Thumbnails thumbnails;
  /// Of a question the looks by another guess of what its borders are. Without prints if there is none.
  Fingerprints other_guess;
};

/// What workers are forked from: the program with its libraries loaded. Clients that are given the same one
/// pay for its start once. Each has workers of its own; what befalls them is no matter of the other clients.
/// It is started when the first of them needs it, and ends with its last owner. May be shared by threads.
class Nursery;
/// `program` as in ParserOptions; whether there is such a program shows later.
std::shared_ptr<Nursery> make_nursery(const std::string& program = {});

struct ParserOptions {
  /// Path of dalil-parser; empty: beside this executable, then the install directory.
  std::string program = {};
  std::chrono::milliseconds wall_limit{10'000};
  unsigned renew_after_files = 2'000;
  ParserWork work = ParserWork::facts;
  bool sound = true;  ///< fingerprints are of what is to be heard, too
  std::shared_ptr<Nursery> nursery =
      nullptr;  ///< then `program` does not count; null: one for this client alone
};

/// For all that decodes: a video takes longer than looking at its headers. The worker itself stops after 20 s
/// of looking at frames, 8 s of listening, 12 s for thumbnails, and after 30 s in all.
inline constexpr std::chrono::milliseconds kDecodingLimit{40'000};

/// A sandboxed worker process that looks at files, one after the other. One client per thread.
///
/// `submit` hands a descriptor over and returns at once, so that the caller can hash meanwhile; `collect`
/// waits for the answers in the order of submission, and `ready` tells whether it would have to. A worker
/// that crashes, lies, floods or stalls is killed; the file is tried once more in a fresh worker, then its
/// facts are `kind` and `format` as sniffed, with `problem` saying why. Nothing is thrown for a bad file. A
/// worker that was lost with its nursery does not count against the file.
/// Error(io) if no worker can be started.
class ParserClient {
 public:
  explicit ParserClient(ParserOptions options = {});
  ~ParserClient();
  ParserClient(ParserClient&&) noexcept;

  /// `fd` is open for reading, on a regular file; it is duplicated into the worker and remains the caller's.
  /// It must stay open until collected (a second try may need it). Its file offset is left alone (pread
  /// only).
  void submit(int fd, const Sniffed& sniffed);
  std::size_t pending() const;
  /// Whether collect() would not have to wait: never blocks. Also hands over what could not be handed over
  /// before.
  bool ready();
  /// True while a worker that was asked for has not shown itself to `ready` or `collect`: on a cold disk the
  /// libraries take a while to load.
  bool launching() const;
  /// Facts of the oldest submitted file. Precondition: pending() > 0, and that is what it works for.
  MediaFacts collect();
  /// Likewise for clients that work for fingerprints. What could not be looked at has none, and `problem`
  /// says why.
  Fingerprints collect_fingerprints();
  /// Likewise for clients that work for fingerprints, thumbnails or both, or for a question.
  Looks collect_looks();
  /// Likewise for clients that work for pixels; empty if it could not be decoded.
  Pixels collect_pixels();

  SandboxState sandbox() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::media
