#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dalil::media {

/// Arabic in the code page of Windows before Unicode, as UTF-8 and marked as such ("... [Windows-1256]"), so
/// that the bytes can be had back. Absent unless it is certainly that: words of Arabic letters, none of which
/// touches a Latin one. `raw` is no UTF-8.
std::optional<std::string> from_windows_1256(std::string_view raw);

}  // namespace dalil::media
