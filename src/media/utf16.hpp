#pragma once

#include <string>

#include "source.hpp"

namespace dalil::media {

/// One character as UTF-8; a surrogate, or what lies beyond U+10FFFF, as U+FFFD.
void append_utf8(std::string& out, std::uint32_t code);

/// Up to the first NUL, without blanks at its end; unpaired surrogates become U+FFFD.
std::string utf16_text(ByteView raw, ByteOrder order);

/// The same of a text whose byte order is in doubt: by its byte order mark, else by `likelier_order`.
std::string utf16_text_of_any_order(ByteView raw, ByteOrder presumed);

/// In which byte order the text has more letters of fewer scripts: the wrong one makes of an alphabet's
/// letters a mix of rare characters, signs and Han. `presumed` where neither is better, as with a single Han
/// character.
ByteOrder likelier_order(ByteView raw, ByteOrder presumed);

/// A packet of XML as UTF-8, which is all that the XMP toolkit takes: XMP may be UTF-16 in either order, by
/// its mark or by how its first "<" lies. A byte order mark, an XML declaration, and zeros or blanks that pad
/// its end are dropped. Source: XMP specification part 1, section 7.3.
std::string xml_in_utf8(ByteView packet);

}  // namespace dalil::media
