#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Vocabularies that a group stated in the place of those that came with the program (docs/vocabularies.md).
/// What they say is not looked into here: `formats::read_vocabulary_file` judges it before it is stated.
namespace dalil::archive {

inline constexpr std::size_t kLongestVocabularyName = 64;

struct StatedVocabulary {
  std::string name;     ///< "parties", "gazetteer"
  std::string content;  ///< canonical JSON; empty: from here on what comes with the program holds again
  std::string reason;
  std::string actor;
  Seq seq = 0;
  UtcTime stated;
};

/// From now on this is the vocabulary of that name. Error(invalid) for a name that is not of small letters,
/// digits and hyphens. Error(wrong_key) for an auditor.
Seq state_vocabulary(Editor& editor, const std::string& name, const std::string& content,
                     const std::string& reason);

// Error(wrong_key) unless the role may see evidence.

/// All that were ever stated, in the order of their entries; without their contents.
std::vector<StatedVocabulary> vocabulary_history(View& view);
/// What was stated last under this name; absent if nothing was.
std::optional<StatedVocabulary> stated_vocabulary(View& view, std::string_view name);

}  // namespace dalil::archive
