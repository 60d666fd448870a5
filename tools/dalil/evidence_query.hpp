#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/base/local_time.hpp"
#include "query_options.hpp"

/// Which evidence and which incidents a page is to show.
namespace dalil::cli {

struct Evidence {
  std::vector<archive::Row> items;      ///< ascending
  std::vector<archive::Row> incidents;  ///< ascending
  LocalClock local{};                   ///< that days and hours are shown by
  std::string zone;                     ///< "Asia/Damascus", "UTC+03:00"
};
/// The items that match; and the incidents that they are linked to, those that were named, those of the days
/// that were asked for, and if nothing was asked for all.
Evidence evidence_of(archive::View& view, const QueryOptions& options);

/// "Asia/Damascus", "UTC+03:00"
std::string zone_text(const LocalClock& local);

}  // namespace dalil::cli
