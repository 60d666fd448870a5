#pragma once

#include <string>

#include "dalil/formats/page.hpp"

namespace dalil::formats {

/// The program's own words in a line that the program made ("photo", "killed 12, children 3", "2017-09-11
/// 08:30 (zone unknown)") in the language of the page. Whatever else is in it stays as it is, so it is not
/// for what comes from the archive.
std::string page_text(PageLanguage language, std::string text);

}  // namespace dalil::formats
