#pragma once

#include <functional>
#include <memory>
#include <set>
#include <unordered_set>

#include "dalil/drives/backup.hpp"
#include "folders.hpp"
#include "parity_set.hpp"

namespace dalil::drives {

/// SHA-256 of a file as the medium has it (or from wherever it is); absent if it cannot be read whole, or if
/// the flag stopped it.
std::optional<Digest> digest_of_file(int root_fd, const std::string& path, bool from_medium,
                                     const jobs::StopFlag& stop);

/// Names of the lists in dalil/parity, whatever is in them.
std::vector<std::string> parity_lists_on(int root_fd);
/// The most that they are of; 0 if there are none. Lists stay longer than what they list.
unsigned parity_percent_on(int root_fd);
/// The sets whose list can be read and whose PAR2 files are there.
std::vector<ParitySet> parity_sets_on(int root_fd);

/// What is wrong with the PAR2 files that the drive's lists name, for people. It is worth less where it is
/// damaged, and nothing that it is for is: no reason to call the drive damaged. Without `contents` they only
/// have to be there.
std::vector<std::string> parity_remarks(int root_fd, bool contents, const jobs::StopFlag& stop);

/// Makes and renews the parity of a drive. What is there is used as long as it is of what the ledger has; the
/// rest is covered by new sets, and sets that these make superfluous go. Each set is durable by itself: a run
/// that is killed costs the one at work. Throws DriveFailure.
class ParityKeeper {
 public:
  /// `live` is what the ledger has of the drive, as it lies there.
  ParityKeeper(std::shared_ptr<const files::Fd> root, std::string mount, std::vector<ParityFile> live,
               jobs::Progress& progress, const jobs::StopFlag& stop);
  /// Makes what is lacking. With `prove` also what is there is read and compared with its list.
  void make(unsigned percent, bool prove);
  /// What is covered now, and what is not.
  ParityReport report() const;
  /// Whether the drive's lists have to be written again.
  bool changed() const { return has_new_ || !leaving_.empty(); }
  /// Names of sets that are no longer wanted, and are still there.
  const std::set<std::string>& leaving() const { return leaving_; }
  /// To be called once no list names them any more.
  void remove_leaving();

 private:
  struct Known {
    ParitySet set;
    std::uint64_t bytes = 0;  ///< of its payload
    bool current = false;     ///< all of its files are live as it has them
  };
  const ParityFile* find_live(const ParityFile& file) const;
  void judge(Known& known) const;
  bool is_whole(const ParitySet& set) const;
  void prove_sets();
  void drop_repeated();
  std::vector<ParityFile> uncovered() const;
  void dissolve_small(std::vector<ParityFile>& pool);
  void make_set(std::vector<ParityFile> files, unsigned percent);
  void prove_files(std::vector<ParityFile>& files);
  void require_room(const std::vector<ParityFile>& files, unsigned percent) const;
  void compute(ParitySet& set, unsigned percent);
  ParityFile take_in(const std::string& name) const;
  unsigned next_number();
  void publish(ParitySet set);
  void write_list(const std::string& name, std::string_view text) const;
  void choose_leaving();
  void clear_scratch();
  void sync() const;

  std::shared_ptr<const files::Fd> root_;
  const std::string mount_;
  Folders folders_;
  const std::vector<ParityFile> live_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  std::vector<Known> sets_;
  std::shared_ptr<const files::Fd> scratch_;
  std::set<std::string> leaving_;
  bool has_new_ = false;
  ParityReport report_;
};

}  // namespace dalil::drives
