#pragma once

#include "dalil/media/facts.hpp"
#include "dalil/media/parser_client.hpp"

namespace dalil::parser {

// Precondition of each: the libraries are loaded that protocol::libraries_for() tells.

/// Everything that a file says of itself, by the reader for its format. `fd` is read with pread only.
media::MediaFacts extract(int fd, std::uint64_t size, media::MediaKind kind, std::string_view format);

/// What its pictures look like: fingerprints, thumbnails or both, as `work` says; of a question also what is
/// not stored (further parts of a picture, more frames of a short clip). With fingerprints, if `sound`, what
/// it sounds like. Reads them by the decoder that its sniffed format is for; the problems say if there is
/// none.
media::Looks look_at(int fd, std::uint64_t size, media::MediaKind kind, std::string_view format,
                     media::ParserWork work, bool sound);

/// What a JPEG shows that this worker, or one before it, wrote: no pixels if it cannot be decoded.
media::Pixels pixels_in(int fd, std::uint64_t size);

}  // namespace dalil::parser
