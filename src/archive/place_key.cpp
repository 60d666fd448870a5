#include <algorithm>
#include <string_view>

#include "dalil/archive/gazetteer.hpp"
#include "name_words.hpp"
#include "place_words.hpp"

namespace dalil::archive {
namespace {

constexpr std::string_view kArticles[] = {"al", "el", "ad",  "ed", "an", "en",  "ar",  "er",  "as",  "es",
                                          "at", "et", "ath", "az", "ez", "adh", "ash", "esh", "eth", "the"};
/// What kind of place it is, folded: no part of its name.
constexpr std::string_view kKinds[] = {"city",     "town",        "village", "governorate", "province",
                                       "district", "subdistrict", "مدينه",   "بلده",        "قريه",
                                       "محافظه",   "منطقه",       "ناحيه"};
constexpr std::string_view kArabicArticle = "ال";
/// Two letters of two bytes: "التل" is "تل".
constexpr std::size_t kShortestStem = 4;
/// What transliterations disagree on: vowels, and the letters that stand for them or are hardly heard.
constexpr std::string_view kSilent[] = {"a", "e", "i", "o", "u", "w", "y", "h", "ا", "و", "ي", "ه", "ء"};

template <typename Range>
bool among(const Range& range, std::string_view word) {
  return std::ranges::find(range, word) != std::end(range);
}

std::string without_article(std::string word) {
  if (word.starts_with(kArabicArticle) && word.size() >= kArabicArticle.size() + kShortestStem)
    word.erase(0, kArabicArticle.size());
  return word;
}

std::string joined(const std::vector<std::string>& words) {
  std::string key;
  for (const std::string& word : words) key += word;
  return key;
}

/// The letter's sound class; several spellings of one Arabic letter are alike.
char sound_of(char c) {
  switch (c) {
    case 'q':
    case 'c':
    case 'g':
      return 'k';
    case 'z':
      return 's';
    case 'v':
      return 'b';
    default:
      return c;
  }
}

}  // namespace

std::span<const std::string_view> articles() {
  return kArticles;
}

bool is_article(std::string_view word) {
  return among(kArticles, word);
}

std::vector<std::string> name_words(const std::vector<std::string>& words) {
  std::vector<std::string> stems;
  for (const std::string& word : words) {
    if (!among(kArticles, word) && !among(kKinds, without_article(word)) && !among(kKinds, word))
      stems.push_back(without_article(word));
  }
  return stems;
}

std::string place_key(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  const std::string key = joined(name_words(words));
  return key.empty() ? joined(words) : key;
}

std::string sound_key(std::string_view key) {
  std::string sound;
  for (std::size_t i = 0; i < key.size();) {
    const auto silent = std::ranges::find_if(
        kSilent, [&](std::string_view letter) { return key.substr(i).starts_with(letter); });
    if (silent != std::end(kSilent)) {
      i += silent->size();
      continue;
    }
    const char c = sound_of(key[i++]);
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (!ascii || sound.empty() || sound.back() != c) sound += c;
  }
  return sound;
}

}  // namespace dalil::archive
