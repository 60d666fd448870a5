#include "derive.hpp"
#include "review_record.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// What the columns of an item's verified time and places become.
class ItemColumns {
 public:
  ItemColumns(ledger::Writer& writer, Row item) : writer_(writer), item_(item) {}

  void set_time(const Review& review) {
    if (!review.time && !review.clears_time) return;
    const auto value = [&](std::int64_t ms) { return u64_value(review.time ? shift_time(ms) : 0); };
    writer_.set(kItemVerifiedFrom, item_, value(review.time ? review.time->from_ms : 0));
    writer_.set(kItemVerifiedTo, item_, value(review.time ? review.time->to_ms : 0));
  }

  void set_place(const Column& place_column, const Column& radius_column,
                 const std::optional<VerifiedPlace>& place, bool clears) {
    if (!place && !clears) return;
    writer_.set(place_column, item_, u64_value(place ? place_value(place->latitude, place->longitude) : 0));
    writer_.set(radius_column, item_, u32_value(place ? place->radius_m : 0));
  }

 private:
  ledger::Writer& writer_;
  Row item_;
};

}  // namespace

void Deriver::apply(Seq seq, const records::ReviewStated& stated) {
  const Review review = from_record(stated);  // refuses what later readers could not make sense of
  const bool of_link = stated.has_link_seq();
  const auto subject =
      of_link ? find_link(stated.link_seq()) : find_item(Digest::from_bytes(as_bytes(stated.digest())));
  if (!subject) return pass_over(seq, of_link ? "a link" : "an item");
  const Column& last = of_link ? kLinkLastReview : kItemLastReview;
  const Column& state_column = of_link ? kLinkReview : kItemReview;
  // A review that states no state leaves it as it is; the first one of all says that somebody is at it.
  const bool first = load_u32(writer_->cell(last, *subject).data()) == 0;
  const auto before =
      first ? ReviewState::in_progress : static_cast<ReviewState>(writer_->cell(state_column, *subject)[0]);
  const Bytes state = u8_value(static_cast<std::uint8_t>(review.state.value_or(before)));
  const Row row = writer_->add_row(kReviews);
  writer_->set(kReviewSeq, row, u64_value(seq));
  writer_->set(of_link ? kReviewLink : kReviewItem, row, u32_value(*subject + 1));
  writer_->set(kReviewState, row, state);
  writer_->set(kReviewPrevious, row, u32_value(load_u32(writer_->cell(last, *subject).data())));
  set_review_for_search(row, review);
  writer_->set(last, *subject, u32_value(row + 1));
  writer_->set(state_column, *subject, state);
  if (of_link) return;
  ItemColumns columns(*writer_, *subject);
  columns.set_time(review);
  columns.set_place(kItemVerifiedMade, kItemMadeRadius, review.made, review.clears_made);
  columns.set_place(kItemVerifiedShown, kItemShownRadius, review.shown, review.clears_shown);
}

}  // namespace dalil::archive
