#pragma once

#include "dalil/media/facts.hpp"

namespace dalil::parser {

/// Everything that a file says of itself, by the reader for its format. `fd` is read with pread only.
media::MediaFacts extract(int fd, std::uint64_t size, media::MediaKind kind, std::string_view format);

}  // namespace dalil::parser
