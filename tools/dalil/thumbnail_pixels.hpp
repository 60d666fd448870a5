#pragma once

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

 private:
  media::ParserClient parser_;
};

}  // namespace dalil::cli
