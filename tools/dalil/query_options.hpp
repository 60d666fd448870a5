#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dalil/archive/answers.hpp"
#include "dalil/archive/find.hpp"
#include "options.hpp"

namespace dalil::cli {

/// What the commands that work on a question take: the words of a query, and options for what is asked most.
struct QueryOptions {
  std::vector<std::string> words, incidents, path_parts, sources, consents;
  std::string type, digest, date, claimed, incident_date, kind, min_size, max_size, camera, volume, zone;
  bool linked = false, unlinked = false;
  bool empty() const;
};

/// Words of a command line as one text.
std::string joined(const std::vector<std::string>& words);

/// Declares them; `options` must outlive the parsing.
void add_query_options(Options& app, QueryOptions& options);

/// The question. Saved queries are looked up in the view. Error(usage) or Error(invalid) for what cannot be
/// understood, Error(not_found) for an incident, a source or a volume that does not exist.
archive::Query query_from(const QueryOptions& options, archive::View& view);

/// What a saved query asks for. Error(not_found) if there is none of this name.
std::string text_of_saved(archive::View& view, const std::string& name);

/// The order of answers: --sort, --reverse and --limit.
struct OrderOptions {
  std::string sort;
  bool reverse = false;
  std::size_t limit = SIZE_MAX;
};
void add_order_options(Options& app, OrderOptions& options);
/// Error(usage) naming the ones that there are; as they were added, if it is empty.
archive::SortBy sort_named(const std::string& text);
/// What `find` returned, in the order that is wanted and no longer than that.
void put_in_order(archive::View& view, std::vector<archive::Row>& rows, const OrderOptions& options,
                  const LocalClock& local);

}  // namespace dalil::cli
