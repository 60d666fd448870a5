#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "command.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/archive/thumbnails.hpp"
#include "dalil/base/text.hpp"
#include "dalil/formats/sheet.hpp"
#include "dalil/media/contradictions.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"
#include "table.hpp"
#include "terminal_query.hpp"
#include "thumbnail_pixels.hpp"
#include "verified_forms.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kRunsSearched = 10'000;

/// One item under the eyes of one command.
struct Subject {
  Printer& out;
  archive::View& view;
  archive::Item item;
  std::vector<archive::CopyInfo> copies;
  std::set<archive::Seq> entries;  ///< of the ledger, that state something of it
};

void print_copies(Subject& subject) {
  Printer& out = subject.out;
  out.line();
  out.line("copies");
  Table table(
      {{"  volume"}, {"state"}, {"verified"}, {"modified"}, {"path", Align::left, Table::Fit::shortened}});
  for (const archive::CopyInfo& copy : subject.copies) {
    const bool live = copy.row.state == archive::CopyRow::State::live;
    const bool damaged =
        copy.row.verdict == archive::Verdict::corrupt || copy.row.verdict == archive::Verdict::unreadable;
    const std::string verified = copy.row.verified_at_s == 0 ? "never"
                                                             : UtcTime{copy.row.verified_at_s * 1000}.date() +
                                                                   " " + archive::name_of(copy.row.verdict);
    table.add({"  " + escape_for_display(copy.volume_label),
               {name_of(copy.row.state), live ? Style::plain : Style::dim},
               {verified, damaged ? Style::bad : Style::plain},
               time_text(UtcTime{copy.row.mtime_ns / 1'000'000}),
               escape_for_display(copy.path)});
    out.object("copy", json_of(copy));
    subject.entries.insert(copy.row.seq);
  }
  table.print(out);
}

/// Copies that were damaged once, and from what they were made anew.
void print_repairs(Subject& subject) {
  Printer& out = subject.out;
  const std::vector<archive::Repair> repairs = subject.view.repairs_of(subject.item.row);
  if (repairs.empty()) return;
  out.line();
  out.line("repairs");
  for (const archive::Repair& repair : repairs) {
    subject.entries.insert(repair.seq);
    const std::string volume = subject.view.volume(repair.volume).label;
    out.line(fmt::format("  {}  {}:{}", time_text(subject.view.reader().line(repair.seq).time),
                         escape_for_display(volume), escape_for_display(repair.path)));
    out.line(fmt::format("      was {}; entry {}", escape_for_display(repair.was), repair.seq));
    for (const archive::Repair::Piece& piece : repair.pieces)
      out.line(fmt::format("      {} from {}:{}", ranges_text({{piece.offset, piece.size_bytes}}),
                           escape_for_display(subject.view.volume(piece.volume).label),
                           escape_for_display(piece.path)));
    Json fields = {{"seq", repair.seq}, {"volume", volume}, {"was", repair.was}, {"deleted", repair.deleted}};
    put_path(fields, "path", repair.path);
    put_path(fields, "set_aside", repair.set_aside);
    out.object("repair", fields);
  }
}

std::string stream_text(const media::Stream& stream) {
  std::string text = fmt::format("{} {}", media::name_of(stream.kind), escape_for_display(stream.codec));
  if (stream.width > 0) text += fmt::format(" {}x{}", stream.width, stream.height);
  if (stream.sample_rate > 0) text += fmt::format(" {} Hz", stream.sample_rate);
  if (stream.channels > 0) text += " " + count_text(stream.channels, "channel", "channels");
  if (stream.duration_ms > 0) text += " " + timecode_text(stream.duration_ms);
  return text;
}

std::string precision_text(std::int64_t ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  if (ms >= kDayMs) return "the day";
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

/// What stands in the file, on what the zone stands, and how exact it is.
std::string written_text(const media::TimeClaim& claim) {
  return fmt::format("written '{}', {}, exact to {}", escape_for_display(claim.raw), name_of(claim.basis),
                     precision_text(claim.precision_ms));
}

std::string place_details(const media::PlaceClaim& place, bool verbose) {
  std::string text;
  if (place.altitude_m) text += fmt::format("altitude {:.1f} m", *place.altitude_m);
  if (place.direction_deg)
    text += fmt::format("{}facing {:.1f} degrees", text.empty() ? "" : ", ", *place.direction_deg);
  if (verbose) text += fmt::format("{}written '{}'", text.empty() ? "" : ", ", escape_for_display(place.raw));
  return text;
}

void print_facts(Subject& subject, const media::MediaFacts& facts) {
  Printer& out = subject.out;
  out.line();
  out.line("what the file says of itself (no proof: metadata can be wrong or forged)");
  const auto field = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.line(fmt::format("  {:<12} {}", name, text));
  };
  std::string kind = std::string(media::name_of(facts.kind)) + " " + escape_for_display(facts.format);
  if (facts.width > 0) kind += fmt::format(" {}x{}", facts.width, facts.height);
  if (facts.duration_ms > 0) kind += " " + timecode_text(facts.duration_ms);
  field("kind", kind);
  std::string camera = facts.make;
  for (const std::string& part : {facts.model, facts.serial}) {
    if (!part.empty()) camera += (camera.empty() ? "" : " ") + part;
  }
  field("camera", escape_for_display(camera));
  field("software", escape_for_display(facts.software));
  for (const media::TimeClaim& claim : facts.times) {
    // Of a name or the file system the field says so itself.
    field("time", claim_text(claim) + "  by " + escape_for_display(claim.field));
    if (out.verbose()) field("", written_text(claim));
  }
  for (const media::PlaceClaim& place : facts.places) {
    field("place", fmt::format("{:.6f}, {:.6f}  by {}", place.latitude, place.longitude,
                               escape_for_display(place.field)));
    field("", place_details(place, out.verbose()));
  }
  for (const media::Contradiction& one : media::contradictions(facts)) {
    field("conflict", escape_for_display(one.field) +
                          (one.against.empty() ? "" : " against " + escape_for_display(one.against)));
    field("", escape_for_display(one.text));
  }
  for (const media::Stream& stream : facts.streams) field("stream", stream_text(stream));
  for (const std::string& sign : facts.signs) field("sign", escape_for_display(sign));
  if (out.verbose()) {
    for (const media::Field& more : facts.fields) {
      out.line("  " + escape_for_display(more.name) + " = " + escape_for_display(more.value));
    }
  }
  field("problem", escape_for_display(facts.problem));
  out.object("facts", json_of(facts));
}

void print_links(Subject& subject) {
  Printer& out = subject.out;
  out.line();
  if (!subject.view.can_read(ledger::SealClass::evidence)) {
    out.line("media facts, links, tags, reviews and sources: not visible to this role");
    for (const char* what : {"facts", "links", "tags", "reviews", "sources"})
      out.object("not_visible", {{"what", what}, {"visible", false}});
    return;
  }
  const auto links = subject.view.links_of_item(subject.item.row, true);
  out.line(links.empty() ? "linked to no incident" : "links");
  for (const archive::Link& link : links) {
    out.line(fmt::format(
        "  {}  {}  entry {}{}", escape_for_display(subject.view.incident(link.incident).incident.id),
        link_text(link), link.seq, link.why.empty() ? "" : "  (" + escape_for_display(link.why) + ")"));
    subject.entries.insert(link.seq);
    if (link.withdrawn_seq) {
      out.line("      withdrawn: " + escape_for_display(link.withdrawn_why));
      subject.entries.insert(*link.withdrawn_seq);
    }
    Json fields = json_of(subject.view, link);
    fields["review_state"] = archive::name_of(archive::state_of_link(subject.view, link.row));
    out.object("link", fields);
    for (const archive::StatedReview& review : archive::reviews_of_link(subject.view, link.row)) {
      constexpr std::size_t kBelowLink = 6;
      print_review(out, review, kBelowLink);
      out.object("review", json_of(subject.view, review));
      subject.entries.insert(review.seq);
    }
  }
}

void print_tags(Subject& subject) {
  const auto taggings = archive::tags_of_item(subject.view, subject.item.row, true);
  if (taggings.empty()) return;
  Printer& out = subject.out;
  out.line();
  out.line("tags");
  for (const archive::Tagging& one : taggings) {
    out.line(fmt::format("  {}{}{}", escape_for_display(one.name), one.withdrawn() ? " (taken off)" : "",
                         one.why.empty() ? "" : "  (" + escape_for_display(one.why) + ")"));
    if (!one.withdrawn_why.empty()) out.line("      taken off: " + escape_for_display(one.withdrawn_why));
    Json fields = {{"item", subject.item.digest.hex()}, {"tag", one.name}, {"seq", one.seq}};
    put_text(fields, "why", one.why);
    fields["withdrawn"] = one.withdrawn();
    subject.entries.insert(one.seq);
    if (one.withdrawn()) {
      fields["withdrawn_seq"] = *one.withdrawn_seq;
      subject.entries.insert(*one.withdrawn_seq);
    }
    put_text(fields, "withdrawn_why", one.withdrawn_why);
    out.object("tagging", fields);
  }
}

void print_reviews(Subject& subject, const std::vector<archive::StatedReview>& reviews) {
  Printer& out = subject.out;
  out.line();
  if (reviews.empty()) return out.line("reviewed by nobody yet");
  const archive::Assessment now = archive::assessment_of(reviews);
  out.line(fmt::format("reviews: {}", archive::name_of(now.state)));
  print_verified(out, now);
  for (const archive::StatedReview& review : reviews) {
    print_review(out, review, 2);
    out.object("review", json_of(subject.view, review));
    subject.entries.insert(review.seq);
  }
}

/// What people said of the item itself. Without the right to see it nothing; that is said with the links.
void print_assessment(Subject& subject, Json& summary) {
  if (!subject.view.can_read(ledger::SealClass::evidence)) {
    for (const char* field : {"review_state", "tags"}) summary[field] = nullptr;
    return;
  }
  print_tags(subject);
  summary["tags"] = Json::array();
  for (const archive::Tagging& one : archive::tags_of_item(subject.view, subject.item.row))
    summary["tags"].push_back(one.name);
  const auto reviews = archive::reviews_of_item(subject.view, subject.item.row);
  print_reviews(subject, reviews);
  put_assessment(summary, archive::assessment_of(reviews));
}

void print_sources(Subject& subject) {
  if (!subject.view.can_read(ledger::SealClass::evidence)) return;  // said with the links
  Printer& out = subject.out;
  out.line();
  const auto assignments = subject.view.sources_of_item(subject.item.row, true);
  const auto consent = subject.view.consent_of_item(subject.item.row);
  out.line(consent ? fmt::format("sources (consent: {})", archive::name_of(*consent))
                   : "no source is stated");
  for (const archive::Assignment& one : assignments) {
    const archive::Source source = subject.view.source(one.source);
    out.line(fmt::format("  {}  {}{}{}", escape_for_display(source.alias), archive::name_of(source.consent),
                         one.withdrawn() ? " (withdrawn)" : "",
                         one.why.empty() ? "" : "  (" + escape_for_display(one.why) + ")"));
    subject.entries.insert(one.seq);
    if (one.withdrawn()) {
      out.line("      withdrawn: " + escape_for_display(one.withdrawn_why));
      subject.entries.insert(*one.withdrawn_seq);
    }
    Json fields = json_of(source);
    fields["item"] = subject.item.digest.hex();
    fields["seq"] = one.seq;
    put_text(fields, "why", one.why);
    fields["withdrawn"] = one.withdrawn();
    if (one.withdrawn()) fields["withdrawn_seq"] = *one.withdrawn_seq;
    put_text(fields, "withdrawn_why", one.withdrawn_why);
    out.object("assignment", fields);
  }
}

/// The runs during which its copies were seen: the times of their entries lie within.
void print_provenance(Subject& subject) {
  Printer& out = subject.out;
  std::vector<archive::RunSummary> runs;
  for (archive::RunSummary& run : subject.view.runs(kRunsSearched)) {
    const bool took_it_in = run.kind == "scan" &&
                            std::any_of(subject.copies.begin(), subject.copies.end(), [&](const auto& copy) {
                              if (copy.volume != run.volume) return false;
                              const UtcTime seen = subject.view.reader().line(copy.row.seq).time;
                              return run.started <= seen && seen <= run.ended;
                            });
    if (took_it_in) runs.push_back(std::move(run));
  }
  out.line();
  out.line(runs.empty() ? "provenance: no scan on record that took it in" : "provenance");
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    out.line(fmt::format("  {}  scan of {} on volume {}", time_text(run->started), in_quotes(run->folder),
                         in_quotes(subject.view.volume(run->volume).label)));
    if (!run->source.empty()) out.line("      source: " + escape_for_display(run->source));
    if (!run->note.empty()) out.line("      note: " + escape_for_display(run->note));
    out.object("provenance", json_of(subject.view, *run));
  }
  if (!runs.empty() && !subject.view.can_read(ledger::SealClass::source))
    out.line("      note: not visible to this role");
}

void print_entries(Subject& subject) {
  Printer& out = subject.out;
  out.line();
  out.line("ledger entries");
  for (const archive::Seq seq : subject.entries) {
    const ledger::PublicLine line = subject.view.reader().line(seq);
    const std::string actor = subject.view.actor_name(line.actor);
    out.line(fmt::format("  {:>8}  {}  {:<9}  {}", seq, time_text(line.time),
                         ledger::name_of(line.seal_class), escape_for_display(actor)));
    out.object("entry", {{"seq", seq},
                         {"time", line.time.rfc3339_ms()},
                         {"class", ledger::name_of(line.seal_class)},
                         {"actor", actor}});
  }
}

/// The picture that the archive keeps of the item, if the terminal can show one; else why not.
void show_picture(Printer& out, archive::View& view, archive::Row row) {
  const auto thumbnails = archive::thumbnails_of(view, row);  // Error(wrong_key)
  if (!thumbnails)
    return out.note("no thumbnail of it was made yet: 'dalil thumbnail FOLDER --volume VOLUME' does");
  if (thumbnails->pictures.empty())
    return out.note("there is no thumbnail of it: " + escape_for_display(thumbnails->problem));
  const PictureProtocol protocol = out.json() ? PictureProtocol::none : ask_terminal();
  if (protocol == PictureProtocol::none)
    return out.note(
        "this terminal shows no pictures (it knows neither sixel nor kitty's protocol): 'dalil "
        "sheet' writes a page that shows them");
  ThumbnailDecoder decoder;
  const auto frames = decoder.decode(thumbnails->pictures);
  if (decoder.failures() == frames.size())
    return out.note("there is a thumbnail of it, but " + not_decoded_text(frames.size()));
  if (decoder.failures() > 0) out.note(not_decoded_text(decoder.failures()));
  if (!thumbnails->problem.empty()) out.note("of its picture: " + escape_for_display(thumbnails->problem));
  const formats::Raster picture = fitting_grid(frames, terminal_width_pixels());
  std::string shown = protocol == PictureProtocol::kitty ? kitty_text(picture) : sixel_text(picture);
  shown.pop_back();
  out.line(shown);
  if (frames.size() < 2) return out.line();
  std::string times;
  for (const media::Thumbnail& frame : thumbnails->pictures)
    times += " " + formats::frame_time(frame.time_ms);
  out.line(wrapped(out, "frames at" + times, 2));
  out.line();
}

struct ShowOptions {
  std::string item;
  bool picture = false;
};

int run_show(Session& session, const ShowOptions& options) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Row row = item_named(view, options.item);
  if (options.picture) show_picture(session.out(), view, row);
  Subject subject{session.out(), view, view.item(row), copies_live_first(view, row), {}};
  Printer& out = session.out();
  out.line("item " + out.styled(Style::bold, subject.item.digest.hex()));
  out.line(fmt::format("  {} bytes ({})", number_text(subject.item.size_bytes),
                       bytes_text(subject.item.size_bytes)));
  out.object("item", {{"digest", subject.item.digest.hex()}, {"size_bytes", subject.item.size_bytes}});
  subject.entries.insert(subject.item.first_seq);
  print_copies(subject);
  print_repairs(subject);
  if (const auto facts = view.facts(row)) print_facts(subject, *facts);
  Json summary = {{"command", "show"}, {"copies", subject.copies.size()}};
  print_links(subject);
  print_assessment(subject, summary);
  print_sources(subject);
  print_provenance(subject);
  print_entries(subject);
  put_sources(summary, view, row);
  out.object("summary", summary);
  return kExitOk;
}

}  // namespace

Runner declare_show(Options& app) {
  const auto options = std::make_shared<ShowOptions>();
  app.add_option("ITEM", options->item, "digest or its first digits, VOLUME:PATH, or a file")
      ->required()
      ->type_name("");
  app.add_flag("--picture", options->picture, "its thumbnail as well, on terminals that can (sixel, kitty)");
  return [options](Session& session) { return run_show(session, *options); };
}

}  // namespace dalil::cli
