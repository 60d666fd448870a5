#pragma once

#include "dalil/archive/custody.hpp"
#include "output_file.hpp"
#include "printer.hpp"

/// What checkpoints and those who sign them look like.
namespace dalil::cli {

/// A checkpoint of the archive with all that is known of it.
struct CheckpointView {
  merkle::Checkpoint checkpoint;
  UtcTime time;  ///< of its last entry, by the clock that wrote it
  std::vector<archive::CustodyKey> signers;
  std::vector<archive::Cosignature> cosignatures;  ///< those that count
  std::uint64_t timestamps = 0;
  std::string note;  ///< with the cosignatures that count
};

/// What is known of all checkpoints, read once.
class Checkpoints {
 public:
  explicit Checkpoints(archive::View& view);
  /// Error(not_found) if no commit reached that size.
  CheckpointView of(std::uint64_t tree_size) const;
  /// The newest one that somebody cosigned; absent if there is none.
  const archive::Cosignature* newest_cosigned() const;

 private:
  archive::View& view_;
  std::vector<archive::CustodyKey> keys_;
  std::vector<archive::Cosignature> cosignatures_;  // those that count
  std::vector<archive::Anchor> anchors_;
};
Json json_of(const CheckpointView& checkpoint);
void print_checkpoint(Printer& out, const CheckpointView& checkpoint);

/// "Amal (archivist)"; escaped.
std::string signer_text(const archive::CustodyKey& key);
Json json_of(const archive::CustodyKey& key);

}  // namespace dalil::cli
