#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dalil/archive/model.hpp"
#include "dalil/base/quantity.hpp"
#include "dalil/media/facts.hpp"

/// How values look to a person, and how a person writes them. Pure.
namespace dalil::cli {

/// 1,234,567
std::string number_text(std::uint64_t value);
/// "12.3 GB", decimal units as disks are sold; exact below 1,000.
std::string bytes_text(std::uint64_t bytes);
/// "0:07", "12:30", "1:02:03"
std::string duration_text(std::int64_t seconds);
/// "1 file", "2 files"
std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural);
/// "00:12", "1:02:03.500" of a recording
std::string timecode_text(std::int64_t ms);
/// "2017-09-11 08:30:00Z"; "-" if absent
std::string time_text(const std::optional<UtcTime>& time);

/// A claim with the honesty that its zone allows: a Z only where UTC is known or claimed.
std::string claim_text(const media::TimeClaim& claim);
/// The same for programs: "2017-09-11T08:30:00", with an offset or Z only where the claim has one.
std::string claim_iso(const media::TimeClaim& claim);
const char* name_of(media::ZoneBasis basis);
const char* name_of(media::TimeOrigin origin);

/// "at least 15", "-" if the register does not say
std::string text_of(const archive::Count& count);

/// "MiB 3 (bytes 3,145,728 to 4,194,303)"; several joined by commas, at most `limit` of them.
std::string ranges_text(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges,
                        std::size_t limit = 8);

/// RFC 4180 rows; a blank line is no row. Absent if a quote is left open.
std::optional<std::vector<std::vector<std::string>>> parse_csv(std::string_view text);

}  // namespace dalil::cli
