#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dalil/media/facts.hpp"

namespace dalil::media {

/// Seconds since 1904-01-01 as QuickTime and MPEG-4 keep them. Zero means that nobody set it: absent, as is a
/// time that has no four-digit year. UTC by the standard, yet many cameras write local time: `utc_claimed`.
std::optional<TimeClaim> quicktime_time(std::string field, std::uint64_t seconds);

/// What a key of Apple's or Android's metadata means: "make", "date", "location" ...; empty if nothing
/// special.
std::string_view meaning_of_key(std::string_view key);

/// Puts a text where its meaning belongs: make, model, software, a time, a place, else a field.
void add_movie_text(const std::string& field, std::string_view meaning, std::string value, MediaFacts& facts);

/// A value of Apple's and iTunes' metadata as text, by the type that stands before it: texts in UTF-8 and
/// UTF-16, whole numbers, fractions; of pictures and other binary values the bytes if they are few, else
/// their count. Source: QuickTime File Format, "Well-known types".
std::string metadata_value(std::uint32_t type, ByteView raw);
bool is_metadata_text(std::uint32_t type);

/// 3GPP's and QuickTime's texts: UTF-8, or UTF-16 with a byte order mark.
std::string text_3gpp(std::string_view raw);

/// 3GPP's location box (TS 26.244 section 8.10), its version and flags included.
std::optional<PlaceClaim> parse_loci(std::string_view field, ByteView body);

}  // namespace dalil::media
