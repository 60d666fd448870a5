#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dalil/media/parser_client.hpp"

namespace dalil::cli {

/// Has the sandboxed worker decode thumbnails, which it gets in memory. One at a time in the order in which
/// they are asked for.
class ThumbnailDecoder {
 public:
  ThumbnailDecoder();
  /// What they show; those that cannot be decoded have no pixels. Error(io) if no worker can be started.
  std::vector<media::Pixels> decode(const std::vector<media::Thumbnail>& thumbnails);
  /// How many so far could not be decoded.
  std::uint64_t failures() const { return failures_; }

 private:
  media::ParserClient parser_;
  std::uint64_t failures_ = 0;
};

/// "3 pictures could not be decoded by ..."
std::string not_decoded_text(std::uint64_t count);

}  // namespace dalil::cli
