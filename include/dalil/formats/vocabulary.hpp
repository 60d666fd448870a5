#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/gazetteer.hpp"
#include "dalil/archive/vocabulary.hpp"

/// Vocabularies and gazetteers as files (docs/formats/vocabulary.md).
namespace dalil::formats {

inline constexpr std::size_t kMaxVocabularyBytes = std::size_t{16} << 20;
inline constexpr std::string_view kGazetteer = "gazetteer";

/// What a file says of itself, and all that it says in one form.
struct VocabularyFile {
  std::string name;  ///< "parties", "weapons", "gazetteer" ...
  std::string title, licence, source;
  std::string canonical;  ///< sorted keys, no white space
};

// Each throws Error(invalid), which names the place in the file, unless it is a sound vocabulary whole.

/// Of a file that is to be stated: also Error(invalid) for members that are not known, for an empty list, and
/// for two terms of one name. What was stated before this was checked is still read.
VocabularyFile read_vocabulary_file(std::string_view json);
/// Error(invalid) also for a gazetteer.
archive::Vocabulary read_vocabulary(std::string_view json);
/// Error(invalid) also for a vocabulary of terms.
archive::Gazetteer read_gazetteer(std::string_view json);

/// The same, laid out for people: a line for each term or place.
std::string print_vocabulary(std::string_view json);

/// Areas on a map, as outlines.json has them.
struct Outline {
  std::string code;  ///< of the governorate; empty: of none
  std::string name;
  /// Rings of (longitude, latitude), degrees; holes are rings too (fill by the even-odd rule).
  std::vector<std::vector<std::pair<double, double>>> rings;
};
std::vector<Outline> read_outlines(std::string_view json);

}  // namespace dalil::formats
