#pragma once

#include <algorithm>
#include <cstring>

#include "dalil/base/bytes.hpp"

namespace dalil::media {

/// Bytes that arrived and were not taken yet, in one buffer that grows only as far as one answer is long.
class Inbox {
 public:
  ByteView held() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
  void take(std::size_t size) { begin_ += size; }
  void clear() { begin_ = end_ = 0; }

  /// Where the next bytes may be put: never empty. Views of `held` end here.
  MutableByteView room() {
    if (begin_ == end_) clear();
    if (buffer_.size() - end_ < kLeastRoom && begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() - end_ < kLeastRoom) buffer_.resize(std::max(2 * buffer_.size(), kFirstSize));
    return MutableByteView(buffer_).subspan(end_);
  }
  /// So many bytes were put there.
  void put(std::size_t size) { end_ += size; }

 private:
  static constexpr std::size_t kFirstSize = 64 << 10, kLeastRoom = 16 << 10;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace dalil::media
