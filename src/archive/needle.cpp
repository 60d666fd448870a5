#include "needle.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "place_words.hpp"

namespace dalil::archive {
namespace {

using Text = std::string_view;

/// A blank, what it stands for in texts that were folded with their signs, and the dot of file names.
constexpr Text kParting = " -_.";
constexpr std::size_t kMostParting = 3;

/// Beyond ASCII, what is no letter or digit, as far as names and sentences have it: the Arabic comma,
/// semicolon, question mark and full stop, quotation marks, dashes and bullets. Columns that were derived by
/// earlier versions hold them.
bool is_sign(Text character) {
  constexpr Text kTwoBytes[] = {"\u060c", "\u061b", "\u061f", "\u06d4", "\u00ab", "\u00bb"};
  if (character.size() == 2) return std::ranges::find(kTwoBytes, character) != std::end(kTwoBytes);
  return character.size() == 3 && character >= "\u2010" && character <= "\u2027";
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Whether a letter or a digit, of any script, ends before this place.
bool letter_before(Text text, std::size_t at) {
  if (at == 0) return false;
  std::size_t begin = at - 1;
  if (static_cast<unsigned char>(text[begin]) < 0x80)
    return std::isalnum(static_cast<unsigned char>(text[begin])) != 0;
  while (begin > 0 && is_continuation(text[begin])) --begin;
  return !is_sign(text.substr(begin, at - begin));
}

bool letter_at(Text text, std::size_t at) {
  if (at >= text.size()) return false;
  if (static_cast<unsigned char>(text[at]) < 0x80)
    return std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  std::size_t end = at + 1;
  while (end < text.size() && is_continuation(text[end])) ++end;
  return !is_sign(text.substr(at, end - at));
}

std::size_t over_parting(Text text, std::size_t at) {
  for (std::size_t i = 0; i < kMostParting && at < text.size() && kParting.find(text[at]) != Text::npos; ++i)
    ++at;
  return at;
}

std::size_t back_over_parting(Text text, std::size_t at) {
  for (std::size_t i = 0; i < kMostParting && at > 0 && kParting.find(text[at - 1]) != Text::npos; ++i) --at;
  return at;
}

/// Where the word ends that begins here or behind what parts words and an article; absent if it does not.
std::optional<std::size_t> end_of_next(Text text, std::size_t at, Text word) {
  at = over_parting(text, at);
  if (text.substr(at).starts_with(word)) return at + word.size();
  for (const Text article : articles()) {
    if (!text.substr(at).starts_with(article)) continue;
    const std::size_t behind = over_parting(text, at + article.size());
    if (text.substr(behind).starts_with(word)) return behind + word.size();
  }
  return std::nullopt;
}

/// The same towards the beginning: where the word begins that ends here.
std::optional<std::size_t> begin_of_previous(Text text, std::size_t at, Text word) {
  at = back_over_parting(text, at);
  if (text.substr(0, at).ends_with(word)) return at - word.size();
  for (const Text article : articles()) {
    if (!text.substr(0, at).ends_with(article)) continue;
    const std::size_t before = back_over_parting(text, at - article.size());
    if (text.substr(0, before).ends_with(word)) return before - word.size();
  }
  return std::nullopt;
}

/// Whether an article that is a word, or the beginning of one, ends here.
bool article_before(Text text, std::size_t at) {
  const std::size_t end = back_over_parting(text, at);
  return std::ranges::any_of(articles(), [&](Text article) {
    return text.substr(0, end).ends_with(article) && !letter_before(text, end - article.size());
  });
}

}  // namespace

Needle Needle::part(std::string folded) {
  Needle needle;
  needle.anchor_ = std::move(folded);
  return needle;
}

Needle Needle::words(std::string folded) {
  Needle needle = part(std::move(folded));
  needle.whole_words_ = true;
  return needle;
}

Needle Needle::name(const std::vector<std::string>& words) {
  std::vector<std::string> own;
  for (const std::string& word : words)
    if (!is_article(word)) own.push_back(word);
  if (own.empty()) own = words;
  Needle needle;
  needle.whole_words_ = true;
  needle.article_ = own.front() != words.front();
  const auto longest = std::ranges::max_element(own, {}, &std::string::size);
  needle.anchor_ = *longest;
  needle.before_.assign(std::make_reverse_iterator(longest), own.rend());
  needle.after_.assign(longest + 1, own.end());
  return needle;
}

bool Needle::stands_at(std::string_view text, std::size_t anchor) const {
  if (!whole_words_) return true;
  std::size_t begin = anchor, end = anchor + anchor_.size();
  for (const std::string& word : after_) {
    const auto next = end_of_next(text, end, word);
    if (!next) return false;
    end = *next;
  }
  if (letter_at(text, end)) return false;
  for (const std::string& word : before_) {
    const auto previous = begin_of_previous(text, begin, word);
    if (!previous) return false;
    begin = *previous;
  }
  // "al Bab" is no "bab", but of several words the article before the first may be missing.
  const bool may_lack = !article_ || !before_.empty() || !after_.empty();
  return (may_lack && !letter_before(text, begin)) || (article_ && article_before(text, begin));
}

bool Needle::stands_in(std::string_view text) const {
  for (std::size_t at = text.find(anchor_); at != std::string_view::npos; at = text.find(anchor_, at + 1))
    if (stands_at(text, at)) return true;
  return false;
}

bool stands_in(std::string_view text, const std::vector<Needle>& needles) {
  return std::ranges::any_of(needles, [&](const Needle& needle) { return needle.stands_in(text); });
}

}  // namespace dalil::archive
