#include "likeness.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "dalil/base/error.hpp"
#include "schema.hpp"

namespace dalil::archive {

using media::Fingerprint;
using media::Part;
using media::Pose;
using media::PrintHit;
using media::PrintOwner;

namespace {

/// A hash of less tells too little to stand alone.
constexpr std::uint8_t kEnoughQuality = 50;
/// Of one item: the nearest hits that are tried before it is given up.
constexpr std::size_t kMostTries = 3;
/// Pairs of frames that have to agree on when, if none of them is near enough alone.
constexpr std::size_t kLeastFrames = 3;
/// How far the times of two samplings of one clip may be apart.
constexpr std::int64_t kSamplingMs = 600;
/// What is shown as one stretch though not every second of it was found again.
constexpr std::uint32_t kGapMs = 5000;

const Fingerprint& print_of(const Candidate& candidate, const PrintHit& hit) {
  return candidate.question.prints[candidate.of[hit.question].first];
}

bool stands_alone(const Candidate& candidate, const PrintHit& hit) {
  return hit.distance <= candidate.options.narrow && print_of(candidate, hit).quality >= kEnoughQuality &&
         candidate.table.owner(hit.row).quality >= kEnoughQuality;
}

Likeness likeness_from(const Candidate& candidate, const PrintHit& hit) {
  Likeness out;
  out.item = candidate.item;
  out.distance = hit.distance;
  out.pose = candidate.of[hit.question].second;
  out.question_part = print_of(candidate, hit).part;
  out.part = candidate.table.owner(hit.row).part;
  return out;
}

/// Pictures by their sketches, or, where one has none, by hashes that leave no doubt.
std::optional<Likeness> judge_pictures(const Candidate& candidate, const std::vector<PrintHit>& hits) {
  const auto other = fingerprints_of(candidate.view, candidate.item);
  if (!other) return std::nullopt;
  std::set<std::pair<Pose, long>> tried;
  for (const PrintHit& hit : hits) {
    Likeness out = likeness_from(candidate, hit);
    const double share = media::share_of(out.question_part), others = media::share_of(out.part);
    if (!tried.emplace(out.pose, std::lround(20 * others / share)).second) continue;
    out.alignment = media::align(candidate.question.sketch, other->sketch, out.pose, share, others);
    const bool same =
        out.alignment ? media::convincing(*out.alignment, hit.distance) : stands_alone(candidate, hit);
    if (same) {
      out.changes = changes_between(candidate.question, *other, out.pose, out.alignment, out.distance);
      return out;
    }
    if (tried.size() == kMostTries) break;
  }
  return std::nullopt;
}

/// One pair of frames, or of a picture and a frame.
struct Sighting {
  PrintHit hit;
  std::uint32_t question_ms, ms;
};

/// Sightings in one pose that agree on how the times of both belong together; the largest such set.
std::vector<Sighting> agreeing(const Candidate& candidate, const std::vector<PrintHit>& hits) {
  std::map<std::pair<Pose, std::int64_t>, std::vector<Sighting>> bins;
  for (const PrintHit& hit : hits) {
    const Sighting one{hit, print_of(candidate, hit).time_ms, candidate.table.owner(hit.row).time_ms};
    const std::int64_t shift = std::int64_t{one.ms} - one.question_ms;
    const auto bin = static_cast<std::int64_t>(std::floor(static_cast<double>(shift) / kSamplingMs));
    for (const std::int64_t near : {bin, bin + 1})
      bins[{candidate.of[hit.question].second, near}].push_back(one);
  }
  const auto count_of = [](const std::vector<Sighting>& bin) {
    std::set<std::uint32_t> moments;
    for (const Sighting& one : bin) moments.insert(one.ms);
    return moments.size();
  };
  const auto best = std::ranges::max_element(bins, {}, [&](const auto& bin) { return count_of(bin.second); });
  return best == bins.end() ? std::vector<Sighting>{} : best->second;
}

/// Times of the other in order, joined where gaps are short.
std::vector<Stretch> stretches_of(std::vector<Sighting> sightings) {
  std::ranges::sort(sightings, {}, &Sighting::ms);
  std::vector<Stretch> out;
  for (const Sighting& one : sightings) {
    if (out.empty() || one.ms > out.back().to_ms + kGapMs) {
      out.push_back({one.question_ms, one.question_ms, one.ms, one.ms});
      continue;
    }
    Stretch& last = out.back();
    last.to_ms = one.ms;
    last.question_from_ms = std::min(last.question_from_ms, one.question_ms);
    last.question_to_ms = std::max(last.question_to_ms, one.question_ms);
  }
  return out;
}

std::size_t moments_of(const std::vector<Sighting>& sightings) {
  std::set<std::uint32_t> moments;
  for (const Sighting& one : sightings) moments.insert(one.ms);
  return moments.size();
}

void note_changes(const Candidate& candidate, Likeness& out, bool still) {
  if (out.pose != Pose::upright) out.changes.push_back(Change::posed);
  if (still) {
    out.changes.push_back(Change::still);
    return;
  }
  const std::uint32_t duration =
      schema::load_u32(candidate.view.reader().cell(schema::kFactDuration, candidate.item).data());
  std::uint32_t covered = 0;
  for (const Stretch& stretch : out.stretches) covered += stretch.to_ms - stretch.from_ms;
  constexpr std::uint32_t kEdgesMs = 4000;
  if (duration > covered + kEdgesMs) out.changes.push_back(Change::part_of_clip);
  if (out.changes.empty()) out.changes.push_back(out.distance > kSameLimit ? Change::alike : Change::none);
}

/// One hash that leaves no doubt, or several that agree on the time.
std::optional<Likeness> judge_frames(const Candidate& candidate, const std::vector<PrintHit>& hits,
                                     bool still) {
  std::vector<Sighting> sightings;
  if (still) {
    for (const PrintHit& hit : hits)
      if (stands_alone(candidate, hit))
        sightings.push_back({hit, print_of(candidate, hit).time_ms, candidate.table.owner(hit.row).time_ms});
  } else {
    sightings = agreeing(candidate, hits);
  }
  if (sightings.empty()) return std::nullopt;
  const auto nearest =
      std::ranges::min_element(sightings, {}, [](const Sighting& one) { return one.hit.distance; });
  const std::size_t moments = moments_of(sightings);
  if (!stands_alone(candidate, nearest->hit) && moments < kLeastFrames) return std::nullopt;
  Likeness out = likeness_from(candidate, nearest->hit);
  out.frames = moments;
  out.stretches = stretches_of(sightings);
  note_changes(candidate, out, still);
  return out;
}

}  // namespace

std::vector<Change> changes_between(const media::Fingerprints& question, const media::Fingerprints& other,
                                    Pose pose, const std::optional<media::Alignment>& alignment,
                                    int distance) {
  // Of what was compressed anew, made smaller or brighter no point of the sketches is off; one may be.
  constexpr double kSameShare = 0.035, kNoticed = 0.0025, kDegrees = 1.0;
  std::vector<Change> out;
  const bool wider = alignment && std::min(alignment->across, alignment->down) < 1 - kSameShare;
  const bool cropped = alignment && std::max(alignment->across, alignment->down) > 1 + kSameShare;
  const auto sides = std::minmax(question.width, question.height),
             others = std::minmax(other.width, other.height);
  if (!cropped && !wider && question.borders == other.borders && sides != others)
    out.push_back(Change::resized);
  if (cropped) out.push_back(Change::cropped);
  if (wider) out.push_back(Change::wider);
  if (question.borders != other.borders) out.push_back(Change::bordered);
  if (pose != Pose::upright) out.push_back(Change::posed);
  if (alignment && alignment->altered > kNoticed) out.push_back(Change::altered);
  if (alignment && std::abs(alignment->degrees) >= kDegrees) out.push_back(Change::rotated);
  if (out.empty()) out.push_back(distance > kSameLimit ? Change::alike : Change::none);
  return out;
}

std::optional<Likeness> judge(const Candidate& candidate) {
  std::vector<PrintHit> pictures, frames, stills;
  for (const PrintHit& hit : candidate.hits) {
    const bool asked_frame = print_of(candidate, hit).part == Part::frame;
    const bool frame = candidate.table.owner(hit.row).part == Part::frame;
    (asked_frame && frame ? frames : asked_frame || frame ? stills : pictures).push_back(hit);
  }
  std::optional<Likeness> best;
  const auto consider = [&](std::optional<Likeness> one) {
    if (one && (!best || one->distance < best->distance)) best = std::move(one);
  };
  if (!pictures.empty()) consider(judge_pictures(candidate, pictures));
  if (!frames.empty()) consider(judge_frames(candidate, frames, false));
  if (!best && !stills.empty()) consider(judge_frames(candidate, stills, true));
  return best;
}

}  // namespace dalil::archive
