#include <algorithm>
#include <array>

#include "plan.hpp"
#include "view_state.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

std::int64_t add_clamped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}

/// Milliseconds that a time of each precision stands for: see `precision_code`.
constexpr std::int64_t kLengths[] = {
    1, 60'000, 3'600'000, 86'400'000, 31 * 86'400'000LL, 366 * 86'400'000LL, 3'660 * 86'400'000LL};
std::size_t length_index(std::uint8_t precision) {
  return std::min<std::size_t>(precision, std::size(kLengths) - 1);
}

constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs;
/// The zones that there are: UTC-12 to UTC+14.
constexpr std::int64_t kFarthestEast = 14 * kHourMs, kFarthestWest = 12 * kHourMs;

/// The columns of one kind of time. They have the same blocks.
struct TimeColumns {
  const Column& time;
  const Column& basis;
  const Column& precision;
};
constexpr TimeColumns kEmbedded{kFactTaken, kFactTakenBasis, kFactTakenPrecision};
constexpr TimeColumns kClaimed{kFactClaimed, kFactClaimedBasis, kFactClaimedPrecision};

/// Whether times may lie in a span, many at once: two comparisons tell of most that no zone could bring them
/// there.
class TimeTest {
 public:
  TimeTest(const TimeSpan& span, const LocalClock& local)
      : span_(span),
        local_(local),
        before_(add_clamped(add_clamped(span.end_ms, span.tolerance_ms), kFarthestEast)) {
    const std::int64_t begin = add_clamped(add_clamped(span.begin_ms, -span.tolerance_ms), -kFarthestWest);
    for (std::size_t i = 0; i < after_.size(); ++i) after_[i] = add_clamped(begin, -kLengths[i]);
  }

  /// `without`, unless null, gets the items that have no such time at all.
  void narrow(const Stretch& stretch, const TimeColumns& columns, Matches& matches, Matches* without) const {
    for (std::size_t at = 0; at < matches.size(); at += columns.time.rows_per_block)
      if (any_in(matches, at, columns.time.rows_per_block))
        narrow_block(stretch, columns, at, matches, without);
  }

 private:
  struct Candidate {
    std::size_t index;
    std::int64_t ms;
  };

  void narrow_block(const Stretch& stretch, const TimeColumns& columns, std::size_t at, Matches& matches,
                    Matches* without) const {
    const std::uint32_t block = (stretch.first + static_cast<Row>(at)) / columns.time.rows_per_block;
    const std::size_t count = std::min<std::size_t>(columns.time.rows_per_block, matches.size() - at);
    const auto begin = matches.begin() + static_cast<std::ptrdiff_t>(at);
    if (stretch.reader.is_blank(columns.time, block)) {
      if (without != nullptr) std::copy_n(begin, count, without->begin() + static_cast<std::ptrdiff_t>(at));
      std::fill_n(begin, count, 0);
      return;
    }
    const Bytes precision = values_of(stretch.reader, columns.precision, block);
    std::vector<Candidate> candidates;
    stretch.reader.scan(
        columns.time,
        [&](Row, Row, ByteView values) {
          for (std::size_t i = 0; i < count; ++i) {
            if (matches[at + i] == 0) continue;
            const std::uint64_t stored = load_u64(values.data() + i * 8);
            matches[at + i] = 0;
            if (stored == 0 && without != nullptr) (*without)[at + i] = 1;
            const std::int64_t ms = unshift_time(stored);
            if (stored != 0 && ms < before_ && ms > after_[length_index(precision[i])])
              candidates.push_back({i, ms});
          }
          return true;
        },
        block, block + 1);
    if (candidates.empty()) return;
    const Bytes bases = values_of(stretch.reader, columns.basis, block);
    for (const auto& [i, ms] : candidates)
      matches[at + i] = static_cast<std::uint8_t>(
          may_lie_within(span_, ms, static_cast<media::ZoneBasis>(bases[i]), precision[i], local_));
  }

  TimeSpan span_;
  LocalClock local_;
  std::int64_t before_;
  std::array<std::int64_t, std::size(kLengths)> after_{};
};

/// Both ends are known, and inclusive: neither zone nor precision is in doubt.
void narrow_verified(const TimeSpan& span, const Stretch& stretch, Matches& matches, Matches* without) {
  const auto from = take_values(stretch, kItemVerifiedFrom, matches, without);
  filter(stretch, kItemVerifiedTo, matches, [&](const std::uint8_t* value, std::size_t i) {
    return unshift_time(from[i]) < add_clamped(span.end_ms, span.tolerance_ms) &&
           unshift_time(load_u64(value)) >= add_clamped(span.begin_ms, -span.tolerance_ms);
  });
}

}  // namespace

bool may_lie_within(const TimeSpan& span, std::int64_t ms, media::ZoneBasis basis, std::uint8_t precision,
                    const LocalClock& local) {
  constexpr std::int64_t kBeyond = 2 * 86'400'000LL;
  if (ms > INT64_MAX - kBeyond || ms < INT64_MIN + kBeyond) return false;  // no date there
  std::int64_t first = ms, end = add_clamped(ms, kLengths[length_index(precision)]);
  const bool unknown = basis == media::ZoneBasis::unknown_zone;
  if (span.any_zone && (unknown || basis == media::ZoneBasis::utc_claimed)) {
    first = add_clamped(first, -kFarthestEast);
    end = add_clamped(end, kFarthestWest);
  } else if (unknown) {
    first = local.to_utc(first);
    end = local.to_utc(end);
  }
  return first < add_clamped(span.end_ms, span.tolerance_ms) &&
         end > add_clamped(span.begin_ms, -span.tolerance_ms);
}

Narrow verified_in(const TimeSpan& span) {
  return
      [span](const Stretch& stretch, Matches& matches) { narrow_verified(span, stretch, matches, nullptr); };
}

Narrow embedded_in(const TimeSpan& span, const LocalClock& local) {
  return [test = TimeTest(span, local)](const Stretch& stretch, Matches& matches) {
    test.narrow(stretch, kEmbedded, matches, nullptr);
  };
}

Narrow claimed_in(const TimeSpan& span, const LocalClock& local) {
  return [test = TimeTest(span, local)](const Stretch& stretch, Matches& matches) {
    test.narrow(stretch, kClaimed, matches, nullptr);
  };
}

/// As it was verified, else by the file's own metadata, and where that says nothing by its name.
Narrow made_in(const TimeSpan& span, const LocalClock& local) {
  return [span, test = TimeTest(span, local)](const Stretch& stretch, Matches& matches) {
    Matches unverified, unknown(matches.size());
    narrow_verified(span, stretch, matches, &unverified);
    test.narrow(stretch, kEmbedded, unverified, &unknown);
    test.narrow(stretch, kClaimed, unknown, nullptr);
    add(matches, unverified);
    add(matches, unknown);
  };
}

}  // namespace dalil::archive
