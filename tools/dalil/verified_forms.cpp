#include "verified_forms.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "refs.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using archive::TimePrecision;

constexpr std::int64_t kSecondMs = 1000, kMinuteMs = 60 * kSecondMs, kHourMs = 60 * kMinuteMs,
                       kDayMs = 24 * kHourMs;

/// A moment as somebody wrote it, by the wall clock of its zone.
struct Moment {
  std::int64_t first_ms = 0, last_ms = 0;
  TimePrecision precision = TimePrecision::second;
  std::optional<std::int32_t> offset_minutes;
};

bool is_two_digits(std::string_view text) {
  return text.size() == 2 && text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
}
int two_digits(std::string_view text) {
  return (text[0] - '0') * 10 + text[1] - '0';
}

/// Takes "Z" or "+03:00" off the end.
std::optional<std::int32_t> take_offset(std::string_view& text) {
  constexpr std::size_t kSize = 6;
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
    return 0;
  }
  if (text.size() < kSize) return std::nullopt;
  const std::string_view end = text.substr(text.size() - kSize);
  if ((end[0] != '+' && end[0] != '-') || end[3] != ':' || !is_two_digits(end.substr(1, 2)) ||
      !is_two_digits(end.substr(4)))
    return std::nullopt;
  const int minutes = two_digits(end.substr(1, 2)) * 60 + two_digits(end.substr(4));
  text.remove_suffix(kSize);
  return end[0] == '-' ? -minutes : minutes;
}

/// "08", "08:30", "08:30:15" into the moment; false if it is no time of day.
bool read_clock(std::string_view text, Moment& moment) {
  constexpr int kMost[] = {23, 59, 59};
  constexpr std::int64_t kUnit[] = {kHourMs, kMinuteMs, kSecondMs};
  constexpr TimePrecision kPrecision[] = {TimePrecision::hour, TimePrecision::minute, TimePrecision::second};
  std::size_t part = 0;
  for (;; ++part) {
    if (part == std::size(kUnit) || !is_two_digits(text.substr(0, 2))) return false;
    const int value = two_digits(text);
    if (value > kMost[part]) return false;
    moment.first_ms += value * kUnit[part];
    text.remove_prefix(2);
    if (text.empty()) break;
    if (text[0] != ':') return false;
    text.remove_prefix(1);
  }
  moment.last_ms = moment.first_ms + kUnit[part] - 1;
  moment.precision = kPrecision[part];
  return true;
}

std::optional<Moment> moment_from(std::string_view text) {
  Moment moment;
  moment.offset_minutes = take_offset(text);
  const auto separator = text.find_first_of("T ");
  const auto days = parse_date(text.substr(0, separator));
  if (!days) return std::nullopt;
  moment.first_ms = days->first * kDayMs;
  moment.last_ms = (days->last + std::int64_t{1}) * kDayMs - 1;
  moment.precision = days->precision == DatePrecision::day     ? TimePrecision::day
                     : days->precision == DatePrecision::month ? TimePrecision::month
                                                               : TimePrecision::year;
  if (separator == std::string_view::npos) return moment;
  if (days->precision != DatePrecision::day || !read_clock(text.substr(separator + 1), moment))
    return std::nullopt;
  return moment;
}

Error no_time(const std::string& option, const std::string& text) {
  return Error(ErrorCode::usage, fmt::format("{} is no time for {}", in_quotes(text), option),
               "as exact as it is known: 2017-09-11T08:30+03:00, 2017-09-11 with --zone +03:00, or two of "
               "them joined by '..'");
}

std::string wall_clock(std::int64_t utc_ms, const archive::VerifiedTime& time) {
  std::string text = UtcTime{utc_ms + time.offset_minutes * kMinuteMs}.rfc3339();
  if (text.size() < 20) return text;
  text[10] = ' ';
  constexpr std::size_t kLength[] = {0, 19, 16, 13, 10, 7, 4};  // by precision
  text.resize(kLength[static_cast<std::size_t>(time.precision)]);
  return text;
}

std::string offset_text(std::int32_t minutes) {
  const int size = std::abs(minutes);
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::optional<double> degrees_from(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "500", "500m", "2km", "1.5km"
std::optional<std::uint32_t> radius_from(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  double unit = 1;
  if (text.ends_with("km")) {
    unit = 1000;
    text.remove_suffix(2);
  } else if (text.ends_with("m")) {
    text.remove_suffix(1);
  }
  const auto value = degrees_from(text);
  constexpr double kMost = 20'000'000;
  if (!value || !(*value > 0 && *value * unit <= kMost)) return std::nullopt;
  return static_cast<std::uint32_t>(std::ceil(*value * unit));
}

}  // namespace

archive::VerifiedTime verified_time_from(const std::string& option, const std::string& text,
                                         std::optional<std::int32_t> zone_minutes) {
  const auto dots = text.find("..");
  const auto first = moment_from(std::string_view(text).substr(0, dots));
  const auto last = dots == std::string::npos ? first : moment_from(std::string_view(text).substr(dots + 2));
  if (!first || !last) throw no_time(option, text);
  const auto first_offset = first->offset_minutes  ? first->offset_minutes
                            : last->offset_minutes ? last->offset_minutes
                                                   : zone_minutes;
  const auto last_offset = last->offset_minutes ? last->offset_minutes : first_offset;
  if (!first_offset)
    throw Error(ErrorCode::usage, fmt::format("the zone of {} is not stated", in_quotes(text)),
                "write its offset behind it, as in 2017-09-11T08:30+03:00, or give --zone +03:00");
  archive::VerifiedTime time;
  time.from_ms = first->first_ms - *first_offset * kMinuteMs;
  time.to_ms = last->last_ms - *last_offset * kMinuteMs;
  time.precision = std::max(first->precision, last->precision);
  time.offset_minutes = *first_offset;
  if (time.to_ms < time.from_ms)
    throw Error(ErrorCode::usage, fmt::format("{} ends before it begins", in_quotes(text)));
  return time;
}

archive::VerifiedPlace verified_place_from(const std::string& option, const std::string& text,
                                           const std::string& name) {
  const auto comma = text.find(',');
  const auto second = comma == std::string::npos ? comma : text.find(',', comma + 1);
  archive::VerifiedPlace place;
  std::optional<double> latitude, longitude;
  std::optional<std::uint32_t> radius = 0;
  if (comma != std::string::npos) {
    latitude = degrees_from(std::string_view(text).substr(0, comma));
    longitude = degrees_from(
        std::string_view(text).substr(comma + 1, second == std::string::npos ? second : second - comma - 1));
  }
  if (second != std::string::npos) radius = radius_from(std::string_view(text).substr(second + 1));
  if (!latitude || !longitude || !radius || !(std::abs(*latitude) <= 90 && std::abs(*longitude) <= 180))
    throw Error(ErrorCode::usage, fmt::format("{} is no place for {}", in_quotes(text), option),
                "degrees north and east, and how far around: 35.3312,40.1425,500m");
  return {*latitude, *longitude, *radius, name};
}

std::string text_of(const archive::VerifiedTime& time) {
  const std::string from = wall_clock(time.from_ms, time), to = wall_clock(time.to_ms, time);
  return fmt::format("{}{} {}", from, from == to ? "" : " to " + to, offset_text(time.offset_minutes));
}

std::string text_of(const archive::VerifiedPlace& place) {
  std::string text = fmt::format("{:.6f}, {:.6f}", place.latitude, place.longitude);
  if (place.radius_m > 0) text += fmt::format(", within {} m", number_text(place.radius_m));
  return text + (place.name.empty() ? "" : " (" + escape_for_display(place.name) + ")");
}

std::string text_of(const archive::Review& review) {
  std::string how;
  if (review.analysis) how = fmt::format("{} analysis", archive::name_of(*review.analysis));
  if (review.confidence)
    how += fmt::format("{}{} confidence", how.empty() ? "" : ", ", archive::name_of(*review.confidence));
  return std::string(review.state ? archive::name_of(*review.state) : "no state") +
         (how.empty() ? "" : " (" + how + ")");
}

Json json_of(const archive::VerifiedTime& time) {
  return {{"from", UtcTime{time.from_ms}.rfc3339_ms()},
          {"to", UtcTime{time.to_ms}.rfc3339_ms()},
          {"precision", archive::name_of(time.precision)},
          {"offset", offset_text(time.offset_minutes)}};
}

Json json_of(const archive::VerifiedPlace& place) {
  Json out = {{"latitude", place.latitude}, {"longitude", place.longitude}};
  if (place.radius_m > 0) out["radius_m"] = place.radius_m;
  put_text(out, "name", place.name);
  return out;
}

Json json_of(archive::View& view, const archive::StatedReview& stated) {
  const archive::Review& review = stated.review;
  Json out = Json::object();
  if (stated.item != ledger::kNoRow) out["item"] = view.item(stated.item).digest.hex();
  if (stated.link != ledger::kNoRow) {
    const archive::Link link = archive::link_at(view, stated.link);
    out["link_seq"] = link.seq;
    out["item"] = view.item(link.item).digest.hex();
    out["incident"] = view.incident(link.incident).incident.id;
    out["link_type"] = archive::name_of(link.type);
  }
  out["seq"] = stated.seq;
  out["time"] = stated.stated.rfc3339();
  out["author"] = stated.author;
  if (review.state) out["state"] = archive::name_of(*review.state);
  if (review.analysis) out["analysis"] = archive::name_of(*review.analysis);
  if (review.confidence) out["confidence"] = archive::name_of(*review.confidence);
  put_text(out, "method", review.method);
  put_text(out, "result", review.result);
  put_text(out, "note", review.note);
  if (review.time) out["verified_time"] = json_of(*review.time);
  if (review.made) out["verified_made"] = json_of(*review.made);
  if (review.shown) out["verified_shown"] = json_of(*review.shown);
  if (review.clears_time) out["cleared"].push_back("time");
  if (review.clears_made) out["cleared"].push_back("made");
  if (review.clears_shown) out["cleared"].push_back("shown");
  return out;
}

void put_assessment(Json& object, const archive::Assessment& assessment) {
  object["review_state"] = archive::name_of(assessment.state);
  if (assessment.time) object["verified_time"] = json_of(*assessment.time);
  if (assessment.made) object["verified_made"] = json_of(*assessment.made);
  if (assessment.shown) object["verified_shown"] = json_of(*assessment.shown);
}

void print_review(Printer& out, const archive::StatedReview& stated, std::size_t indent) {
  const archive::Review& review = stated.review;
  const std::string first(indent, ' ');
  const std::size_t below = indent + 4;
  const auto field = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    out.line(wrapped(out, fmt::format("{}{:<8} {}", std::string(below, ' '), name, text), below + 9));
  };
  out.line(wrapped(out,
                   fmt::format("{}{}  {}  {}  entry {}", first, time_text(stated.stated), text_of(review),
                               escape_for_display(stated.author), stated.seq),
                   below));
  field("method", escape_for_display(review.method));
  field("result", escape_for_display(review.result));
  field("note", escape_for_display(review.note));
  if (review.time) field("time", text_of(*review.time));
  if (review.made) field("made at", text_of(*review.made));
  if (review.shown) field("shows", text_of(*review.shown));
  if (review.clears_time) field("time", "no longer verified");
  if (review.clears_made) field("made at", "no longer verified");
  if (review.clears_shown) field("shows", "no longer verified");
}

void print_verified(Printer& out, const archive::Assessment& assessment) {
  const auto field = [&](std::string_view name, const std::string& text) {
    out.line(wrapped(out, fmt::format("  {:<18} {}", name, text), 21));
  };
  if (assessment.time) field("verified time", text_of(*assessment.time));
  if (assessment.made) field("verified made at", text_of(*assessment.made));
  if (assessment.shown) field("verified to show", text_of(*assessment.shown));
}

}  // namespace dalil::cli
