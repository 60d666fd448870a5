#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/media/fingerprint_search.hpp"

/// The same picture in other versions (docs/fingerprints.md). Everything here is of class evidence: without
/// it, Error(wrong_key).
namespace dalil::archive {

/// As its newest entry states them; absent if nobody looked yet, or the entry was destroyed.
std::optional<media::Fingerprints> fingerprints_of(View& view, Row item);
/// The entry itself.
std::optional<Seq> fingerprints_entry(View& view, Row item);
/// What the item is, by its facts; other if there are none.
media::MediaKind kind_of(View& view, Row item);
/// Photos, videos and sounds, and how many of them have fingerprints on record, be it only why there are
/// none.
struct Coverage {
  std::uint64_t pictures = 0, looked_at = 0;
};
Coverage coverage(View& view);

/// How what was found differs from what was asked for; several may.
enum class Change : std::uint8_t {
  none = 0,  ///< alike as far as can be told: the same pixels, or compressed anew
  resized = 1,
  cropped = 2,       ///< shows less
  wider = 3,         ///< shows more
  bordered = 4,      ///< one of the two has uniform borders
  posed = 5,         ///< flipped or turned
  altered = 6,       ///< something was laid over a part
  rotated = 7,       ///< by a few degrees
  still = 8,         ///< one is a frame of the other
  part_of_clip = 9,  ///< of a video not all of it
  sound = 10,        ///< it sounds the same; alone, its pictures are others
  alike = 11,  ///< nothing of these, and yet too different for the same: another shot of the scene perhaps
};
/// For people and programs: "cropped". Of `posed` see media::name_of(Pose).
const char* name_of(Change change);

/// Where in a video: a stretch of the question against one of the other. Of a still the same moment twice.
struct Stretch {
  std::uint32_t question_from_ms = 0, question_to_ms = 0;
  std::uint32_t from_ms = 0, to_ms = 0;
};

/// What of two recordings sounds the same.
struct SoundLikeness {
  std::vector<Stretch> stretches;  ///< by the question's times
  std::size_t windows = 0;         ///< seconds that were found again, of all stretches
  double distance = 0;             ///< mean, of 256 bits, of the stretch with the most
};

/// An item that holds the picture, clip or sound that was asked for.
struct Likeness {
  Row item = ledger::kNoRow;
  int distance = 0;  ///< of the nearest pair of fingerprints; of sound alone the mean
  media::Pose pose = media::Pose::upright;
  media::Part question_part = media::Part::whole, part = media::Part::whole;
  std::optional<media::Alignment> alignment;  ///< of pictures whose sketches were compared
  std::vector<Change> changes;                ///< in the order of the enumerators
  std::vector<Stretch> stretches;             ///< of videos
  std::size_t frames = 0;                     ///< how many pairs of frames agree
  std::optional<SoundLikeness> sound;
  /// Whether its pictures are alike; else its sound alone is.
  bool by_pictures() const { return part != media::Part::sound; }
};

struct SimilarOptions {
  int narrow = 31;  ///< up to this the hashes decide, if both say enough
  int wide = 80;    ///< up to this the sketches decide
  bool flips = true;
  bool sound = true;  ///< what sounds alike, too
  unsigned threads = 2;
};

/// All fingerprints of one snapshot, in memory.
class Looks {
 public:
  static Looks load(const Archive& archive, unsigned threads);
  std::size_t size() const { return table_->size(); }
  const media::PrintTable& table() const { return *table_; }
  /// What looks like one of these, or sounds like the first, the nearest first, each item once. All are of
  /// one picture or video, by other guesses of its borders. What sounds alike and does not look so comes
  /// last.
  std::vector<Likeness> find_any(View& view, std::span<const media::Fingerprints> guesses,
                                 const SimilarOptions& options) const;
  /// What looks like this, the nearest first. `view` is asked for the sketches of candidates.
  std::vector<Likeness> find(View& view, const media::Fingerprints& question,
                             const SimilarOptions& options) const;

 private:
  explicit Looks(std::unique_ptr<media::PrintTable> table) : table_(std::move(table)) {}
  std::unique_ptr<media::PrintTable> table_;
};

/// One of several versions of the same picture or clip.
struct Version {
  Row item = ledger::kNoRow;
  int distance = 0;  ///< from the first one; of that 0
  media::Pose pose = media::Pose::upright;
  std::vector<Change> changes;       ///< against the first one
  std::vector<std::string> reasons;  ///< why it stands before the next: "names its camera" ...
};
/// The most faithful version first.
using VersionGroup = std::vector<Version>;
/// Groups of two versions or more. Two are in one group if they look alike by their fingerprints, or if each
/// looks like a third. What only sounds alike is in none: one sound lies under many pictures.
std::vector<VersionGroup> duplicates(View& view, const Looks& looks, const SimilarOptions& options);

}  // namespace dalil::archive
