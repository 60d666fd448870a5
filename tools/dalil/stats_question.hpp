#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/stats.hpp"

/// From what a person asks of incident statistics to a question of the archive.
namespace dalil::cli {

/// A dimension, a level of the gazetteer (district, subdistrict, located by governorate and place), or any
/// field of the register. Error(usage) names those that there are.
archive::Grouping grouping_named(archive::View& view, const std::string& name);

using IncidentFilter = std::function<bool(const archive::Incident&)>;
/// FIELD=VALUE, meant as `find` means FIELD:VALUE: governorate, district, subdistrict and place by the
/// gazetteer; party, weapon and area by the vocabularies, with what stands below; and all but known
/// governorates by a part of the register's words. Of any other field the whole text, folded.
/// Error(usage) for what is not of this form, or a field that no register has; Error(not_found) for a value
/// that neither gazetteer nor vocabulary knows and no incident has, neither now nor among the `revisions`.
IncidentFilter filter_from(archive::View& view, const std::string& text,
                           const std::vector<archive::IncidentRevision>& revisions);

/// A day (its end in UTC) or an RFC 3339 time, as one point in time.
UtcTime moment_from(const std::string& option, const std::string& text);

/// The newest revision of each incident that stood at that time; those that did not exist yet are not there.
std::vector<archive::IncidentRevision> incidents_as_of(archive::View& view, UtcTime moment);

}  // namespace dalil::cli
