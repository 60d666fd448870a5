#include "dalil/archive/review.hpp"

#include <algorithm>

#include "editor_state.hpp"
#include "evidence_only.hpp"
#include "link_rows.hpp"
#include "review_record.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr const char* kReviewsWord = "reviews";

constexpr const char* kStateNames[] = {"unreviewed", "in-progress", "verified",
                                       "disputed",   "rejected",    "superseded"};
constexpr const char* kAnalysisNames[] = {"source", "technical", "content"};
constexpr const char* kConfidenceNames[] = {"low", "moderate", "high"};
constexpr const char* kPrecisionNames[] = {"second", "minute", "hour", "day", "month", "year"};

/// The value whose name this is; `first` is that of the first name.
template <typename Value, std::size_t N>
std::optional<Value> value_named(const char* const (&names)[N], std::string_view name, std::uint8_t first) {
  for (std::size_t i = 0; i < N; ++i)
    if (name == names[i]) return static_cast<Value>(first + i);
  return std::nullopt;
}
template <typename Value, std::size_t N>
const char* name_in(const char* const (&names)[N], Value value, std::uint8_t first) {
  const auto at = static_cast<std::size_t>(static_cast<std::uint8_t>(value) - first);
  return at < N ? names[at] : "unknown";
}

ReviewState state_in(View& view, const Column& column, Row row) {
  require_evidence(view, kReviewsWord);
  return static_cast<ReviewState>(view.reader().cell(column, row)[0]);
}

void for_each_in(View& view, const Column& state_column, const Column& last,
                 const std::vector<ReviewState>& states, const VisitReviewed& visit) {
  require_evidence(view, kReviewsWord);
  std::vector<std::pair<Row, ReviewState>> rows;
  const auto take = [&](Row row, ReviewState state) { rows.emplace_back(row, state); };
  if (states.empty()) {
    std::vector<Row> stated;
    view.reader().scan(last, [&](Row first, Row count, ByteView values) {
      for (Row i = 0; i < count; ++i)
        if (load_u32(values.data() + std::size_t{i} * 4) != 0) stated.push_back(first + i);
      return true;
    });
    for (const Row row : stated) take(row, state_in(view, state_column, row));
  } else {
    view.reader().scan(state_column, [&](Row first, Row count, ByteView values) {
      for (Row i = 0; i < count; ++i) {
        const auto state = static_cast<ReviewState>(values[i]);
        if (std::ranges::count(states, state) > 0) take(first + i, state);
      }
      return true;
    });
  }
  for (const auto& [row, state] : rows)
    if (!visit(row, state)) return;
}

StatedReview read_review(View& view, Row row) {
  ledger::Reader& reader = view.reader();
  StatedReview stated;
  stated.row = row;
  stated.seq = load_u64(reader.cell(kReviewSeq, row).data());
  const Row item = load_u32(reader.cell(kReviewItem, row).data());
  const Row link = load_u32(reader.cell(kReviewLink, row).data());
  stated.item = item == 0 ? ledger::kNoRow : item - 1;
  stated.link = link == 0 ? ledger::kNoRow : link - 1;
  const ledger::PublicLine line = reader.line(stated.seq);
  stated.stated = line.time;
  stated.author = view.actor_name(line.actor);
  stated.review = from_record(open_record(view, stated.seq).review_stated());
  return stated;
}

/// From the newest back to the first, then turned round.
std::vector<StatedReview> chain(View& view, const Column& last, Row subject) {
  require_evidence(view, kReviewsWord);
  std::vector<StatedReview> reviews;
  Row next = load_u32(view.reader().cell(last, subject).data());
  while (next != 0) {
    const Row row = next - 1;
    next = load_u32(view.reader().cell(kReviewPrevious, row).data());
    if (next > row)
      throw Error(ErrorCode::corrupt, "the chain of reviews does not lead back", "run 'dalil rebuild'");
    reviews.push_back(read_review(view, row));
  }
  std::ranges::reverse(reviews);
  return reviews;
}

}  // namespace

const char* name_of(ReviewState state) {
  return name_in(kStateNames, state, 0);
}
std::optional<ReviewState> review_state_from(std::string_view name) {
  return value_named<ReviewState>(kStateNames, name, 0);
}
std::vector<std::string> review_state_names() {
  return {std::begin(kStateNames), std::end(kStateNames)};
}
const char* name_of(Analysis analysis) {
  return name_in(kAnalysisNames, analysis, 1);
}
std::optional<Analysis> analysis_from(std::string_view name) {
  return value_named<Analysis>(kAnalysisNames, name, 1);
}
const char* name_of(Confidence confidence) {
  return name_in(kConfidenceNames, confidence, 1);
}
std::optional<Confidence> confidence_from(std::string_view name) {
  return value_named<Confidence>(kConfidenceNames, name, 1);
}
const char* name_of(TimePrecision precision) {
  return name_in(kPrecisionNames, precision, 1);
}

Seq review_item(Editor& editor, Row item, const Review& review) {
  EditorAccess::State& state = EditorAccess::state(editor);
  records::Record record;
  *record.mutable_review_stated() = to_record(review);
  const Digest digest = state.digest_of(item);
  record.mutable_review_stated()->set_digest(digest.bytes.data(), Digest::kSize);
  return state.append_and_apply(SealClass::evidence, record);
}

Seq review_link(Editor& editor, Row link, const Review& review) {
  EditorAccess::State& state = EditorAccess::state(editor);
  if (review.time || review.made || review.shown || review.clears_time || review.clears_made ||
      review.clears_shown)
    throw Error(ErrorCode::invalid, "times and places are verified of items, not of links",
                "review the item for these");
  records::Record record;
  *record.mutable_review_stated() = to_record(review);
  record.mutable_review_stated()->set_link_seq(load_u64(state.writer.cell(kLinkSeq, link).data()));
  return state.append_and_apply(SealClass::evidence, record);
}

std::vector<StatedReview> reviews_of_item(View& view, Row item) {
  return chain(view, kItemLastReview, item);
}
std::vector<StatedReview> reviews_of_link(View& view, Row link) {
  return chain(view, kLinkLastReview, link);
}

Assessment assessment_of(const std::vector<StatedReview>& reviews) {
  Assessment now;
  if (!reviews.empty()) now.state = ReviewState::in_progress;
  for (const StatedReview& stated : reviews) {
    const Review& review = stated.review;
    now.state = review.state.value_or(now.state);
    if (review.time || review.clears_time) now.time = review.time;
    if (review.made || review.clears_made) now.made = review.made;
    if (review.shown || review.clears_shown) now.shown = review.shown;
  }
  return now;
}

ReviewState state_of_item(View& view, Row item) {
  return state_in(view, kItemReview, item);
}
ReviewState state_of_link(View& view, Row link) {
  return state_in(view, kLinkReview, link);
}

void for_each_reviewed_item(View& view, const std::vector<ReviewState>& states, const VisitReviewed& visit) {
  for_each_in(view, kItemReview, kItemLastReview, states, visit);
}
void for_each_reviewed_link(View& view, const std::vector<ReviewState>& states, const VisitReviewed& visit) {
  for_each_in(view, kLinkReview, kLinkLastReview, states, [&](Row row, ReviewState state) {
    const bool stands = load_u64(view.reader().cell(kLinkWithdrawn, row).data()) == 0;
    return !stands || visit(row, state);
  });
}

StatedReview review_of_entry(View& view, Seq seq) {
  require_evidence(view, kReviewsWord);
  ledger::Reader& reader = view.reader();
  for (Row row = reader.rows(kReviews); row > 0; --row) {
    const Seq stated = load_u64(reader.cell(kReviewSeq, row - 1).data());
    if (stated == seq) return read_review(view, row - 1);
    if (stated < seq) break;  // rows follow the entries
  }
  throw Error(ErrorCode::not_found, fmt::format("entry {} is no review", seq));
}

Row link_of_entry(View& view, Seq seq) {
  require_evidence(view, "links");
  ledger::Reader& reader = view.reader();
  const auto row = reader.lookup(reader.token(kTokenLink, u64_value(seq)));
  if (!row || *row >= reader.rows(kLinks) ||
      load_u64(reader.cell(kLinkSeq, static_cast<Row>(*row)).data()) != seq)
    throw Error(ErrorCode::not_found, fmt::format("entry {} made no link", seq),
                "'dalil show ITEM' names the entries that made its links");
  return static_cast<Row>(*row);
}

Link link_at(View& view, Row row) {
  require_evidence(view, "links");
  return read_link(view.reader(), row);
}

}  // namespace dalil::archive
