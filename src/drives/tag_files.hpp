#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dalil/crypto/hash.hpp"
#include "folders.hpp"

namespace dalil::drives {

/// Files of Dalil's own on a drive: written under temporary names, then all put in place in quick succession.
/// A drive that is pulled in between is made whole by the next run. Throws DriveFailure.
class TagFiles {
 public:
  /// `mount` is for messages.
  TagFiles(std::shared_ptr<const files::Fd> root, std::string mount);

  /// One that is being written. Dropped unless it was finished.
  class File {
   public:
    File(TagFiles& owner, std::string part, files::Fd fd)
        : owner_(owner), part_(std::move(part)), fd_(std::move(fd)) {}
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    void write(ByteView bytes);
    void write(std::string_view text) { write(as_bytes(text)); }
    /// Takes this place when all are published, over an earlier one.
    void finish(const std::string& path, bool listed = true);

   private:
    TagFiles& owner_;
    std::string part_;
    files::Fd fd_;
    crypto::Sha256Stream hash_;
  };
  File begin();
  void add(const std::string& path, std::string_view content, bool listed = true);
  /// Lists a file that lies at its place already.
  void list(const std::string& path, const Digest& digest) { digests_.emplace_back(path, digest); }
  /// Of the listed ones, sorted by path.
  std::vector<std::pair<std::string, Digest>> digests() const;
  void publish();
  /// If it is there.
  void remove(const std::string& path);
  Folders& folders() { return folders_; }
  int root() const { return root_->get(); }

 private:
  void sync();
  std::shared_ptr<const files::Fd> root_, partial_;
  const std::string mount_;
  Folders folders_;
  std::uint64_t next_ = 0;
  std::vector<std::pair<std::string, std::string>> parts_;
  std::vector<std::pair<std::string, Digest>> digests_;
};

}  // namespace dalil::drives
