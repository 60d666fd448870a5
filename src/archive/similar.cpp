#include "dalil/archive/similar.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "evidence_only.hpp"
#include "likeness.hpp"
#include "schema.hpp"
#include "sound_likeness.hpp"

namespace dalil::archive {

using namespace schema;
using media::Part;
using media::Pose;

namespace {

/// Candidates whose sketches are compared; what comes behind is further away than so many others.
constexpr std::size_t kMostCandidates = 400;

constexpr const char* kFingerprints = "fingerprints";

/// Every pose of what is asked as a whole; of parts, which are many, the likely ones.
std::span<const Pose> poses_of(Part part, bool flips) {
  static constexpr Pose kAll[] = {Pose::upright,    Pose::mirrored,  Pose::upside_down, Pose::turned_180,
                                  Pose::transposed, Pose::turned_90, Pose::turned_270,  Pose::transversed};
  const bool whole = part == Part::whole || part == Part::bordered;
  return std::span(kAll).first(!flips ? 1 : whole ? 8 : 2);
}

/// What is looked for, and which print in which pose each hash is.
struct Questions {
  std::vector<media::Pdq> hashes;
  std::vector<std::pair<std::size_t, Pose>> of;
};
Questions questions_from(const media::Fingerprints& question, bool flips, std::size_t most) {
  Questions out;
  for (std::size_t i = 0; i < question.prints.size(); ++i)
    for (const Pose pose : poses_of(question.prints[i].part, flips)) {
      if (out.hashes.size() == most) return out;
      out.hashes.push_back(media::posed(question.prints[i].hash, pose));
      out.of.emplace_back(i, pose);
    }
  return out;
}

bool has_frames(const media::Fingerprints& question) {
  return std::ranges::any_of(question.prints, [](const auto& print) { return print.part == Part::frame; });
}

/// One guess at what is asked for, and what was found near it.
struct Guess {
  Guess(const media::Fingerprints& looks, const SimilarOptions& options, std::span<const Guess> before)
      : question(&looks), limit(limit_for(looks, options)) {
    constexpr std::size_t kMost = 60'000;
    if (!before.empty()) first = before.back().first + before.back().asked.hashes.size();
    asked = questions_from(looks, options.flips, kMost - first);
  }
  static int limit_for(const media::Fingerprints& looks, const SimilarOptions& options) {
    return has_frames(looks) ? std::max(options.narrow, std::min(options.wide, kClipLimit))
                             : std::max(options.narrow, options.wide);
  }
  const media::Fingerprints* question;
  int limit;
  std::size_t first = 0;  ///< of its hashes among those of all guesses
  Questions asked;
  std::vector<media::PrintHit> hits;  ///< the nearest first; their questions are of this guess
};

/// All guesses' hashes in one pass over the table.
void search(std::span<Guess> guesses, const media::PrintTable& table, unsigned threads) {
  std::vector<media::Pdq> hashes;
  int limit = 0;
  for (const Guess& guess : guesses) {
    hashes.insert(hashes.end(), guess.asked.hashes.begin(), guess.asked.hashes.end());
    limit = std::max(limit, guess.limit);
  }
  for (media::PrintHit hit : table.search(hashes, limit, threads)) {
    const auto after = std::ranges::upper_bound(guesses, std::size_t{hit.question}, {}, &Guess::first);
    Guess& guess = *std::prev(after);
    if (hit.distance > guess.limit || table.owner(hit.row).part == Part::sound) continue;
    hit.question = static_cast<std::uint16_t>(hit.question - guess.first);
    guess.hits.push_back(hit);
  }
}

std::vector<Likeness> judge_all(View& view, const Guess& guess, const media::PrintTable& table,
                                const SimilarOptions& options) {
  std::map<Row, std::vector<media::PrintHit>> by_item;
  std::vector<Row> order;  // the nearest first
  for (const media::PrintHit& hit : guess.hits) {
    const Row item = table.owner(hit.row).item;
    auto [found, is_new] = by_item.try_emplace(item);
    if (is_new) order.push_back(item);
    found->second.push_back(hit);
  }
  if (order.size() > kMostCandidates) order.resize(kMostCandidates);
  std::vector<Likeness> out;
  for (const Row item : order) {
    const Candidate candidate{view, *guess.question, item, table, guess.asked.of, by_item[item], options};
    if (auto likeness = judge(candidate)) out.push_back(std::move(*likeness));
  }
  std::ranges::stable_sort(out, {}, &Likeness::distance);
  return out;
}

/// Reads blocks of all columns of the fingerprints that lie within [first, last).
class Loader {
 public:
  Loader(ledger::Reader& reader, media::PrintTable& table) : reader_(reader), table_(table) {}

  void load(std::uint32_t first_block, std::uint32_t last_block) {
    for (std::uint32_t block = first_block; block < last_block; ++block) {
      std::array<Bytes, 4> more;
      const ledger::Column* const columns[] = {&kPrintItem, &kPrintTime, &kPrintPart, &kPrintQuality};
      for (std::size_t i = 0; i < more.size(); ++i)
        reader_.scan(
            *columns[i],
            [&](Row, Row, ByteView values) {
              more[i].assign(values.begin(), values.end());
              return true;
            },
            block, block + 1);
      reader_.scan(
          kPrintHash,
          [&](Row first, Row count, ByteView hashes) {
            for (Row i = 0; i < count && first + i < table_.size(); ++i)
              table_.set(first + i, hashes.data() + std::size_t{i} * media::Pdq::kBytes, owner(more, i));
            return true;
          },
          block, block + 1);
    }
  }

 private:
  static media::PrintOwner owner(const std::array<Bytes, 4>& columns, Row i) {
    if (columns[0].size() < (std::size_t{i} + 1) * 4 || columns[1].size() < (std::size_t{i} + 1) * 4 ||
        columns[2].size() <= i || columns[3].size() <= i)
      throw Error(ErrorCode::corrupt, "the columns of fingerprints have different lengths",
                  "run 'dalil rebuild'");
    return {load_u32(columns[0].data() + std::size_t{i} * 4),
            load_u32(columns[1].data() + std::size_t{i} * 4), static_cast<Part>(columns[2][i]),
            columns[3][i]};
  }
  ledger::Reader& reader_;
  media::PrintTable& table_;
};

/// Runs `work(0)` to `work(threads - 1)`, the last one here. Throws what the first of them that failed threw.
void in_parallel(unsigned threads, const std::function<void(unsigned)>& work) {
  std::exception_ptr failure;
  std::mutex mutex;
  const auto guarded = [&](unsigned i) {
    try {
      work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(guarded, i);
  guarded(0);
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

const char* name_of(Change change) {
  constexpr const char* kNames[] = {"same",    "resized", "cropped", "shows more",       "borders", "posed",
                                    "altered", "rotated", "still",   "part of the clip", "sound",   "alike"};
  const auto which = static_cast<std::size_t>(change);
  return which < std::size(kNames) ? kNames[which] : "other";
}

std::optional<Seq> fingerprints_entry(View& view, Row item) {
  require_evidence(view, kFingerprints);
  const std::uint64_t seq = load_u64(view.reader().cell(kItemPrintsSeq, item).data());
  if (seq == 0) return std::nullopt;
  return seq - 1;
}

std::optional<media::Fingerprints> fingerprints_of(View& view, Row item) {
  const auto seq = fingerprints_entry(view, item);
  if (!seq) return std::nullopt;
  const ledger::Entry entry = view.reader().entry(*seq);
  if (entry.state != ledger::Entry::State::open) return std::nullopt;
  const records::Record record = parse_record(entry.content, *seq);
  if (!record.has_fingerprints_stated())
    throw Error(ErrorCode::corrupt, "an item's fingerprints are in no entry", "run 'dalil check'");
  const records::FingerprintsStated& stated = record.fingerprints_stated();
  media::Fingerprints found = media::decode_fingerprints(as_bytes(stated.fingerprints()));
  if (!stated.sound().empty()) found.sound = media::decode_sound(as_bytes(stated.sound()));
  return found;
}

media::MediaKind kind_of(View& view, Row item) {
  require_evidence(view, kFingerprints);
  return static_cast<media::MediaKind>(view.reader().cell(kFactKind, item)[0]);
}

Coverage coverage(View& view) {
  require_evidence(view, kFingerprints);
  Coverage out;
  std::vector<bool> picture(view.item_count());
  view.reader().scan(kFactKind, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i) {
      const auto kind = static_cast<media::MediaKind>(values[i]);
      picture[first + i] = kind == media::MediaKind::photo || kind == media::MediaKind::video ||
                           kind == media::MediaKind::audio;
      if (picture[first + i]) ++out.pictures;
    }
    return true;
  });
  view.reader().scan(kItemPrintsSeq, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      if (picture[first + i] && load_u64(values.data() + std::size_t{i} * 8) != 0) ++out.looked_at;
    return true;
  });
  return out;
}

Looks Looks::load(const Archive& archive, unsigned threads) {
  View first = archive.view();
  require_evidence(first, kFingerprints);
  const Row rows = first.reader().rows(kPrints);
  auto table = std::make_unique<media::PrintTable>(rows);
  const std::uint32_t blocks = (rows + kPrintHash.rows_per_block - 1) / kPrintHash.rows_per_block;
  threads = std::clamp<unsigned>(threads, 1, std::max(1U, blocks / 8));
  // Each thread its own view: what is appended meanwhile is beyond `rows`.
  in_parallel(threads, [&](unsigned i) {
    View view = archive.view();
    const auto from = static_cast<std::uint32_t>(std::uint64_t{blocks} * i / threads);
    const auto to = static_cast<std::uint32_t>(std::uint64_t{blocks} * (i + 1) / threads);
    Loader(view.reader(), *table).load(from, to);
  });
  return Looks(std::move(table));
}

std::vector<Likeness> Looks::find(View& view, const media::Fingerprints& question,
                                  const SimilarOptions& options) const {
  return find_any(view, std::span(&question, 1), options);
}

std::vector<Likeness> Looks::find_any(View& view, std::span<const media::Fingerprints> guesses,
                                      const SimilarOptions& options) const {
  require_evidence(view, kFingerprints);
  std::vector<Guess> asked;
  for (const media::Fingerprints& guess : guesses) asked.emplace_back(guess, options, asked);
  search(asked, *table_, options.threads);
  std::vector<Likeness> out;
  for (const Guess& guess : asked)
    for (Likeness& one : judge_all(view, guess, *table_, options)) {
      const auto known = std::ranges::find(out, one.item, &Likeness::item);
      if (known == out.end())
        out.push_back(std::move(one));
      else if (one.distance < known->distance)
        *known = std::move(one);
    }
  std::ranges::stable_sort(out, {}, &Likeness::distance);
  if (options.sound && !guesses.empty())
    add_sounds(out, find_sounds(view, guesses.front().sound, *table_, options.threads));
  return out;
}

}  // namespace dalil::archive
