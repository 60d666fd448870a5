#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/base/time.hpp"

/// Words that a group agreed on: parties, weapons, areas of control ... as data (docs/vocabularies.md).
namespace dalil::archive {

struct Term {
  std::string code;                  ///< unique within its vocabulary: "syrian-regime", "AIR_FIXED_MISSILE"
  std::vector<std::string> parents;  ///< codes; an alliance or a joint control has several
  std::vector<std::pair<std::string, std::string>> names;  ///< language, text; one at least
  std::vector<std::string> aliases;
  std::string from, to;  ///< 2014, 2014-09 or 2014-09-23, inclusive; empty: no end is known
  std::string note;
  /// By language, or else the first.
  const std::string& name(std::string_view language = "en") const;
  /// False only if what is known of both excludes it: a term "from 2014-09" may hold on each day of that
  /// month.
  bool may_hold_on(const DateSpan& days) const;
};

/// How two spellings of a term are compared: folded for search, punctuation as blanks, single ones.
std::string term_key(std::string_view name);

class Vocabulary {
 public:
  Vocabulary() = default;
  /// Error(invalid) for a code that is empty or appears twice, a term without a name, a parent that does not
  /// exist, a circle of parents, or an impossible date.
  Vocabulary(std::string name, std::vector<Term> terms);

  const std::string& name() const { return name_; }
  const std::vector<Term>& terms() const { return terms_; }
  const Term* by_code(std::string_view code) const;
  /// All with this code, name or alias. Pointers live as long as the vocabulary.
  std::vector<const Term*> find(std::string_view name) const;
  /// Those, and all that stand below them, in the order of the file.
  std::vector<const Term*> expand(std::string_view name) const;
  /// Every spelling (term_key) of what `expand` gives; of a name that is not in the vocabulary its own. What
  /// a filter compares the term_key of a register's words with.
  std::set<std::string, std::less<>> spellings(std::string_view name) const;
  /// True if a register's `value` is `name`, or stands below it.
  bool covers(std::string_view name, std::string_view value) const;
  std::vector<const Term*> children_of(const Term& term) const;

 private:
  std::string name_;
  std::vector<Term> terms_;
  std::map<std::string, std::size_t, std::less<>> by_code_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_key_;
};

}  // namespace dalil::archive
