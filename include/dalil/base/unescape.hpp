#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dalil {

/// The bytes that `escape_for_display` shows like this; absent if it shows nothing so: a backslash that
/// begins no escape, or an escape for what needs none.
std::optional<std::string> unescape_displayed(std::string_view shown);

}  // namespace dalil
