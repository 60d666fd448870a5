#pragma once

#include <optional>
#include <string>

#include "dalil/archive/review.hpp"
#include "json_forms.hpp"

/// Verified times and places, and reviews: as people write them, as they are shown, as programs get them.
namespace dalil::cli {

/// 2017-09-11T08:30+03:00, as exact as it is known (from the year to the second), or two of them joined by
/// "..". Without an offset the zone's holds; Error(usage) without either, and for what is no time.
archive::VerifiedTime verified_time_from(const std::string& option, const std::string& text,
                                         std::optional<std::int32_t> zone_minutes);
/// "35.33,40.14" or with a radius: "35.33,40.14,500m", "...,2km". Error(usage) for anything else.
archive::VerifiedPlace verified_place_from(const std::string& option, const std::string& text,
                                           const std::string& name);

/// "2017-09-11 08:30 +03:00", "2017-09-11 08:30 to 2017-09-11 08:45 +03:00"
std::string text_of(const archive::VerifiedTime& time);
/// "35.330000, 40.140000, within 500 m (the square)"; escaped.
std::string text_of(const archive::VerifiedPlace& place);
/// "verified (content analysis, high confidence)"
std::string text_of(const archive::Review& review);

Json json_of(const archive::VerifiedTime& time);
Json json_of(const archive::VerifiedPlace& place);
/// What was stated, by whom, of which item or link.
Json json_of(archive::View& view, const archive::StatedReview& stated);
/// `review_state`, and where there are any `verified_time`, `verified_made`, `verified_shown`.
void put_assessment(Json& object, const archive::Assessment& assessment);

/// One review as some lines of `dalil show`; `indent` blanks before the first.
void print_review(Printer& out, const archive::StatedReview& stated, std::size_t indent);
/// What was verified, if anything was.
void print_verified(Printer& out, const archive::Assessment& assessment);

}  // namespace dalil::cli
