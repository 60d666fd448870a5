#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "dalil/archive/similar.hpp"

namespace dalil::archive {

/// Frames of two clips that differ by more tell nothing, however many there are.
inline constexpr int kClipLimit = 46;
/// Of versions that were only compressed anew the hashes are nearer.
inline constexpr int kSameLimit = 31;

/// An item of which some fingerprints are near to what is asked.
struct Candidate {
  View& view;
  const media::Fingerprints& question;
  Row item;
  const media::PrintTable& table;
  /// By the hits' question: which print of `question`, in which pose.
  const std::vector<std::pair<std::size_t, media::Pose>>& of;
  const std::vector<media::PrintHit>& hits;  ///< the nearest first
  const SimilarOptions& options;
};

/// Whether it is the same picture or clip, and what differs. Absent if it is not.
std::optional<Likeness> judge(const Candidate& candidate);

/// What differs between two pictures that lie on each other so, and of whose fingerprints the nearest are so
/// far apart.
std::vector<Change> changes_between(const media::Fingerprints& question, const media::Fingerprints& other,
                                    media::Pose pose, const std::optional<media::Alignment>& alignment,
                                    int distance);

}  // namespace dalil::archive
