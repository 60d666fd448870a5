#include <fmt/format.h>

#include <set>
#include <utility>

#include "command.hpp"
#include "dalil/archive/linked.hpp"
#include "dalil/archive/thumbnails.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "dalil/formats/page_text.hpp"
#include "dalil/formats/sheet.hpp"
#include "evidence_query.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "output_file.hpp"
#include "page_forms.hpp"
#include "query_options.hpp"
#include "refs.hpp"
#include "thumbnail_pixels.hpp"
#include "verified_forms.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kPlacesShown = 3;

struct SheetOptions {
  QueryOptions query;
  OrderOptions order;
  std::string out, language, title;
};

/// What all cards have in common.
struct Wanted {
  const LocalClock& local;
  formats::PageLanguage language;
  bool as_picture;  ///< its letters are plain
  std::vector<archive::Volume> volumes;
};

bool is_picture(const std::string& path) {
  return path.ends_with(".png");
}

void require_sheet_name(const std::string& path) {
  if (path.ends_with(".html") || is_picture(path)) return refuse_existing(path, "the file");
  throw Error(ErrorCode::usage, "--out " + in_quotes(path) + " is of no known kind",
              "name it .html (a page) or .png (a picture)");
}

/// Of what could have some: why there are none, or that nobody tried. Of anything else what it is.
void put_reason(formats::SheetCard& card, const std::optional<media::MediaFacts>& facts,
                const std::optional<media::Thumbnails>& thumbnails) {
  const media::MediaKind kind = facts ? facts->kind : media::MediaKind::other;
  card.not_tried = !thumbnails && (kind == media::MediaKind::photo || kind == media::MediaKind::video);
  if (card.not_tried)
    card.no_picture = "none was made yet";
  else if (thumbnails)
    (thumbnails->pictures.empty() ? card.no_picture : card.remark) = thumbnails->problem;
  else
    card.no_picture = facts ? media::name_of(kind) : "no media";
}

/// "2017-09-11 08:30" of a clock's reading, cut to what is known.
std::string reading(std::int64_t local_ms, archive::TimePrecision known) {
  constexpr std::size_t kWhole = 20;
  std::string text = UtcTime{local_ms}.rfc3339();
  if (text.size() < kWhole) return text;
  text[10] = ' ';
  constexpr std::size_t kLength[] = {0, 16, 16, 13, 10, 7, 4};  // by precision
  text.resize(kLength[static_cast<std::size_t>(known)]);
  return text + (known == archive::TimePrecision::hour ? "h" : "");
}

void put_clock(formats::SheetCard& card, const archive::VerifiedTime& time, const LocalClock& local) {
  constexpr std::int64_t kMinuteMs = 60'000;
  // A day, month or year is one by the clocks of the zone in which it was said.
  const auto shown = [&](std::int64_t ms) {
    const bool by_clock = time.precision <= archive::TimePrecision::hour;
    return reading(by_clock ? local.to_local(ms) : ms + time.offset_minutes * kMinuteMs, time.precision);
  };
  card.clock = shown(time.from_ms);
  if (shown(time.to_ms) != card.clock) card.clock += "..";
  card.clock_basis = "verified";
}

void put_clock(formats::SheetCard& card, const media::TimeClaim& claim, const LocalClock& local) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const bool of_day = claim.precision_ms >= kDayMs;
  const bool zone_unknown = claim.basis == media::ZoneBasis::unknown_zone;
  card.clock = reading(zone_unknown ? claim.ms : local.to_local(claim.ms),
                       of_day ? archive::TimePrecision::day : archive::TimePrecision::minute);
  if (!of_day && zone_unknown) {
    card.clock += "?";
    card.clock_basis = "zone unknown";
  } else if (!of_day && !claim_text(claim).starts_with(card.clock)) {
    card.local_time = card.clock;
  }
  if (claim.basis == media::ZoneBasis::utc_claimed) card.clock_basis = "claims utc";
  if (claim.origin == media::TimeOrigin::file_name)
    card.clock_basis += card.clock_basis.empty() ? "by name" : " by name";
}

void put_facts(formats::SheetCard& card, const media::MediaFacts& facts, const LocalClock& local) {
  card.kind = media::name_of(facts.kind);
  card.moving = facts.kind == media::MediaKind::video;
  if (facts.width > 0) card.kind += fmt::format(" {}x{}", facts.width, facts.height);
  if (facts.duration_ms > 0) card.kind += " " + duration_text(facts.duration_ms / 1000);
  if (const auto time = media::best_time(facts)) {
    card.time = claim_text(*time);
    card.time_basis = time->field;
    put_clock(card, *time, local);
  }
  if (const auto place = media::best_place(facts)) {
    card.place = fmt::format("{:.5f}, {:.5f}", place->latitude, place->longitude);
    card.place_basis = place->field;
  }
}

formats::SheetCard::Verified verified_of(formats::SheetCard::Verified::What what,
                                         archive::VerifiedPlace place) {
  const std::string name = std::exchange(place.name, {});
  return {what, text_of(place), name};
}

void put_reviews(formats::SheetCard& card, const archive::Assessment& assessment, const Wanted& wanted) {
  using What = formats::SheetCard::Verified::What;
  if (assessment.time) {
    card.verified.push_back({What::time, text_of(*assessment.time), ""});
    put_clock(card, *assessment.time, wanted.local);
  }
  if (assessment.made) card.verified.push_back(verified_of(What::made, *assessment.made));
  if (assessment.shown) card.verified.push_back(verified_of(What::shown, *assessment.shown));
  if (assessment.state == archive::ReviewState::unreviewed) return;
  card.review = archive::name_of(assessment.state);
  if (!wanted.as_picture) card.review = formats::page_text(wanted.language, card.review);
  card.doubted = archive::is_reviewed(assessment.state) && assessment.state != archive::ReviewState::verified;
}

void put_copies(formats::SheetCard& card, archive::View& view, archive::Row row, const Wanted& wanted) {
  std::set<archive::Row> holding, sources;
  for (const archive::CopyInfo& copy : copies_live_first(view, row)) {
    if (card.places.size() < kPlacesShown)
      card.places.push_back({copy.volume_label, copy.path});
    else
      ++card.more_places;
    if (copy.row.state != archive::CopyRow::State::live) continue;
    if (archive::is_damage(copy.row.verdict)) {
      ++card.damaged;
      continue;
    }
    const bool of_source = wanted.volumes.at(copy.volume).kind == archive::VolumeKind::source;
    (of_source ? sources : holding).insert(copy.volume);
    const bool checked = copy.row.verified_at_s != 0 && copy.row.verdict != archive::Verdict::not_checked;
    ++(checked ? card.intact : card.not_verified);
  }
  card.copies = holding.size();
  card.on_sources = sources.size();
}

void put_incidents(formats::SheetCard& card, archive::View& view, archive::Row row) {
  for (const archive::LinkedIncident& linked : archive::linked_incidents(view, row)) {
    const archive::Incident incident = view.incident(linked.incident).incident;
    std::string about = incident.date;
    if (const std::string place = place_text(incident); !place.empty())
      about += (about.empty() ? "" : " · ") + place;
    card.incidents.push_back({incident.id, about, linked.candidate});
  }
}

formats::SheetCard card_of(archive::View& view, archive::Row row, const Wanted& wanted) {
  formats::SheetCard card;
  card.id = view.item(row).digest.hex().substr(0, kShortDigits);
  const auto facts = view.facts(row);
  if (facts) put_facts(card, *facts, wanted.local);
  auto thumbnails = archive::thumbnails_of(view, row);
  put_reason(card, facts, thumbnails);
  if (thumbnails) card.pictures = std::move(thumbnails->pictures);
  put_copies(card, view, row, wanted);
  put_incidents(card, view, row);
  put_reviews(card, assessment_of(view, row), wanted);
  return card;
}

formats::Sheet sheet_of(archive::View& view, const std::vector<archive::Row>& rows, const LocalClock& local,
                        const SheetOptions& options) {
  formats::Sheet sheet;
  sheet.language = language_named(options.language);
  sheet.zone = zone_text(local);
  sheet.title = options.title;
  if (sheet.title.empty())
    sheet.title = sheet.language == formats::PageLanguage::arabic ? "لوحة الصور" : "Contact sheet";
  if (const std::string asked = joined(options.query.words); !asked.empty()) sheet.remarks.push_back(asked);
  if (is_picture(options.out)) sheet.most_cards = formats::Sheet::kMostCardsOfPicture;
  const Wanted wanted{local, sheet.language, is_picture(options.out), view.volumes()};
  std::size_t taken = 0;
  while (taken < rows.size() && !sheet.full()) sheet.add(card_of(view, rows[taken++], wanted));
  sheet.leave_out(rows.size() - taken);
  return sheet;
}

/// How many of the pictures could not be decoded here: words stand in their place. A page shows them by the
/// browser's decoder.
std::uint64_t write_sheet(const std::string& path, const formats::Sheet& sheet) {
  if (!is_picture(path)) {
    files::write_new_file(path, as_bytes(sheet.page()));
    return 0;
  }
  ThumbnailDecoder decoder;
  const formats::Raster picture =
      sheet.picture([&](const formats::SheetCard& card) { return decoder.decode(card.pictures); });
  files::write_new_file(path, formats::png_of(picture));
  return decoder.failures();
}

void note_left_out(Printer& out, const formats::Sheet& sheet) {
  if (sheet.left_out() == 0) return;
  out.warn(
      fmt::format("{} more matched and are not shown: a sheet holds {} items, or {} of pictures; ask for "
                  "less at once",
                  number_text(sheet.left_out()), number_text(sheet.most_cards),
                  bytes_text(formats::Sheet::kMostPictureBytes)));
}

int run_sheet(Session& session, const SheetOptions& options) {
  require_sheet_name(options.out);
  sort_named(options.order.sort);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  archive::require_thumbnails(view);  // whatever matches
  const archive::Query query = query_from(options.query, view);
  std::vector<archive::Row> rows = archive::find(view, query);
  const std::size_t matched = rows.size();
  put_in_order(view, rows, options.order, query.local);
  const formats::Sheet sheet = sheet_of(view, rows, query.local, options);
  const std::uint64_t not_decoded = write_sheet(options.out, sheet);
  Printer& out = session.out();
  out.line(fmt::format("{}: {}, {} without a picture", in_quotes(options.out),
                       count_text(sheet.cards().size(), "item", "items"),
                       number_text(sheet.without_picture())));
  note_left_out(out, sheet);
  if (not_decoded > 0) out.warn(not_decoded_text(not_decoded) + ": words stand in their place");
  if (sheet.not_tried() > 0)
    out.note(fmt::format("of {} nobody made a picture yet: 'dalil thumbnail FOLDER --volume VOLUME' does",
                         count_text(sheet.not_tried(), "photo or video", "photos and videos")));
  out.object("summary", {{"command", "sheet"},
                         {"matched", matched},
                         {"shown", sheet.cards().size()},
                         {"left_out", sheet.left_out()},
                         {"without_picture", sheet.without_picture()},
                         {"not_decoded", not_decoded}});
  if (matched == 0) out.note("nothing matched");
  return matched == 0 ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_sheet(Options& app) {
  const auto options = std::make_shared<SheetOptions>();
  add_query_options(app, options->query);
  add_order_options(app, options->order);
  app.add_option("--out", options->out, "a new page (.html) or picture (.png)")
      ->type_name("FILE")
      ->required();
  app.add_option("--language", options->language, "of the page's own words: en, ar")->type_name("LANGUAGE");
  app.add_option("--title", options->title, "heading of the page")->type_name("TEXT");
  app.explain(
      "A page with the pictures that 'dalil thumbnail' made: photos, and frames of\n"
      "videos with their times. It loads nothing and runs nothing. A picture (.png)\n"
      "has the first 250 items, each with number, ID, time, review and health; times are\n"
      "those of 'find', by the clocks of Damascus or of --zone, with '?' where the file\n"
      "names no zone. Both show what the archive keeps sealed: keep them as you keep the\n"
      "archive.\n\n");
  return [options](Session& session) { return run_sheet(session, *options); };
}

}  // namespace dalil::cli
