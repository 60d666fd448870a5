#pragma once

#include <string>
#include <string_view>

#include "dalil/archive/archive.hpp"
#include "printer.hpp"

/// What the domain's values look like in JSON (docs/cli.md). Absent values are left out; those that the role
/// cannot see are null.
namespace dalil::cli {

/// A path or name under `key`; if it is not UTF-8, `key` gets the escaped form and `key`_b64 the raw bytes.
void put_path(Json& object, const std::string& key, std::string_view raw);
/// Unless it is empty.
void put_text(Json& object, const std::string& key, std::string_view text);
void put_time(Json& object, const std::string& key, const std::optional<UtcTime>& time);

Json json_of(const archive::Volume& volume);
Json json_of(const media::TimeClaim& claim);
Json json_of(const media::MediaFacts& facts);
Json json_of(const archive::RunSummary::Exception& exception);
Json json_of(const archive::CopyInfo& copy);
Json json_of(archive::View& view, const archive::Link& link);
/// What the role cannot see is null.
Json json_of(const archive::View& view, const archive::RunSummary& run);
Json json_of(const archive::Source& source);
/// Aliases and the strictest consent of an item's sources as `sources` and `consent`: null if not visible to
/// the role; `consent` is left out if there is no source.
void put_sources(Json& object, archive::View& view, archive::Row item);
/// The incident under the field names of a register.
Json json_of(const archive::Incident& incident);

/// "sha256:..." is not used: a digest in JSON is 64 hexadecimal digits.
const char* name_of(archive::CopyRow::State state);

}  // namespace dalil::cli
