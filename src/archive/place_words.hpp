#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dalil::archive {

/// The article and its assimilated forms, as transliterations set them apart; folded.
std::span<const std::string_view> articles();
bool is_article(std::string_view word);
/// Of folded words those that are a name's own, without articles and kinds of places; perhaps none.
std::vector<std::string> name_words(const std::vector<std::string>& words);
/// Of a place_key its consonants, as far as transliterations agree on them.
std::string sound_key(std::string_view key);

}  // namespace dalil::archive
