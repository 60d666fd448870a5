#pragma once

#include "source.hpp"

namespace dalil::parser {

/// A file by its descriptor, read with pread only. The head, in which nearly everything lies, is read once;
/// further places come through a second, smaller window.
class FileSource : public media::Source {
 public:
  FileSource(int fd, std::uint64_t size);
  std::uint64_t size() const override { return size_; }
  ByteView view(std::uint64_t offset, std::size_t length) override;
  int fd() const { return fd_; }

 private:
  /// Bytes of the file at `begin`.
  struct Window {
    std::uint64_t begin = 0;
    Bytes bytes;
    bool holds(std::uint64_t offset, std::size_t length) const {
      return offset >= begin && offset - begin <= bytes.size() && bytes.size() - (offset - begin) >= length;
    }
  };
  void fill(Window& window, std::uint64_t offset, std::size_t length);

  int fd_;
  std::uint64_t size_;
  std::uint64_t budget_;
  Window head_, place_;
};

}  // namespace dalil::parser
