#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Quantities as people write them.
namespace dalil {

/// 10485760, 10K, 10M, 2G, 1T (powers of 1,024, as find has it), 10KiB, 10MB (powers of 1,000).
std::optional<std::uint64_t> parse_size(std::string_view text);
/// 12, 00:12, 1:02:03, 00:12.5: seconds, minutes, hours of a recording, in milliseconds.
std::optional<std::int64_t> parse_timecode(std::string_view text);

}  // namespace dalil
