#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Names as sequences of words, however they are written.
namespace dalil::archive {

/// Folded as texts are (base/text.hpp); hyphens, blanks and other punctuation part words.
/// Commas, semicolons, colons and brackets also part the runs that a name cannot stand across.
std::vector<std::vector<std::string>> word_runs(std::string_view text);
/// All of them, one after the other.
std::vector<std::string> words_of(std::string_view text);

}  // namespace dalil::archive
