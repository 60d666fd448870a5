#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "command.hpp"
#include "dalil/archive/similar.hpp"
#include "dalil/archive/suggest.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "looks_forms.hpp"
#include "refs.hpp"
#include "vocabularies.hpp"
#include "wrapped.hpp"

namespace dalil::cli {
namespace {

using archive::Suggestion;

struct SuggestOptions {
  std::vector<std::string> items;
  std::string incident;
  unsigned least = 25;
  std::size_t per_item = 3;
  bool alike = false, accept = false, dry_run = false;
};

constexpr unsigned kHighest = 100;

/// What was asked, as far as the archive has to be opened for it.
struct Asked {
  archive::SuggestQuestion question;
  /// Of --accept with items and one incident: exactly these pairs.
  bool pairs = false;
};

/// Where the gazetteer has the incident's place, and what it calls it; without a gazetteer nobody knows.
void understand_places(archive::SuggestQuestion& question, archive::View& view) {
  const auto gazetteer = gazetteer_if_any(view);
  if (!gazetteer) return;
  // A folder named after a governorate names none of its towns.
  question.place_names = [gazetteer](const archive::Incident& incident) {
    const archive::Place* place = gazetteer->locate(incident.governorate, incident.place);
    return place == nullptr || place->level == archive::PlaceLevel::governorate
               ? std::vector<std::string>()
               : spellings_of(*gazetteer, *place);
  };
  question.locate = [gazetteer](const archive::Incident& incident) -> std::optional<archive::Circle> {
    // A place that the gazetteer lacks is somewhere in its governorate.
    const archive::Place* place = gazetteer->locate(incident.governorate, incident.place);
    if (place == nullptr) {
      const auto found = gazetteer->find(incident.governorate, archive::PlaceLevel::governorate);
      if (found.size() == 1) place = found.front();
    }
    const auto position = place == nullptr ? std::nullopt : gazetteer->position(*place);
    if (!position) return std::nullopt;
    return archive::Circle{position->latitude, position->longitude, position->radius_km};
  };
}

/// What looks like an item, by the fingerprints on record. `view` outlives it.
std::function<std::vector<archive::Alike>(archive::Row)> looker(const archive::Archive& archive,
                                                                archive::View& view) {
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  const auto looks = std::make_shared<const archive::Looks>(archive::Looks::load(archive, threads));
  return [looks, &view](archive::Row item) {
    std::vector<archive::Alike> alike;
    const auto prints = archive::fingerprints_of(view, item);
    if (!prints) return alike;
    // What sounds alike may be of another incident: the same broadcast, the same song.
    for (const archive::Likeness& one : looks->find(view, *prints, {.sound = false}))
      if (one.item != item) alike.push_back({one.item, changes_text(one.changes, one.pose)});
    return alike;
  };
}

/// With --accept the last word may be an incident, as with `dalil link`.
Asked asked(const archive::Archive& archive, archive::View& view, SuggestOptions options) {
  Asked asked;
  if (options.accept && options.incident.empty() && options.items.size() >= 2) {
    options.incident = options.items.back();
    options.items.pop_back();
    asked.pairs = true;
  }
  for (const std::string& text : options.items) asked.question.items.push_back(item_named(view, text));
  if (!options.incident.empty()) asked.question.incident = incident_named(view, options.incident);
  asked.question.least_score = static_cast<int>(asked.pairs ? 1 : options.least);
  asked.question.per_item = options.per_item;
  understand_places(asked.question, view);
  if (options.alike || !asked.question.items.empty()) asked.question.alike = looker(archive, view);
  return asked;
}

void check(const SuggestOptions& options, bool least_given) {
  if (options.least < 1 || options.least > kHighest)
    throw Error(ErrorCode::usage, fmt::format("--min-score {} is none", options.least), "from 1 to 100");
  if (options.dry_run && !options.accept)
    throw Error(ErrorCode::usage, "--dry-run goes with --accept", "without it nothing is changed anyway");
  if (options.accept && options.items.empty() && !least_given)
    throw Error(ErrorCode::usage, "which suggestions are to be accepted?",
                "name an item and an incident, or say from which score on: --min-score 60");
}

Json json_of(archive::View& view, const Suggestion& suggestion) {
  Json fields = {{"item", view.item(suggestion.item).digest.hex()},
                 {"incident", view.incident(suggestion.incident).incident.id},
                 {"score", suggestion.score}};
  for (const archive::Reason& reason : suggestion.reasons)
    fields["reasons"].push_back(
        {{"ground", archive::name_of(reason.ground)}, {"points", reason.points}, {"text", reason.text}});
  return fields;
}

void print_item(Printer& out, archive::View& view, archive::Row row) {
  const ItemLine item = item_line(view, row);
  std::string about = item.kind + (item.time.empty() ? "" : "  " + item.time);
  out.line(fmt::format("{}  {}", out.styled(Style::bold, item.short_id), about));
  out.line("  " + item.path);
}

void print_suggestion(Printer& out, archive::View& view, const Suggestion& suggestion) {
  out.line(fmt::format("    {:>3}  {}", suggestion.score,
                       escape_for_display(view.incident(suggestion.incident).incident.id)));
  for (const archive::Reason& reason : suggestion.reasons)
    out.line(
        wrapped(out, fmt::format("         {:>+3}  {}", reason.points, escape_for_display(reason.text)), 14));
}

int run_show(Session& session, archive::View& view, Asked asked) {
  Printer& out = session.out();
  asked.question.stopped = [&session] { return session.stop().requested(); };
  std::size_t items = 0, suggestions = 0;
  const std::uint64_t looked_at =
      archive::suggest(view, asked.question, [&](const std::vector<Suggestion>& of_item) {
        if (!out.json()) print_item(out, view, of_item.front().item);
        for (const Suggestion& suggestion : of_item) {
          if (out.json())
            out.object("suggestion", json_of(view, suggestion));
          else
            print_suggestion(out, view, suggestion);
        }
        ++items;
        suggestions += of_item.size();
      });
  const bool interrupted = session.stop().requested();
  if (interrupted) out.note("interrupted");
  if (suggestions > 0) {
    out.line();
    out.line(fmt::format("{} for {} of {}", count_text(suggestions, "suggestion", "suggestions"),
                         number_text(items), count_text(looked_at, "item", "items")));
    out.line("take one on with: dalil suggest --accept ITEM INCIDENT");
  } else if (!interrupted) {
    out.note("nothing is suggested for " + count_text(looked_at, "item", "items"));
  }
  out.object(
      "summary",
      {{"command", "suggest"}, {"looked_at", looked_at}, {"items", items}, {"suggestions", suggestions}});
  if (interrupted) return kExitInterrupted;
  return suggestions == 0 ? kExitNo : kExitOk;
}

/// Of each item the best suggestion, unless another is as good: that is for people to decide.
struct Chosen {
  std::vector<Suggestion> best;
  std::size_t undecided = 0;
  std::size_t likelier = 0;  ///< items of which another incident than the one in question is
  std::uint64_t looked_at = 0;
};

Chosen choose(archive::View& view, const Asked& asked) {
  Chosen chosen;
  archive::SuggestQuestion wide = asked.question;
  if (asked.pairs) {
    wide.per_item = 1;
  } else if (wide.incident) {  // the others are looked at, too: one of them may be likelier
    wide.per_item = SIZE_MAX;
    wide.incident.reset();
  } else {
    wide.per_item = std::max<std::size_t>(wide.per_item, 2);
  }
  chosen.looked_at = archive::suggest(view, wide, [&](const std::vector<Suggestion>& of_item) {
    const Suggestion& best = of_item.front();
    if (const auto& wanted = asked.question.incident) {
      const auto its = std::ranges::find(of_item, *wanted, &Suggestion::incident);
      if (its == of_item.end()) return;
      chosen.likelier += its->score < best.score ? 1 : 0;
      if (its->score < best.score) return;
    }
    if (of_item.size() > 1 && best.score == of_item[1].score)
      ++chosen.undecided;
    else
      chosen.best.push_back(best);
  });
  return chosen;
}

/// What was named has to be suggested, each of it.
void refuse_unsuggested(archive::View& view, const Asked& asked, const Chosen& chosen) {
  for (const archive::Row item : asked.question.items) {
    if (std::ranges::find(chosen.best, item, &Suggestion::item) != chosen.best.end()) continue;
    const std::string short_id = view.item(item).digest.hex().substr(0, kShortDigits);
    const std::string id = view.incident(*asked.question.incident).incident.id;
    throw Error(ErrorCode::not_found,
                fmt::format("nothing suggests that {} is of {}", short_id, in_quotes(id)),
                "they may be linked already, or have been; what you know yourself is said with: dalil link");
  }
}

int run_accept(Session& session, archive::Archive& archive, const SuggestOptions& options) {
  archive::View view = archive.view();
  std::optional<archive::Editor> editor;
  if (!options.dry_run) {
    editor.emplace(archive.edit());
    view.renew();
  }
  Asked what = asked(archive, view, options);
  what.question.stopped = [&session] { return session.stop().requested(); };
  const Chosen chosen = choose(view, what);
  if (session.stop().requested()) {
    session.out().note("interrupted: nothing was linked");
    return kExitInterrupted;
  }
  if (what.pairs) refuse_unsuggested(view, what, chosen);
  Printer& out = session.out();
  for (const Suggestion& suggestion : chosen.best) {
    if (editor)
      editor->add_link(suggestion.item, suggestion.incident, archive::LinkType::candidate, {}, {},
                       archive::why_of(suggestion));
    out.line(fmt::format("{} {} candidate {}  (score {})", options.dry_run ? "would link" : "linked",
                         view.item(suggestion.item).digest.hex().substr(0, kShortDigits),
                         escape_for_display(view.incident(suggestion.incident).incident.id),
                         suggestion.score));
    Json fields = json_of(view, suggestion);
    fields["result"] = options.dry_run ? "would-link" : "new";
    out.object("link", fields);
  }
  if (editor) editor->commit();
  if (chosen.undecided > 0)
    out.note(fmt::format("{} left alone: several incidents are as likely",
                         count_text(chosen.undecided, "item was", "items were")));
  if (chosen.likelier > 0)
    out.note(fmt::format("{} left alone: another incident is likelier",
                         count_text(chosen.likelier, "item was", "items were")));
  if (chosen.best.empty()) out.note("nothing to accept");
  out.object("summary", {{"command", "suggest"},
                         {"looked_at", chosen.looked_at},
                         {"links", chosen.best.size()},
                         {"undecided", chosen.undecided},
                         {"another_likelier", chosen.likelier},
                         {"dry_run", options.dry_run}});
  return chosen.best.empty() ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_suggest(Options& app) {
  const auto options = std::make_shared<SuggestOptions>();
  const auto least = std::make_shared<std::optional<std::uint64_t>>();
  app.add_option(
         "ITEM...", options->items,
         "these; without: all that are linked to no incident. With --accept the last may be an incident")
      ->type_name("");
  app.add_option("--incident", options->incident, "only what may be of this one")->type_name("ID");
  app.add_option("--min-score", *least, "only suggestions of at least so many points, 1 to 100 (default: 25)")
      ->type_name("N");
  app.add_option("--limit", options->per_item, "so many for an item (default: 3)")
      ->type_name("N")
      ->at_least_one();
  app.add_flag("--alike", options->alike, "also by what looks alike; of items that are named always");
  app.add_flag("--accept", options->accept,
               "link as 'candidate', with the reasons: the best one of each item");
  app.add_flag("--dry-run", options->dry_run, "with --accept: show what would be linked");
  app.explain(
      "Suggestions say where to look; none is a finding. Pairs that are linked, or were and\n"
      "were withdrawn, are never suggested. A candidate link is no evidence yet: look at it, then\n"
      "'dalil link' says what it is, or 'dalil unlink' that it is not.\n\n");
  return [options, least](Session& session) {
    if (*least) options->least = static_cast<unsigned>(std::min<std::uint64_t>(**least, kHighest + 1));
    check(*options, least->has_value());
    archive::Archive archive = session.open();
    if (options->accept) return run_accept(session, archive, *options);
    archive::View view = archive.view();
    return run_show(session, view, asked(archive, view, *options));
  };
}

}  // namespace dalil::cli
