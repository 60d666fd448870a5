#pragma once

#include "dalil/media/facts.hpp"
#include "file_source.hpp"

namespace dalil::parser {

/// Once a process, before the door is locked.
void initialise_av();

/// Streams, codecs, duration and tags of a video or audio file. `demuxer` is libavformat's name of the format
/// that the content showed: nothing is probed, nothing else is opened.
void read_av(FileSource& source, const char* demuxer, media::MediaFacts& facts);

}  // namespace dalil::parser
