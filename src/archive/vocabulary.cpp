#include "dalil/archive/vocabulary.hpp"

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "name_words.hpp"

namespace dalil::archive {
namespace {

[[noreturn]] void refuse(const Term& term, const std::string& problem) {
  throw Error(ErrorCode::invalid, "term '" + escape_for_display(term.code) + "' " + problem);
}

void require_sound(const Term& term) {
  if (term.code.empty()) throw Error(ErrorCode::invalid, "a term has no code");
  if (term.names.empty()) refuse(term, "has no name");
  const auto from = parse_date(term.from), to = parse_date(term.to);
  if (!term.from.empty() && !from) refuse(term, "begins on no date: '" + escape_for_display(term.from) + "'");
  if (!term.to.empty() && !to) refuse(term, "ends on no date: '" + escape_for_display(term.to) + "'");
  if (from && to && from->first > to->last) refuse(term, "ends before it begins");
}

std::set<std::string, std::less<>> keys_of(const Term& term) {
  std::set<std::string, std::less<>> keys{term_key(term.code)};
  for (const auto& [language, text] : term.names) keys.insert(term_key(text));
  for (const std::string& alias : term.aliases) keys.insert(term_key(alias));
  keys.erase(std::string());
  return keys;
}

bool is_child(const Term& term, const std::string& of) {
  return std::ranges::find(term.parents, of) != term.parents.end();
}

}  // namespace

const std::string& Term::name(std::string_view language) const {
  const auto found = std::ranges::find_if(names, [&](const auto& name) { return name.first == language; });
  return found == names.end() ? names.front().second : found->second;
}

bool Term::may_hold_on(const DateSpan& days) const {
  const auto begin = parse_date(from), end = parse_date(to);
  return (!begin || days.last >= begin->first) && (!end || days.first <= end->last);
}

std::string term_key(std::string_view name) {
  std::string key;
  for (const std::string& word : words_of(name)) key += (key.empty() ? "" : " ") + word;
  return key;
}

Vocabulary::Vocabulary(std::string name, std::vector<Term> terms)
    : name_(std::move(name)), terms_(std::move(terms)) {
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    require_sound(terms_[i]);
    if (!by_code_.emplace(terms_[i].code, i).second) refuse(terms_[i], "appears twice");
    for (const std::string& key : keys_of(terms_[i])) by_key_[key].push_back(i);
  }
  for (const Term& term : terms_) {
    for (const std::string& parent : term.parents)
      if (by_code(parent) == nullptr)
        refuse(term, "stands below '" + escape_for_display(parent) + "', which does not exist");
  }
  for (const Term& term : terms_) {
    std::set<std::string_view> seen;
    std::vector<const Term*> above{&term};
    while (!above.empty()) {
      const Term* at = above.back();
      above.pop_back();
      for (const std::string& parent : at->parents) {
        if (parent == term.code) refuse(term, "stands below itself");
        if (seen.insert(parent).second) above.push_back(by_code(parent));
      }
    }
  }
}

const Term* Vocabulary::by_code(std::string_view code) const {
  const auto found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : &terms_[found->second];
}

std::vector<const Term*> Vocabulary::find(std::string_view name) const {
  if (const Term* term = by_code(name)) return {term};
  std::vector<const Term*> found;
  const auto hits = by_key_.find(term_key(name));
  if (hits == by_key_.end()) return found;
  for (const std::size_t hit : hits->second) found.push_back(&terms_[hit]);
  return found;
}

std::vector<const Term*> Vocabulary::children_of(const Term& term) const {
  std::vector<const Term*> children;
  for (const Term& other : terms_)
    if (is_child(other, term.code)) children.push_back(&other);
  return children;
}

std::vector<const Term*> Vocabulary::expand(std::string_view name) const {
  std::set<std::string_view> wanted;
  std::vector<const Term*> open = find(name);
  while (!open.empty()) {
    const Term* term = open.back();
    open.pop_back();
    if (!wanted.insert(term->code).second) continue;
    for (const Term* child : children_of(*term)) open.push_back(child);
  }
  std::vector<const Term*> expanded;
  for (const Term& term : terms_)
    if (wanted.contains(term.code)) expanded.push_back(&term);
  return expanded;
}

std::set<std::string, std::less<>> Vocabulary::spellings(std::string_view name) const {
  std::set<std::string, std::less<>> keys;
  for (const Term* term : expand(name)) keys.merge(keys_of(*term));
  if (keys.empty()) keys.insert(term_key(name));
  return keys;
}

bool Vocabulary::covers(std::string_view name, std::string_view value) const {
  return spellings(name).contains(term_key(value));
}

}  // namespace dalil::archive
