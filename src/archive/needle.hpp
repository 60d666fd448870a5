#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dalil::archive {

/// A text that is looked for in folded texts: its anchor is found by a search for bytes, then what stands
/// around it is looked at.
class Needle {
 public:
  /// Anywhere, also within words. `folded` is not empty.
  static Needle part(std::string folded);
  /// As it is, from the beginning of a word to the end of one.
  static Needle words(std::string folded);
  /// A name, by its words (name_words.hpp): whole ones, parted by blanks, hyphens and the like or by nothing;
  /// the article in any of its forms (al, el, an, esh ...), and between two words also absent.
  static Needle name(const std::vector<std::string>& words);

  const std::string& anchor() const { return anchor_; }
  /// Whether it stands where its anchor was found.
  bool stands_at(std::string_view text, std::size_t anchor) const;
  bool stands_in(std::string_view text) const;
  bool operator==(const Needle&) const = default;

 private:
  std::string anchor_;
  bool whole_words_ = false;
  bool article_ = false;                     ///< one stands before the first word
  std::vector<std::string> before_, after_;  ///< further words, away from the anchor
};

bool stands_in(std::string_view text, const std::vector<Needle>& needles);

}  // namespace dalil::archive
