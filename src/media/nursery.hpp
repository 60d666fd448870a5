#pragma once

#include <sys/types.h>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "dalil/files/handle.hpp"
#include "parser_protocol.hpp"

namespace dalil::media {

/// A running dalil-parser: it has libraries loaded, never sees a file, and forks workers, each for a client
/// that has a slot. Forking takes well under a millisecond, where starting the program takes some of them.
///
/// Thread-safe. It is started when somebody first asks for a worker, and anew when it is found dead; its
/// workers died with it. Each start is another generation, by which clients tell what became of theirs.
class NurseryProcess {
 public:
  /// Number of a start; 0: none.
  using Generation = std::uint32_t;

  /// `program` as in ParserOptions.
  explicit NurseryProcess(std::string program) : option_(std::move(program)) {}
  ~NurseryProcess();
  NurseryProcess(const NurseryProcess&) = delete;
  NurseryProcess& operator=(const NurseryProcess&) = delete;

  /// Path of the program. Error(io) if there is none.
  std::string program();

  /// A number for a client's workers.
  std::uint16_t take_slot();
  /// Ends the slot's worker; the slot may be given to another client.
  void release_slot(std::uint16_t slot);
  /// Asks for a worker that speaks over `theirs`, without waiting for it; the slot's worker before it is
  /// killed. Returns whom it asked; 0 if that one did not listen, and was ended. Error(io) if there is
  /// nothing to start.
  Generation ask(std::uint16_t slot, protocol::Libraries libraries, int theirs);
  /// Whether it still runs.
  bool lives(Generation generation);
  /// Ends it and all its workers, unless another has taken its place already.
  void end(Generation generation);

 private:
  const std::string& find_program();
  void start();
  bool runs();
  void stop();

  std::mutex mutex_;  ///< of everything below
  std::string option_, program_;
  std::vector<bool> slots_;  ///< taken
  Generation generation_ = 0;
  pid_t pid_ = -1;
  files::Fd control_;
};

/// One such process for each set of libraries, so that workers for pictures are not kept waiting until
/// FFmpeg's are loaded, and need not carry them.
class Nursery {
 public:
  explicit Nursery(const std::string& program);
  NurseryProcess& with(protocol::Libraries libraries);

 private:
  NurseryProcess pictures_, all_;
};

/// The option, DALIL_PARSER, beside this executable, the install directory. Error(io) if it is at none of
/// them.
std::string find_parser(const std::string& option);

struct SocketPair {
  files::Fd ours, theirs;
};
/// Local, closed when another program is executed. Error(io) if there are no more descriptors.
SocketPair make_pair_of_sockets(int type);

}  // namespace dalil::media
