#pragma once

#include <set>
#include <string>

#include "dalil/archive/model.hpp"
#include "dalil/ledger/ledger.hpp"

namespace dalil::archive {

/// A database that is made anew beside the archive's; it goes away unless it was put into the archive's
/// place.
class Workshop {
 public:
  explicit Workshop(const std::string& archive_directory);
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Error(wrong_key) unless the keyring has every class, which making anything anew needs. `what` is what was
/// asked for, as a subject: "destroying contents".
void refuse_partial_role(const ledger::Keyring& keyring, std::string_view what);

struct Derived {
  std::uint64_t unresolved = 0;  ///< entries that refer to something that was destroyed
};

/// Derives every table of the database in `path`, whose ledger is complete and whose derived tables are
/// empty. Error(corrupt) if an entry does not match its commitment, or lacks its content although no entry
/// says that it was destroyed and it is not among `being_destroyed`.
Derived derive_all(const std::string& path, const ledger::Keyring& keyring, const Clock& clock,
                   const std::set<Seq>& being_destroyed = {});

}  // namespace dalil::archive
