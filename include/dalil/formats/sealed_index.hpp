#pragma once

#include <optional>
#include <string>

#include "dalil/base/digest.hpp"
#include "dalil/base/time.hpp"

namespace dalil::formats {

/// A line of a sealed drive's index (docs/formats/sealed-drive.md): which object holds what.
struct SealedIndexLine {
  std::string object;  ///< "objects/ab/0123….age"
  std::string path;    ///< "VOLUME/path", raw bytes
  Digest digest;       ///< of the content
  std::uint64_t size_bytes = 0;
  std::optional<UtcTime> modified;
};
/// One line of JSON, with its line feed.
std::string format_line(const SealedIndexLine& line);

}  // namespace dalil::formats
