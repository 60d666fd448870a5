#include "query_options.hpp"

#include <fmt/format.h>

#include "dalil/archive/saved_query.hpp"
#include "dalil/base/error.hpp"
#include "query_names.hpp"
#include "refs.hpp"

namespace dalil::cli {

namespace {

/// In the place of a scope: items that no source is assigned to.
constexpr const char* kNoConsent = "none";

void check_names(const QueryOptions& options, archive::View& view) {
  for (const std::string& id : options.incidents) incident_named(view, id);
  // "--incident A B" would look for B as a text among the evidence of A.
  if (!options.incidents.empty())
    for (const std::string& word : options.words)
      if (view.find_incident(word))
        throw Error(ErrorCode::usage, in_quotes(word) + " is an incident, and no text to look for",
                    "of several: --incident A --incident B; as a text: '\"" + word + "\"'");
  for (const std::string& alias : options.sources) source_named(view, alias);
  if (!options.volume.empty()) volume_named(view, options.volume);
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool QueryOptions::empty() const {
  for (const auto* list : {&words, &incidents, &path_parts, &sources, &consents})
    if (!list->empty()) return false;
  for (const auto* text :
       {&type, &digest, &date, &claimed, &incident_date, &kind, &min_size, &max_size, &camera, &volume})
    if (!text->empty()) return false;
  return !linked && !unlinked;
}

archive::Query query_from(const QueryOptions& options, archive::View& view) {
  if (options.linked && options.unlinked) {
    throw Error(ErrorCode::usage, "--linked and --unlinked exclude each other");
  }
  archive::Query query;
  query.incidents = options.incidents;
  query.path_parts = options.path_parts;
  query.digest_prefix = options.digest;
  query.camera = options.camera;
  query.volume = options.volume;
  query.sources = options.sources;
  for (const std::string& scope : options.consents) {
    if (scope == kNoConsent)
      query.without_source = true;
    else
      query.consents.push_back(consent_named(scope));
  }
  if (!options.type.empty()) query.link_type = link_type_named(options.type);
  if (!options.date.empty()) query.embedded = date_range_from("--date", options.date);
  if (!options.claimed.empty()) query.claimed = date_range_from("--claimed", options.claimed);
  if (!options.incident_date.empty())
    query.incident_date = date_range_from("--incident-date", options.incident_date);
  if (!options.min_size.empty()) query.min_size = size_from("--min-size", options.min_size);
  if (!options.max_size.empty()) query.max_size = size_from("--max-size", options.max_size);
  if (!options.zone.empty()) query.local.fixed_minutes = zone_from("--zone", options.zone);
  if (options.linked || options.unlinked) query.linked = options.linked;
  if (options.digest.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos ||
      options.digest.size() > 64) {
    throw Error(ErrorCode::usage, in_quotes(options.digest) + " is no beginning of a digest",
                "a digest is 64 hexadecimal digits");
  }
  if (!options.kind.empty()) {
    query.kind = media::media_kind_from(options.kind);
    if (!query.kind) {
      throw Error(ErrorCode::usage, "no kind of media " + in_quotes(options.kind),
                  "one of: photo, video, audio, document, other");
    }
  }
  check_names(options, view);
  archive::QueryReader reader;
  reader.local = query.local;
  reader.saved = [&view](const std::string& name) { return text_of_saved(view, name); };
  query.where = reader.read(joined(options.words));
  understand_names(query, view);
  return query;
}

std::string text_of_saved(archive::View& view, const std::string& name) {
  if (const auto saved = archive::find_saved_query(view, name)) return saved->text;
  throw Error(ErrorCode::not_found, "there is no saved query " + in_quotes(name),
              "'dalil query list' shows them");
}

void add_query_options(Options& app, QueryOptions& options) {
  app.add_option("QUERY", options.words, "what to find: words, FIELD:VALUE, and, or, not, brackets");
  app.add_option("--incident", options.incidents, "linked to this incident; several: to any of them")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--type", options.type, "by a link of this type")->type_name("TYPE");
  app.add_option("--path", options.path_parts, "part of a copy's path; several: all of them")
      ->type_name("PART")
      ->allow_extra_args(false);
  app.add_option("--digest", options.digest, "its first digits")->type_name("HEX");
  app.add_option("--date", options.date, "when it was made, by its own metadata")->type_name("RANGE");
  app.add_option("--claimed", options.claimed, "when it was made, by its name")->type_name("RANGE");
  app.add_option("--incident-date", options.incident_date, "when an incident that it is linked to was")
      ->type_name("RANGE");
  app.add_option("--kind", options.kind, "photo, video, audio, document, other")->type_name("KIND");
  app.add_option("--min-size", options.min_size, "at least: 500K, 10M, 2G")->type_name("SIZE");
  app.add_option("--max-size", options.max_size, "at most")->type_name("SIZE");
  app.add_option("--camera", options.camera, "part of make, model or serial number")->type_name("TEXT");
  app.add_option("--source", options.sources, "came from this source; several: from any of them")
      ->type_name("ALIAS")
      ->allow_extra_args(false);
  app.add_option("--consent", options.consents,
                 "strictest of its sources: archive-only, courts, publish, none; several: any")
      ->type_name("SCOPE")
      ->allow_extra_args(false);
  app.add_flag("--linked", options.linked, "linked to some incident");
  app.add_flag("--unlinked", options.unlinked, "linked to none");
  app.add_option("--volume", options.volume, "has a live copy there")->type_name("VOLUME");
  app.add_option("--zone", options.zone,
                 "of the local clock, by which days and hours are meant (default: Syria's)")
      ->type_name("OFFSET");
}

void add_order_options(Options& app, OrderOptions& options) {
  app.add_option("--sort", options.sort, "added, made, size, duration, copies, name")->type_name("BY");
  app.add_flag("--reverse", options.reverse, "the other way round");
  app.add_option("--limit", options.limit, "show so many; of --count-by so many lines. --count counts all")
      ->type_name("N");
}

archive::SortBy sort_named(const std::string& text) {
  if (text.empty()) return archive::SortBy::added;
  if (const auto by = archive::sort_by_from(text)) return *by;
  throw Error(ErrorCode::usage, "results cannot be sorted by " + in_quotes(text),
              fmt::format("one of: {}", fmt::join(archive::sort_by_names(), ", ")));
}

void put_in_order(archive::View& view, std::vector<archive::Row>& rows, const OrderOptions& options,
                  const LocalClock& local) {
  const archive::SortBy by = sort_named(options.sort);
  if (by != archive::SortBy::added || options.reverse)
    archive::sort_rows(view, rows, by, options.reverse, local);
  if (options.limit < rows.size()) rows.resize(options.limit);
}

}  // namespace dalil::cli
