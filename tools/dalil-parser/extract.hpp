#pragma once

#include "dalil/media/facts.hpp"
#include "dalil/media/fingerprint.hpp"

namespace dalil::parser {

/// Everything that a file says of itself, by the reader for its format. `fd` is read with pread only.
media::MediaFacts extract(int fd, std::uint64_t size, media::MediaKind kind, std::string_view format);

/// What its pictures look like. Reads them by the decoder that its sniffed format is for; `problem` says if
/// there is none. `for_question` adds what is not stored: further parts of a picture, more frames of a short
/// clip.
media::Fingerprints look_at(int fd, std::uint64_t size, media::MediaKind kind, std::string_view format,
                            bool for_question);

}  // namespace dalil::parser
