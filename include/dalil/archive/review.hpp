#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"

/// What analysts found when they looked at an item, or at a link (docs/review.md): source, technical and
/// content analysis, as the Berkeley Protocol on Digital Open Source Investigations names them; the state it
/// is in since; and when and where it was made as far as that was verified. Every review is kept, the newest
/// holds. Class evidence: what a role without it asks for throws Error(wrong_key).
///
/// For filters (src/archive/schema.hpp):
/// - `kItemReview`, `kLinkReview`: the ReviewState as a byte, 0 where there is no review.
/// - `kItemVerifiedFrom`, `kItemVerifiedTo`: UTC ms as `shift_time` has it, both inclusive; 0 both: none.
/// - `kItemVerifiedMade`, `kItemVerifiedShown`: as `kFactPlace`, where it was made and what it shows;
///   0: none. `kItemMadeRadius`, `kItemShownRadius`: metres around it, 0: not stated.
namespace dalil::archive {

/// Persistent, never renumber: stands in entries and in columns.
enum class ReviewState : std::uint8_t {
  unreviewed = 0,  ///< also where nobody said anything
  in_progress = 1,
  verified = 2,
  disputed = 3,
  rejected = 4,
  superseded = 5,  ///< another item or link took its place
};
const char* name_of(ReviewState state);  ///< with hyphens: "in-progress"
std::optional<ReviewState> review_state_from(std::string_view name);
std::vector<std::string> review_state_names();
/// What "reviewed" means in a question: an assessment came to an end, whichever.
constexpr bool is_reviewed(ReviewState state) {
  return state >= ReviewState::verified;
}

/// Kind of an analysis. Persistent, never renumber.
enum class Analysis : std::uint8_t { source = 1, technical = 2, content = 3 };
const char* name_of(Analysis analysis);
std::optional<Analysis> analysis_from(std::string_view name);

/// In words: a number would claim an exactness that an assessment has not. Persistent, never renumber.
enum class Confidence : std::uint8_t { low = 1, moderate = 2, high = 3 };
const char* name_of(Confidence confidence);
std::optional<Confidence> confidence_from(std::string_view name);

/// How exactly a time was stated. Persistent, never renumber.
enum class TimePrecision : std::uint8_t { second = 1, minute = 2, hour = 3, day = 4, month = 5, year = 6 };
const char* name_of(TimePrecision precision);

/// When it was made, as it was verified.
struct VerifiedTime {
  std::int64_t from_ms = 0;  ///< UTC
  std::int64_t to_ms = 0;    ///< UTC, inclusive
  TimePrecision precision = TimePrecision::second;
  std::int32_t offset_minutes = 0;  ///< of the zone in which it was stated, east of UTC
  bool operator==(const VerifiedTime&) const = default;
};

/// WGS 84.
struct VerifiedPlace {
  double latitude = 0, longitude = 0;
  std::uint32_t radius_m = 0;  ///< it lies within; 0: not stated
  std::string name;            ///< in people's words
  bool operator==(const VerifiedPlace&) const = default;
};

/// One assessment. What it does not state stays as it was.
struct Review {
  std::optional<Analysis> analysis;
  std::string method, result, note;
  std::optional<Confidence> confidence;
  /// Absent: none is stated. What was reviewed is in the state that was stated last; in progress if none was.
  std::optional<ReviewState> state;
  std::optional<VerifiedTime> time;          ///< of an item only, as are the places
  std::optional<VerifiedPlace> made, shown;  ///< where it was made; what it shows
  bool clears_time = false, clears_made = false, clears_shown = false;  ///< no longer verified
  bool operator==(const Review&) const = default;
};

struct StatedReview {
  Review review;
  Row row = ledger::kNoRow;
  Row item = ledger::kNoRow;  ///< kNoRow if it is of a link
  Row link = ledger::kNoRow;  ///< kNoRow if it is of an item
  Seq seq = 0;
  UtcTime stated;
  std::string author;
};

/// What holds of an item or a link, over all its reviews.
struct Assessment {
  ReviewState state = ReviewState::unreviewed;
  std::optional<VerifiedTime> time;
  std::optional<VerifiedPlace> made, shown;
};

/// Returns the review's entry. Error(invalid) if it states nothing, or what cannot be.
Seq review_item(Editor& editor, Row item, const Review& review);
Seq review_link(Editor& editor, Row link, const Review& review);

/// In the order in which they were stated.
std::vector<StatedReview> reviews_of_item(View& view, Row item);
std::vector<StatedReview> reviews_of_link(View& view, Row link);
/// Over all of one's reviews, in the order in which they were stated.
Assessment assessment_of(const std::vector<StatedReview>& reviews);

ReviewState state_of_item(View& view, Row item);
ReviewState state_of_link(View& view, Row link);
/// Items in any of these states, ascending; without states those of which anybody stated a review. False
/// from `visit` stops.
using VisitReviewed = std::function<bool(Row row, ReviewState state)>;
void for_each_reviewed_item(View& view, const std::vector<ReviewState>& states, const VisitReviewed& visit);
/// The same of links, without those that were withdrawn.
void for_each_reviewed_link(View& view, const std::vector<ReviewState>& states, const VisitReviewed& visit);
/// What this entry states. Error(not_found) if it is no review.
StatedReview review_of_entry(View& view, Seq seq);
/// The link that an entry made. Error(not_found) if it made none.
Row link_of_entry(View& view, Seq seq);
/// A link by its row, withdrawn or not, without its reasons.
Link link_at(View& view, Row row);

}  // namespace dalil::archive
