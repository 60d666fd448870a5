#pragma once

#include "dalil/media/facts.hpp"
#include "file_source.hpp"

namespace dalil::parser {

/// Once a process, before the door is locked: tables, and silence.
void initialise_exiv();

/// What our own readers found but do not open: XMP, IPTC, and the serial number in a maker's own note.
void read_packets(FileSource& source, const media::Packets& packets, media::MediaFacts& facts);

/// Raw formats whose structure our own reader does not know, or whose size it could not tell.
void read_raw(FileSource& source, media::MediaFacts& facts);

}  // namespace dalil::parser
