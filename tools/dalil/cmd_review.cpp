#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "verified_forms.hpp"
#include "words.hpp"

namespace dalil::cli {
namespace {

/// In the place of a time or a place: what was verified is not any more.
constexpr const char* kNone = "none";
/// Rows whose widths are looked at together.
constexpr std::size_t kTablePortion = 500;

struct ReviewOptions {
  std::vector<std::string> items;
  std::vector<std::uint64_t> links;
  std::string analysis, method, result, result_file, confidence, state, note, note_file;
  std::string time, zone, made, made_name, shown, shown_name;
};

struct ListOptions {
  std::vector<std::string> states;
  bool items = false, links = false;
  std::size_t limit = SIZE_MAX;
};

std::string joined_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

archive::ReviewState state_named(const std::string& text) {
  if (const auto state = archive::review_state_from(text)) return *state;
  throw Error(ErrorCode::usage, "no state of a review " + in_quotes(text),
              "one of: " + joined_names(archive::review_state_names()));
}

void read_places(archive::Review& review, const ReviewOptions& options) {
  const auto place = [](const char* option, const std::string& text, const std::string& name,
                        std::optional<archive::VerifiedPlace>& to, bool& clears) {
    clears = text == kNone;
    if (!text.empty() && !clears) to = verified_place_from(option, text, name);
    if (!to && !name.empty())
      throw Error(ErrorCode::usage, fmt::format("{}-name without {}", option, option),
                  "a name alone is no place; it can stand in --result");
  };
  place("--made", options.made, options.made_name, review.made, review.clears_made);
  place("--shown", options.shown, options.shown_name, review.shown, review.clears_shown);
}

archive::Review review_from(const ReviewOptions& options) {
  archive::Review review;
  if (!options.analysis.empty()) {
    review.analysis = archive::analysis_from(options.analysis);
    if (!review.analysis)
      throw Error(ErrorCode::usage, "no kind of analysis " + in_quotes(options.analysis),
                  "one of: source, technical, content");
  }
  if (!options.confidence.empty()) {
    review.confidence = archive::confidence_from(options.confidence);
    if (!review.confidence)
      throw Error(ErrorCode::usage, "no confidence " + in_quotes(options.confidence),
                  "one of: low, moderate, high");
  }
  if (!options.state.empty()) review.state = state_named(options.state);
  review.method = options.method;
  review.result = words_from(options.result, options.result_file);
  review.note = words_from(options.note, options.note_file);
  std::optional<std::int32_t> zone;
  if (!options.zone.empty()) zone = zone_from("--zone", options.zone);
  review.clears_time = options.time == kNone;
  if (!options.time.empty() && !review.clears_time)
    review.time = verified_time_from("--time", options.time, zone);
  read_places(review, options);
  if (review == archive::Review{})
    throw Error(ErrorCode::usage, "the review says nothing",
                "give --state, --result, --note, --time, --made, --shown or several of them");
  return review;
}

void report(Printer& out, archive::View& view, archive::Seq seq, const std::string& what) {
  const archive::StatedReview stated = archive::review_of_entry(view, seq);
  out.line(fmt::format("{}: {}, entry {}", what, text_of(stated.review), seq));
  out.object("review", json_of(view, stated));
}

/// Nothing is made in the future; but clocks are wrong, and zones a day apart.
void refuse_to_come(const archive::Review& review, UtcTime now) {
  constexpr std::int64_t kDayMs = 86'400'000;
  if (!review.time || review.time->from_ms <= now.ms + kDayMs) return;
  throw Error(ErrorCode::invalid,
              fmt::format("the verified time {} is yet to come: by this machine's clock it is {}",
                          text_of(*review.time), now.rfc3339()),
              fmt::format("times up to a day ahead of the clock are taken, to {}",
                          UtcTime{now.ms + kDayMs}.rfc3339()));
}

int run_review(Session& session, const ReviewOptions& options) {
  if (options.items.empty() && options.links.empty())
    throw Error(ErrorCode::usage, "a review of what?",
                "name items, or links by the entries that made them (--link N); 'dalil review list' lists");
  const archive::Review review = review_from(options);
  archive::Archive archive = session.open();
  refuse_to_come(review, archive.clock().now());
  archive::View view = archive.view();
  std::vector<archive::Row> items, links;
  for (const std::string& text : options.items)
    if (const archive::Row item = item_named(view, text); !std::ranges::count(items, item))
      items.push_back(item);
  for (const std::uint64_t seq : options.links)
    if (const archive::Row link = archive::link_of_entry(view, seq); !std::ranges::count(links, link))
      links.push_back(link);
  archive::Editor editor = archive.edit();
  std::vector<archive::Seq> seqs;
  for (const archive::Row item : items) seqs.push_back(archive::review_item(editor, item, review));
  for (const archive::Row link : links) seqs.push_back(archive::review_link(editor, link, review));
  editor.commit();
  view.renew();
  Printer& out = session.out();
  for (std::size_t i = 0; i < items.size(); ++i)
    report(out, view, seqs[i], view.item(items[i]).digest.hex().substr(0, kShortDigits));
  for (std::size_t i = 0; i < links.size(); ++i)
    report(out, view, seqs[items.size() + i],
           fmt::format("link of entry {}", archive::link_at(view, links[i]).seq));
  out.object("summary", {{"command", "review"}, {"items", items.size()}, {"links", links.size()}});
  return kExitOk;
}

/// One subject of the list: what it is, and its newest review if there is any.
class List {
 public:
  List(Printer& out, archive::View& view) : out_(out), view_(view) {}

  void add_item(archive::Row item, archive::ReviewState state) {
    const ItemLine line = item_line(view_, item);
    const auto reviews = archive::reviews_of_item(view_, item);
    Json fields = {{"item", view_.item(item).digest.hex()}};
    put_assessment(fields, archive::assessment_of(reviews));
    add(line.short_id, "item", state, reviews, line.path, std::move(fields));
  }

  void add_link(archive::Row row, archive::ReviewState state) {
    const archive::Link link = archive::link_at(view_, row);
    const auto reviews = archive::reviews_of_link(view_, row);
    const std::string incident = view_.incident(link.incident).incident.id;
    const std::string digest = view_.item(link.item).digest.hex();
    Json fields = {{"link_seq", link.seq},
                   {"item", digest},
                   {"incident", incident},
                   {"link_type", archive::name_of(link.type)},
                   {"review_state", archive::name_of(state)}};
    add(digest.substr(0, kShortDigits), fmt::format("link {}", link.seq), state, reviews,
        fmt::format("{} {}", archive::name_of(link.type), escape_for_display(incident)), std::move(fields));
  }

  void print() { table_.print(out_); }

 private:
  void add(std::string id, std::string what, archive::ReviewState state,
           const std::vector<archive::StatedReview>& reviews, std::string where, Json fields) {
    fields["reviews"] = reviews.size();
    std::string since = "-", author = "-", shown = archive::name_of(state);
    // Whoever stated the state, and not whoever said something later without stating one.
    const auto stated = std::find_if(reviews.rbegin(), reviews.rend(), [](const archive::StatedReview& one) {
      return one.review.state.has_value();
    });
    if (stated != reviews.rend()) {
      since = stated->stated.date();
      author = escape_for_display(stated->author);
      fields["state_seq"] = stated->seq;
      fields["state_author"] = stated->author;
    } else if (!reviews.empty()) {
      since = reviews.back().stated.date();
      author = escape_for_display(reviews.back().author);
      shown += ", no state";
    }
    if (!reviews.empty()) {
      fields["seq"] = reviews.back().seq;
      put_time(fields, "time", reviews.back().stated);
      fields["author"] = reviews.back().author;
    }
    table_.add({{std::move(id), Style::bold},
                std::move(what),
                std::move(shown),
                std::move(since),
                std::move(author),
                std::move(where)});
    out_.object("reviewed", fields);
    if (table_.pending() == kTablePortion) table_.print(out_);
  }

  Printer& out_;
  archive::View& view_;
  Table table_{{{"item"},
                {"of"},
                {"state"},
                {"since"},
                {"by", Align::left, Table::Fit::shortened, 8},
                {"path or incident", Align::left, Table::Fit::shortened}}};
};

int run_list(Session& session, const ListOptions& options) {
  std::vector<archive::ReviewState> states;
  for (const std::string& text : options.states) states.push_back(state_named(text));
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  List list(session.out(), view);
  std::size_t items = 0, links = 0;
  const bool both = options.items == options.links;
  const auto room = [&] { return items + links < options.limit; };
  if (both || options.items)
    archive::for_each_reviewed_item(view, states, [&](archive::Row row, archive::ReviewState state) {
      if (!room()) return false;
      list.add_item(row, state);
      return ++items > 0;
    });
  if (both || options.links)
    archive::for_each_reviewed_link(view, states, [&](archive::Row row, archive::ReviewState state) {
      if (!room()) return false;
      list.add_link(row, state);
      return ++links > 0;
    });
  list.print();
  Printer& out = session.out();
  out.object("summary", {{"command", "review list"}, {"items", items}, {"links", links}});
  if (items + links == 0) out.note("nothing matched");
  return items + links == 0 ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_review(Options& app) {
  const auto options = std::make_shared<ReviewOptions>();
  app.add_option("ITEM...", options->items, "digest or its first digits, VOLUME:PATH, or a file")
      ->type_name("");
  app.add_option("--link", options->links, "a link, by the entry that made it ('dalil show' names it)")
      ->type_name("N")
      ->allow_extra_args(false);
  app.add_option("--state", options->state,
                 "unreviewed, in-progress, verified, disputed, rejected, superseded")
      ->type_name("STATE");
  app.add_option("--analysis", options->analysis, "which kind it was: source, technical, content")
      ->type_name("KIND");
  app.add_option("--method", options->method, "how it was done")->type_name("TEXT");
  app.add_option("--result", options->result, "what was found")->type_name("TEXT");
  app.add_option("--result-file", options->result_file, "the same from a file; - is standard input")
      ->type_name("FILE");
  app.add_option("--confidence", options->confidence, "low, moderate, high")->type_name("HOW");
  app.add_option("--note", options->note, "whatever else")->type_name("TEXT");
  app.add_option("--note-file", options->note_file, "the note from a file; - is standard input")
      ->type_name("FILE");
  app.add_option("--time", options->time,
                 "when it was made: 2017-09-11T08:30+03:00, or two joined by '..'; none: not verified")
      ->type_name("TIME");
  app.add_option("--zone", options->zone, "of a --time without an offset")->type_name("OFFSET");
  app.add_option("--made", options->made, "where it was made: LAT,LON or LAT,LON,500m; none: not verified")
      ->type_name("PLACE");
  app.add_option("--made-name", options->made_name, "what people call that place")->type_name("TEXT");
  app.add_option("--shown", options->shown, "what it shows, in the same form")->type_name("PLACE");
  app.add_option("--shown-name", options->shown_name, "what people call that place")->type_name("TEXT");
  app.explain(
      "Each review is kept; the newest state, time and place hold. A review without --state\n"
      "states none: the state stays, or is 'in-progress' if nobody ever stated one. A time\n"
      "more than a day ahead of the clock is refused.\n\n");
  return [options](Session& session) { return run_review(session, *options); };
}

Runner declare_review_list(Options& app) {
  const auto options = std::make_shared<ListOptions>();
  app.add_option("--state", options->states, "in this state; several: in any of them")
      ->type_name("STATE")
      ->allow_extra_args(false);
  app.add_flag("--items", options->items, "items only");
  app.add_flag("--links", options->links, "links only");
  app.add_option("--limit", options->limit, "stop after so many")->type_name("N")->at_least_one();
  app.explain("Without --state: what anybody ever reviewed. Links that were withdrawn are left out.\n\n");
  return [options](Session& session) { return run_list(session, *options); };
}

}  // namespace dalil::cli
