#include "sound_likeness.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "schema.hpp"

namespace dalil::archive {

using media::Part;
using media::SoundMatch;
using media::SoundSighting;
using media::SoundTrack;

namespace {

/// A window that says something, for each word of the question.
struct Asked {
  std::vector<media::Pdq> hashes;
  std::vector<std::uint32_t> words;  ///< at which word each begins
};
Asked asked_from(const SoundTrack& track) {
  Asked out;
  for (std::size_t word = 0; word < track.size(); ++word) {
    const auto window = track.window(static_cast<std::int64_t>(word));
    if (!window || media::changes_in(*window) < media::kLeastChanges) continue;
    out.hashes.push_back(media::hash_of(*window));
    out.words.push_back(static_cast<std::uint32_t>(word));
  }
  return out;
}

/// All windows of one item, and since when its words count.
struct Recording {
  std::uint32_t begins_ms = 0;
  SoundTrack track;
};
std::uint32_t word_at(std::uint32_t time_ms, std::uint32_t begins_ms) {
  return static_cast<std::uint32_t>(std::lround((time_ms - begins_ms) / media::kSoundWordMs));
}

/// They lie side by side, in the order of time.
Recording recording_around(const media::PrintTable& table, std::size_t row) {
  const Row item = table.owner(row).item;
  const auto belongs = [&](std::size_t at) {
    return table.owner(at).item == item && table.owner(at).part == Part::sound;
  };
  while (row > 0 && belongs(row - 1)) --row;
  Recording out;
  out.begins_ms = table.owner(row).time_ms;
  for (; row < table.size() && belongs(row); ++row)
    out.track.add(word_at(table.owner(row).time_ms, out.begins_ms), media::window_of(table.hash(row)));
  return out;
}

std::uint32_t time_of(std::uint32_t begins_ms, std::uint32_t word) {
  return begins_ms + static_cast<std::uint32_t>(std::lround(word * media::kSoundWordMs));
}

/// From the first word's beginning to the end of what the last window sees.
Stretch stretch_of(const SoundMatch& match, std::uint32_t question_begins_ms, std::uint32_t begins_ms) {
  const auto end = [](std::uint32_t begins, std::uint32_t window) {
    return time_of(begins, window + media::kWordsOfWindow - 1) + media::kSoundSeenMs;
  };
  return {time_of(question_begins_ms, match.question_from), end(question_begins_ms, match.question_to),
          time_of(begins_ms, match.other_from), end(begins_ms, match.other_to)};
}

Likeness likeness_from(View& view, Row item, const std::vector<SoundMatch>& matches,
                       std::uint32_t question_begins_ms, std::uint32_t begins_ms) {
  Likeness out;
  out.item = item;
  out.question_part = out.part = Part::sound;
  out.changes.push_back(Change::sound);
  SoundLikeness heard;
  std::uint32_t covered = 0;
  for (const SoundMatch& match : matches) {
    heard.stretches.push_back(stretch_of(match, question_begins_ms, begins_ms));
    heard.windows += match.windows;
    covered += heard.stretches.back().to_ms - heard.stretches.back().from_ms;
  }
  heard.distance = std::ranges::max(matches, {}, &SoundMatch::windows).distance;
  out.distance = static_cast<int>(std::lround(heard.distance));
  out.sound = std::move(heard);
  const std::uint32_t duration = schema::load_u32(view.reader().cell(schema::kFactDuration, item).data());
  constexpr std::uint32_t kEdgesMs = 4000;
  if (duration > covered + kEdgesMs) out.changes.push_back(Change::part_of_clip);
  std::ranges::sort(out.changes);
  return out;
}

}  // namespace

std::vector<Likeness> find_sounds(View& view, const media::Sound& question, const media::PrintTable& table,
                                  unsigned threads) {
  std::vector<Likeness> out;
  const SoundTrack track = media::track_of(question);
  const Asked asked = asked_from(track);
  if (asked.hashes.empty()) return out;
  std::map<Row, std::vector<media::PrintHit>> by_item;
  for (const media::PrintHit& hit : table.search(asked.hashes, media::kSoundLimit, threads))
    if (table.owner(hit.row).part == Part::sound) by_item[table.owner(hit.row).item].push_back(hit);
  for (const auto& [item, hits] : by_item) {
    const Recording other = recording_around(table, hits.front().row);
    std::vector<SoundSighting> sightings;
    for (const media::PrintHit& hit : hits)
      sightings.push_back(
          {asked.words[hit.question], word_at(table.owner(hit.row).time_ms, other.begins_ms)});
    const auto matches = media::match_sounds(track, other.track, sightings);
    if (!matches.empty())
      out.push_back(likeness_from(view, item, matches, question.begins_ms, other.begins_ms));
  }
  std::ranges::stable_sort(out, {}, &Likeness::distance);
  return out;
}

void add_sounds(std::vector<Likeness>& looks, std::vector<Likeness> sounds) {
  for (Likeness& one : sounds) {
    const auto known = std::ranges::find(looks, one.item, &Likeness::item);
    if (known == looks.end()) {
      looks.push_back(std::move(one));
      continue;
    }
    known->sound = std::move(one.sound);
    known->changes.push_back(Change::sound);
  }
}

}  // namespace dalil::archive
