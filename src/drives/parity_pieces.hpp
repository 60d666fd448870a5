#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dalil/jobs/progress.hpp"
#include "folders.hpp"

namespace dalil::drives {

/// Damaged files of a drive as its parity computes them, in a folder of their own on the drive that goes with
/// this object. `par2` gets links to what is whole, and copies of what is damaged: it changes nothing that
/// lies at its place. What it gives back is to be proved like anything else. Throws DriveFailure.
class ParityPieces {
 public:
  /// `damaged` are paths on the drive.
  ParityPieces(std::shared_ptr<const files::Fd> root, std::string mount, std::set<std::string> damaged,
               const jobs::StopFlag& stop);
  ~ParityPieces();
  ParityPieces(const ParityPieces&) = delete;
  ParityPieces& operator=(const ParityPieces&) = delete;

  /// Drops what a run that was killed left.
  void clear();
  /// The drive's lists of parity that name the file; none if it has no parity.
  bool covers(const std::string& path) const { return sets_of_.contains(path); }
  struct Given {
    std::string path;    ///< on the drive; absent or damaged if parity cannot compute it
    std::string parity;  ///< what it was computed from: "dalil/parity/p5-0001.par2"
    std::string fault;   ///< why it was not; empty if it was
  };
  /// One for each set that the path is in, which is computed the first time.
  std::vector<Given> of(const std::string& path);

 private:
  void read_lists();
  std::string compute(const std::string& set);
  void lend(const std::string& path, const std::string& scratch);
  void copy(const std::string& path, int to_folder, const std::string& name);

  std::shared_ptr<const files::Fd> root_;
  const std::string mount_;
  const std::set<std::string> damaged_;
  const jobs::StopFlag& stop_;
  Folders folders_;
  std::map<std::string, std::vector<std::string>> sets_of_;  ///< by path
  std::map<std::string, std::vector<std::string>> paths_;    ///< by set
  std::map<std::string, std::string> computed_;              ///< by set: what went wrong; empty if nothing
};

}  // namespace dalil::drives
