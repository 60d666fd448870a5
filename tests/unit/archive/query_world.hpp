#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "archive/archive_fixture.hpp"
#include "dalil/archive/answers.hpp"
#include "dalil/archive/find.hpp"
#include "dalil/archive/review.hpp"
#include "dalil/base/text.hpp"

/// An archive with something of everything that queries ask for, and a reading of its entries that asks no
/// column.
namespace dalil::testing {

using namespace archive;

inline constexpr const char* kGovernorates[] = {"Idlib", "Hama", "إدلب", ""};
inline constexpr const char* kWords[] = {"hospital", "مستشفى", "school"};

/// Items on three volumes, some damaged, some linked: the same for each seed.
struct World : ArchiveFixture {
  static constexpr int kItems = 250, kIncidents = 15;
  Archive archive = open();

  explicit World(unsigned seed) {
    std::mt19937_64 random(seed);
    Editor editor = archive.edit();
    for (const char* label : {"disk", "drive", "card"}) {
      Volume volume = volume_named(label);
      volume.kind = label[0] == 'c'   ? VolumeKind::source
                    : label[1] == 'r' ? VolumeKind::backup
                                      : VolumeKind::working;
      editor.add_volume(volume);
    }
    for (int i = 0; i < kIncidents; ++i) {
      Incident incident = incident_with("I" + std::to_string(i), i % 3 == 0 ? "2017-09-11" : "2017-10");
      incident.governorate = kGovernorates[random() % 4];
      incident.description = std::string("a ") + kWords[random() % 3];
      if (random() % 4 != 0) incident.killed.value = static_cast<std::int64_t>(random() % 6);
      if (random() % 2 == 0) {
        incident.latitude = 35 + static_cast<double>(random() % 100) / 100;
        incident.longitude = 36.5;
      }
      editor.put_incident(incident, "");
    }
    for (int i = 0; i < kItems; ++i) add_item(editor, random, i);
    for (int i = 0; i < 300; ++i) {
      const Row link =
          editor.add_link(static_cast<Row>(random() % kItems), static_cast<Row>(random() % kIncidents),
                          static_cast<LinkType>(1 + random() % 3), {}, {}, "");
      if (random() % 4 == 0) editor.withdraw_link(link, "");
    }
    for (Row volume = 0; volume < 3; ++volume) damage(editor, random, volume);
    editor.commit();
  }

  /// Words about some items and links that their names and incidents may not hold.
  void review() {
    Editor editor = archive.edit();
    for (Row item = 0; item < kItems; item += 9) review_item(editor, item, review_with(kWords[item % 3]));
    for (Row link = 0; link < 300; link += 7) review_link(editor, link, review_with(kWords[link % 3]));
    editor.commit();
  }

  static Review review_with(const char* word) {
    Review review;
    review.result = std::string("seen: ") + word;
    return review;
  }

  void add_item(Editor& editor, std::mt19937_64& random, int number) {
    const std::string content(random() % 3000, 'x');
    Row item = ledger::kNoRow;
    for (auto copies = 1 + random() % 4; copies > 0; --copies) {
      const std::string name =
          std::string(kWords[random() % 3]) + std::to_string(number) + "-" + std::to_string(copies) + ".jpg";
      item = editor
                 .add_copy(copy_of(static_cast<Row>(random() % 3), random() % 2 == 0 ? "A" : "B/ج", name,
                                   content + std::to_string(number)))
                 .item;
    }
    if (random() % 5 == 0) return;
    media::MediaFacts facts;
    facts.kind = static_cast<media::MediaKind>(random() % 5);
    if (random() % 2 == 0)
      facts.places.push_back({"gps", "", 35 + static_cast<double>(random() % 100) / 100, 36.5, {}, {}});
    for (const auto origin : {media::TimeOrigin::embedded, media::TimeOrigin::file_name}) {
      if (random() % 2 == 0) continue;
      media::TimeClaim claim;
      claim.ms = 1505088000000 + static_cast<std::int64_t>(random() % 172'800) * 1000;  // 2017-09-11 and -12
      claim.basis = random() % 2 == 0 ? media::ZoneBasis::unknown_zone : media::ZoneBasis::utc_claimed;
      claim.origin = origin;
      claim.precision_ms = random() % 2 == 0 ? 1000 : 86'400'000;
      facts.times.push_back(claim);
    }
    editor.add_facts(item, facts);
  }

  /// Some copies damaged, some of those found intact again, some gone.
  static void damage(Editor& editor, std::mt19937_64& random, Row volume) {
    for (const char* directory : {"A", "B/ج"}) {
      std::vector<std::pair<std::string, Verdict>> bad, good;
      std::vector<Editor::Gone> gone;
      for (const char* word : kWords)
        for (int i = 0; i < kItems * 4; ++i) {
          const std::string name =
              std::string(word) + std::to_string(i / 4) + "-" + std::to_string(i % 4 + 1) + ".jpg";
          const auto dice = random() % 10;
          if (dice < 3) bad.emplace_back(name, dice == 0 ? Verdict::missing : Verdict::corrupt);
          if (dice == 0) good.emplace_back(name, Verdict::intact);
          if (dice == 9) gone.push_back({directory, name, ""});
        }
      editor.record_verdicts(volume, directory, bad, 1505118600);
      editor.record_named_verdicts(volume, directory, good, 1505118700);
      editor.mark_vanished(volume, gone);
    }
  }
};

/// What a condition means, item by item, from entries and the copy index: the columns are not asked.
struct Naive {
  View& view;
  std::int32_t zone_minutes = 180;

  bool item(const Condition& condition, Row row) {
    if (about(condition, Scope::link)) return some_link(condition, row);
    if (about(condition, Scope::copy)) return some_copy(condition, row, false);
    switch (condition.kind) {
      case Condition::Kind::all: {
        Condition links, copies;
        for (const Condition& part : condition.parts) {
          if (about(part, Scope::link))
            links.parts.push_back(part);
          else if (about(part, Scope::copy))
            copies.parts.push_back(part);
          else if (!item(part, row))
            return false;
        }
        return (links.parts.empty() || some_link(links, row)) &&
               (copies.parts.empty() || some_copy(copies, row, false));
      }
      case Condition::Kind::any:
        return std::ranges::any_of(condition.parts, [&](const Condition& part) { return item(part, row); });
      case Condition::Kind::none:
        return !item(condition.parts.front(), row);
      case Condition::Kind::link:
        return some_link(condition.parts.front(), row);
      case Condition::Kind::copy:
        return some_copy(condition.parts.front(), row, true);
      default:
        return test(condition.test, row);
    }
  }

  static bool about(const Condition& condition, Scope scope) {
    if (condition.kind == Condition::Kind::test) return info_of(condition.test.field).scope == scope;
    if (condition.kind != Condition::Kind::all && condition.kind != Condition::Kind::any) return false;
    return !condition.parts.empty() &&
           std::ranges::all_of(condition.parts, [&](const Condition& part) { return about(part, scope); });
  }

  static bool joined(const Condition& condition, const std::function<bool(const Test&)>& passes) {
    const auto part = [&](const Condition& one) { return joined(one, passes); };
    switch (condition.kind) {
      case Condition::Kind::test:
        return passes(condition.test);
      case Condition::Kind::any:
        return std::ranges::any_of(condition.parts, part);
      case Condition::Kind::none:
        return !part(condition.parts.front());
      default:
        return std::ranges::all_of(condition.parts, part);
    }
  }

  bool some_link(const Condition& condition, Row row) {
    return std::ranges::any_of(view.links_of_item(row), [&](const Link& link) {
      const Incident incident = view.incident(link.incident).incident;
      return joined(condition, [&](const Test& one) { return link_test(one, link, incident); });
    });
  }

  bool link_test(const Test& test, const Link& link, const Incident& incident) const {
    switch (test.field) {
      case Field::link_type:
        return name_of(link.type) == std::get<std::string>(test.value);
      case Field::incident:
        return incident.id == std::get<std::string>(test.value);
      case Field::governorate:
        return holds(incident.governorate, test) && !incident.governorate.empty();
      case Field::killed:
        return incident.killed.value &&
               std::get<NumberSpan>(test.value).contains(static_cast<std::uint64_t>(*incident.killed.value));
      case Field::incident_date: {
        const auto days = incident.days();
        const auto& span = std::get<TimeSpan>(test.value);
        const std::int64_t zone = zone_minutes * 60'000LL;
        return days && days->first * 86'400'000LL - zone < span.end_ms &&
               (days->last + 1) * 86'400'000LL - zone > span.begin_ms;
      }
      default:  // a box
        return incident.latitude && *incident.latitude >= std::get<Area>(test.value).south - 1e-9 &&
               *incident.latitude <= std::get<Area>(test.value).north + 1e-9;
    }
  }

  static bool holds(const std::string& text, const Test& test) {
    return fold_text(text).find(fold_text(std::get<std::string>(test.value))) != std::string::npos;
  }

  bool some_copy(const Condition& condition, Row row, bool live_only) {
    return std::ranges::any_of(view.copies_of(row), [&](const CopyInfo& copy) {
      const bool live = copy.row.state == CopyRow::State::live;
      if (live_only && !live) return false;
      return joined(condition, [&](const Test& test) {
        if (test.field == Field::path) return holds(copy.path, test);
        if (!live) return false;
        if (test.field == Field::volume) return copy.volume_label == std::get<std::string>(test.value);
        if (test.field == Field::on)
          return name_of(view.volume(copy.volume).kind) == std::get<std::string>(test.value);
        return is_damage(copy.row.verdict) == (std::get<std::string>(test.value) == "damaged");
      });
    });
  }

  bool in_time(const TimeSpan& span, const media::TimeClaim& claim) const {
    std::int64_t first = claim.ms, end = claim.ms + (claim.precision_ms > 1000 ? claim.precision_ms : 1);
    if (claim.basis == media::ZoneBasis::unknown_zone) {
      first -= span.any_zone ? 14 * 3'600'000 : zone_minutes * 60'000LL;
      end += span.any_zone ? 12 * 3'600'000 : -zone_minutes * 60'000LL;
    } else if (span.any_zone && claim.basis == media::ZoneBasis::utc_claimed) {
      first -= 14 * 3'600'000;
      end += 12 * 3'600'000;
    }
    return first < span.end_ms + span.tolerance_ms && end > span.begin_ms - span.tolerance_ms;
  }

  bool test(const Test& test, Row row) {
    const media::MediaFacts facts = view.facts(row).value_or(media::MediaFacts{});
    const auto claim = [&](media::TimeOrigin origin) {
      return std::ranges::find(facts.times, origin, &media::TimeClaim::origin);
    };
    const auto copies = view.copies_of(row);
    const auto sound = [&](const CopyInfo& copy) {
      return copy.row.state == CopyRow::State::live && !is_damage(copy.row.verdict);
    };
    switch (test.field) {
      case Field::kind:
        return media::name_of(facts.kind) == std::get<std::string>(test.value);
      case Field::size:
        return std::get<NumberSpan>(test.value).contains(view.item(row).size_bytes);
      case Field::box:
        return !facts.places.empty() &&
               facts.places.front().latitude >= std::get<Area>(test.value).south - 1e-9 &&
               facts.places.front().latitude <= std::get<Area>(test.value).north + 1e-9;
      case Field::made: {
        auto found = claim(media::TimeOrigin::embedded);
        if (found == facts.times.end()) found = claim(media::TimeOrigin::file_name);
        return found != facts.times.end() && in_time(std::get<TimeSpan>(test.value), *found);
      }
      case Field::copies: {
        std::set<Row> on;
        for (const CopyInfo& copy : copies)
          if (sound(copy) && view.volume(copy.volume).kind != VolumeKind::source) on.insert(copy.volume);
        return std::get<NumberSpan>(test.value).contains(on.size());
      }
      case Field::is: {
        const auto& word = std::get<std::string>(test.value);
        if (word == "lost") return std::ranges::none_of(copies, sound);
        if (word == "damaged")
          return std::ranges::any_of(copies, [](const CopyInfo& copy) {
            return copy.row.state == CopyRow::State::live && is_damage(copy.row.verdict);
          });
        return view.links_of_item(row).empty() == (word == "unlinked");
      }
      default: {  // text
        const auto in_incident = [&](const Link& link) {
          const Incident incident = view.incident(link.incident).incident;
          return holds(incident.id, test) || holds(incident.governorate, test) ||
                 holds(incident.description, test);
        };
        return std::ranges::any_of(copies,
                                   [&](const CopyInfo& copy) { return name_counts(copies, copy, test); }) ||
               std::ranges::any_of(view.links_of_item(row), in_incident) || in_review(row, test);
      }
    }
  }

  bool in_review(Row row, const Test& test) {
    std::vector<StatedReview> reviews = reviews_of_item(view, row);
    for (const Link& link : view.links_of_item(row))
      for (StatedReview& one : reviews_of_link(view, link.row)) reviews.push_back(std::move(one));
    return std::ranges::any_of(reviews,
                               [&](const StatedReview& one) { return holds(one.review.result, test); });
  }

  /// Names on backups are those of what they are copies of, unless they came first.
  bool name_counts(const std::vector<CopyInfo>& copies, const CopyInfo& copy, const Test& test) {
    if (!holds(copy.path, test)) return false;
    if (view.volume(copy.volume).kind != VolumeKind::backup) return true;
    return std::ranges::all_of(copies, [&](const CopyInfo& other) { return other.row.seq >= copy.row.seq; });
  }
};

inline constexpr const char* kTests[] = {
    "kind:video",
    "kind:photo,audio",
    "size>1500",
    "size:100..900",
    "incident:I0",
    "incident:I3,I4",
    "type:depicts",
    "governorate:idlib",
    "governorate:ادلب",
    "killed>=3",
    "killed<2",
    "date:2017-09-11",
    "date:2017-10",
    "incident-box:35.2,36..35.7,37",
    "volume:disk",
    "volume:drive",
    "volume:card",
    "on:backup",
    "on:working",
    "health:damaged",
    "health:sound",
    "path:A/",
    "path:hospital",
    "made:2017-09-11",
    "made:2017-09-12T06:00..09:00",
    "made:2017-09-12T20:00..23:00~2h",
    "made:2017-09-11~zone",
    "copies:0",
    "copies>1",
    "is:lost",
    "is:damaged",
    "is:linked",
    "is:unlinked",
    "box:35.2,36..35.6,37",
    "hospital",
    "مستشفي",
    "school1",
    "link(type:depicts not governorate:idlib)",
    "copy(volume:disk not health:damaged)",
    "incident(not killed:0)",
    "copy(path:A not volume:disk)",
};

inline std::string random_query(std::mt19937_64& random, int depth) {
  std::string text;
  for (auto left = 1 + random() % 3; left > 0; --left) {
    if (random() % 4 == 0) text += "not ";
    text += depth > 0 && random() % 3 == 0 ? "(" + random_query(random, depth - 1) + ")"
                                           : kTests[random() % std::size(kTests)];
    if (left > 1) text += random() % 3 == 0 ? " or " : " ";
  }
  return text;
}

inline std::vector<Row> naive(View& view, const std::string& text) {
  const Condition condition = QueryReader{}.read(text);
  Naive reader{view};
  std::vector<Row> rows;
  for (Row row = 0; row < view.item_count(); ++row)
    if (reader.item(condition, row)) rows.push_back(row);
  return rows;
}

}  // namespace dalil::testing
