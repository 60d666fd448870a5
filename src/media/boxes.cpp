#include "boxes.hpp"

#include <algorithm>

namespace dalil::media {
BoxWalk::BoxWalk(Source& source, std::uint64_t begin, std::uint64_t end)
    : source_(source), at_(begin), end_(std::min(end, source.size())) {}

std::optional<Box> BoxWalk::next() {
  if (at_ >= end_ || end_ - at_ < 8 || ++count_ > kMaxBoxes) return std::nullopt;
  const ByteView head = source_.view(at_, 8);
  if (head.empty()) return std::nullopt;
  std::uint64_t size = load_u32(head, 0);
  Box box{load_u32(head, 4), at_ + 8, 0};
  if (size == 1) {
    const ByteView large = source_.view(at_ + 8, 8);
    if (large.empty()) return std::nullopt;
    size = load_u64(large.data());
    box.body += 8;
  } else if (size == 0) {
    size = end_ - at_;  // up to the end
  }
  if (size < box.body - at_) return std::nullopt;
  if (size > end_ - at_) {
    size = end_ - at_;
    cut_short_ = true;
  }
  box.end = at_ + size;
  at_ = box.end;
  if (box.body > box.end) return std::nullopt;
  return box;
}

std::optional<Box> find_box(Source& source, std::uint64_t begin, std::uint64_t end, std::uint32_t type) {
  BoxWalk walk(source, begin, end);
  while (const auto box = walk.next()) {
    if (box->type == type) return box;
  }
  return std::nullopt;
}

}  // namespace dalil::media
