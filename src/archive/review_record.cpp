#include "review_record.hpp"

#include <cmath>

#include "dalil/base/error.hpp"

namespace dalil::archive {

namespace {

constexpr std::int32_t kLeastOffset = -12 * 60, kMostOffset = 14 * 60;
constexpr std::uint32_t kLargestRadius = 20'037'509;  // half around the earth, in metres
/// In the place of a state: none is stated. Programs that do not know it refuse the review instead of taking
/// it for a statement. Persistent, never renumber.
constexpr std::uint32_t kNoState = 6;
enum Cleared : std::uint32_t { kTime = 1, kMade = 2, kShown = 4 };

/// Why it cannot be; empty if it can.
const char* fault_of(const VerifiedTime& time) {
  if (time.to_ms < time.from_ms) return "a verified time ends before it begins";
  if (time.precision < TimePrecision::second || time.precision > TimePrecision::year)
    return "a verified time has no known precision";
  if (time.offset_minutes < kLeastOffset || time.offset_minutes > kMostOffset)
    return "a verified time is of no zone on earth";
  return "";
}

const char* fault_of(const VerifiedPlace& place) {
  if (!(std::abs(place.latitude) <= 90 && std::abs(place.longitude) <= 180))
    return "a verified place is nowhere on earth";
  return place.radius_m > kLargestRadius ? "a verified place is larger than the earth" : "";
}

const char* fault_of(const Review& review) {
  for (const char* fault :
       {review.time ? fault_of(*review.time) : "", review.made ? fault_of(*review.made) : "",
        review.shown ? fault_of(*review.shown) : ""})
    if (*fault != '\0') return fault;
  if ((review.time && review.clears_time) || (review.made && review.clears_made) ||
      (review.shown && review.clears_shown))
    return "a review both states and clears the same";
  return "";
}

void fill(records::ReviewStated::Place& to, const VerifiedPlace& place) {
  to.set_latitude(place.latitude);
  to.set_longitude(place.longitude);
  to.set_radius_m(place.radius_m);
  to.set_name(place.name);
}

VerifiedPlace read(const records::ReviewStated::Place& place) {
  return {place.latitude(), place.longitude(), place.radius_m(), place.name()};
}

}  // namespace

records::ReviewStated to_record(const Review& review) {
  if (review == Review{})
    throw Error(ErrorCode::invalid, "the review says nothing",
                "give a state, a result, a note, or what was verified");
  if (const char* fault = fault_of(review); *fault != '\0') throw Error(ErrorCode::invalid, fault);
  records::ReviewStated record;
  if (review.analysis) record.set_kind(static_cast<std::uint32_t>(*review.analysis));
  record.set_method(review.method);
  record.set_result(review.result);
  record.set_note(review.note);
  if (review.confidence) record.set_confidence(static_cast<std::uint32_t>(*review.confidence));
  record.set_state(review.state ? static_cast<std::uint32_t>(*review.state) : kNoState);
  if (review.time) {
    record.mutable_time()->set_from_ms(review.time->from_ms);
    record.mutable_time()->set_to_ms(review.time->to_ms);
    record.mutable_time()->set_precision(static_cast<std::uint32_t>(review.time->precision));
    record.mutable_time()->set_offset_minutes(review.time->offset_minutes);
  }
  if (review.made) fill(*record.mutable_made(), *review.made);
  if (review.shown) fill(*record.mutable_shown(), *review.shown);
  record.set_cleared((review.clears_time ? kTime : 0U) | (review.clears_made ? kMade : 0U) |
                     (review.clears_shown ? kShown : 0U));
  return record;
}

Review from_record(const records::ReviewStated& record) {
  const auto corrupt = [](const char* why) { return Error(ErrorCode::corrupt, why, "run 'dalil check'"); };
  if (record.kind() > 3 || record.confidence() > 3 || record.state() > kNoState || record.cleared() > 7)
    throw corrupt("a review holds a number that is not known");
  Review review;
  if (record.kind() != 0) review.analysis = static_cast<Analysis>(record.kind());
  review.method = record.method();
  review.result = record.result();
  review.note = record.note();
  if (record.confidence() != 0) review.confidence = static_cast<Confidence>(record.confidence());
  if (record.state() != kNoState) review.state = static_cast<ReviewState>(record.state());
  if (record.has_time()) {
    if (record.time().precision() > UINT8_MAX) throw corrupt("a verified time has no known precision");
    review.time = {record.time().from_ms(), record.time().to_ms(),
                   static_cast<TimePrecision>(record.time().precision()), record.time().offset_minutes()};
  }
  if (record.has_made()) review.made = read(record.made());
  if (record.has_shown()) review.shown = read(record.shown());
  review.clears_time = (record.cleared() & kTime) != 0;
  review.clears_made = (record.cleared() & kMade) != 0;
  review.clears_shown = (record.cleared() & kShown) != 0;
  if (const char* fault = fault_of(review); *fault != '\0') throw corrupt(fault);
  return review;
}

}  // namespace dalil::archive
