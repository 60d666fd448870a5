#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dalil/archive/gazetteer.hpp"
#include "dalil/archive/model.hpp"
#include "dalil/jobs/scan.hpp"

/// Which incident a file belongs to, told by its path or by a table. Pure, but for its notes on what went
/// wrong.
namespace dalil::cli {

/// Rows "pattern,incident[,type]" of a CSV file. Error(invalid) with the row for anything else. A first row
/// whose cells are the words "pattern" and "incident" is a heading.
std::vector<jobs::LinkRule> read_link_map(std::string_view csv, archive::LinkType default_type);

/// Finds incidents' ids in paths with a regular expression (ECMAScript without back-references).
///
/// The first group (or, without groups, the whole match) is an id. With two groups they are a date and a
/// place, which have to fit exactly one incident: its days overlap the date, and its place is the same when
/// both are folded as texts are and '.' is a blank; where no incident's is, its place by the gazetteer is one
/// that is called so. What fits none or several is noted and never guessed. May be called from several
/// threads.
class IncidentFinder {
 public:
  /// Error(usage) if the expression is ill-formed or has more than two groups.
  /// `gazetteer` may be null.
  IncidentFinder(const std::string& expression, const std::vector<archive::Incident>& incidents,
                 std::shared_ptr<const archive::Gazetteer> gazetteer = nullptr);
  ~IncidentFinder();

  std::optional<std::string> find(const std::string& path);

  struct Note {
    std::uint64_t files = 0;
    std::string first_path;
  };
  /// What matched the expression but no single incident: the reason, and how often.
  const std::map<std::string, Note>& notes() const { return notes_; }
  std::uint64_t without_match() const { return without_match_; }

 private:
  struct State;
  std::optional<std::string> by_id(const std::string& path, const std::string& id);
  std::optional<std::string> by_date_and_place(const std::string& path, const std::string& date,
                                               const std::string& place);
  void note(const std::string& path, const std::string& reason);

  std::unique_ptr<State> state_;
  std::mutex mutex_;
  std::map<std::string, Note> notes_;
  std::uint64_t without_match_ = 0;
};

}  // namespace dalil::cli
