#pragma once

#include <optional>
#include <string>

#include "dalil/archive/archive.hpp"

/// From what a person types to what it stands for. Each throws Error(not_found), Error(conflict) or
/// Error(usage) with the text in question.
namespace dalil::cli {

archive::Volume volume_named(archive::View& view, const std::string& label_or_id);
archive::Row incident_named(archive::View& view, const std::string& id);
archive::Row source_named(archive::View& view, const std::string& alias);

/// An item by its digest or the first digits of it (at least four), by VOLUME:PATH of a copy, or by a file on
/// the disk, which is hashed. A file whose name looks like digits is given as ./name.
archive::Row item_named(archive::View& view, const std::string& text);

/// SHA-256 and size of a regular file. Error(io) unless every byte could be read.
struct FileContent {
  Digest digest;
  std::uint64_t size_bytes = 0;
};
FileContent content_of_file(const std::string& path);

DateSpan date_range_from(const std::string& option, const std::string& text);
archive::LinkType link_type_named(const std::string& text);
archive::VolumeKind volume_kind_named(const std::string& text);
archive::Consent consent_named(const std::string& text);
std::uint64_t size_from(const std::string& option, const std::string& text);
std::int64_t timecode_from(const std::string& option, const std::string& text);

/// "+03:00" in minutes
std::int32_t zone_from(const std::string& option, const std::string& text);

/// A path relative to a volume's root without slashes at its ends.
std::string path_within(std::string path);

/// 'x', escaped for display.
std::string in_quotes(std::string_view raw);

}  // namespace dalil::cli
