#include "dalil/media/fingerprint_search.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "dalil/base/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dalil::media {
namespace {

/// Rows are padded to a multiple of what the widest method takes at a time.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kAlignment = 64;
/// Rows that one thread takes at a time.
constexpr std::size_t kPortion = 1 << 16;
/// Up to this limit the words that no mirror changes decide about nearly all rows; above, about hardly any.
constexpr int kNarrow = 44;

using Four = std::array<std::uint64_t, 4>;

/// The bits of a hash in another order: word 2 * (row % 2) + column % 2 has those of that parity, 64 each.
/// What mirrors a picture turns whole words of it, so that one count of each word's differing bits tells the
/// distances from the hash in four poses.
Four by_parity(const Four& words) {
  constexpr std::uint64_t kEvenColumns = 0x5555555555555555, kEvenRows = 0x0000FFFF0000FFFF;
  const auto columns = [](std::uint64_t a, std::uint64_t b, bool odd) {
    return odd ? (a >> 1 & kEvenColumns) | (b & ~kEvenColumns) : (a & kEvenColumns) | (b & kEvenColumns) << 1;
  };
  Four out{};
  for (const bool odd : {false, true}) {
    const std::uint64_t a = columns(words[0], words[1], odd), b = columns(words[2], words[3], odd);
    out[odd ? 1 : 0] = (a & kEvenRows) | (b & kEvenRows) << 16;
    out[odd ? 3 : 2] = (a >> 16 & kEvenRows) | (b & ~kEvenRows);
  }
  return out;
}

Four from_parity(const Four& words) {
  constexpr std::uint64_t kEvenColumns = 0x5555555555555555, kEvenRows = 0x0000FFFF0000FFFF;
  Four out{};
  for (const bool second : {false, true}) {
    const auto rows = [&](std::uint64_t even, std::uint64_t odd) {
      return second ? (even >> 16 & kEvenRows) | (odd & ~kEvenRows)
                    : (even & kEvenRows) | (odd & kEvenRows) << 16;
    };
    const std::uint64_t even = rows(words[0], words[2]), odd = rows(words[1], words[3]);
    out[second ? 2 : 0] = (even & kEvenColumns) | (odd & kEvenColumns) << 1;
    out[second ? 3 : 1] = (even >> 1 & kEvenColumns) | (odd & ~kEvenColumns);
  }
  return out;
}

/// Left and right, and top and bottom, and both change places: these words are turned.
constexpr bool kTurned[4][4] = {
    {false, false, false, false},
    {true, false, true, false},
    {true, true, false, false},
    {false, true, true, false},
};

/// Hashes that are one hash in up to four poses, by the pose.
struct Asked {
  Four words{};
  std::array<std::vector<std::uint16_t>, 4> questions;
};

/// Those in one pose or two that are each other's mirror, and those in others.
struct AskedByPoses {
  std::vector<Asked> two, four;
};

Four turned(Four words, std::size_t pose) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (kTurned[pose][i]) words[i] = ~words[i];
  return words;
}

AskedByPoses by_poses(std::span<const Pdq> questions) {
  struct Member {
    std::size_t pose;
    std::uint16_t question;
  };
  std::map<Four, std::vector<Member>> groups;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    // The pose in which the first bits of these two words are not set stands for all four.
    const Four words = by_parity(questions[q].words);
    const std::size_t pose = (words[2] & 1) | (words[1] & 1) << 1;
    groups[turned(words, pose)].push_back({pose, static_cast<std::uint16_t>(q)});
  }
  AskedByPoses out;
  for (const auto& [words, members] : groups) {
    const std::size_t first = members.front().pose;
    Asked asked;
    asked.words = turned(words, first);
    // Two poses, one after the other, are the pose whose number is both numbers' exclusive or.
    for (const Member& member : members) asked.questions[member.pose ^ first].push_back(member.question);
    const bool others = !asked.questions[2].empty() || !asked.questions[3].empty();
    (others ? out.four : out.two).push_back(std::move(asked));
  }
  return out;
}

/// What the kernels look at: the same rows of four arrays.
struct Words {
  const std::uint64_t* word[4];
};

/// Where the hits of one thread go.
class Finds {
 public:
  Finds(const PrintTable& table, int limit) : table_(table), limit_(limit) {}
  int limit() const { return limit_; }

  /// Of one row, how many bits differ in each word.
  void add(std::size_t row, const Four& counts, const Asked& asked) {
    if (row >= table_.size() || table_.owner(row).part == Part{}) return;
    for (std::size_t pose = 0; pose < 4; ++pose) {
      int distance = 0;
      for (std::size_t i = 0; i < 4; ++i)
        distance += static_cast<int>(kTurned[pose][i] ? 64 - counts[i] : counts[i]);
      if (distance > limit_) continue;
      for (const std::uint16_t question : asked.questions[pose])
        if (hits_.size() < PrintTable::kMostHits)
          hits_.push_back({static_cast<std::uint32_t>(row), question, static_cast<std::uint16_t>(distance)});
    }
  }
  const std::vector<PrintHit>& hits() const { return hits_; }

 private:
  const PrintTable& table_;
  int limit_;
  std::vector<PrintHit> hits_;
};

using Kernel = void (*)(const Words& words, std::size_t first, std::size_t last, const AskedByPoses& asked,
                        Finds& finds);

[[gnu::always_inline]] inline void scan_rows(const Words& words, std::size_t first, std::size_t last,
                                             const AskedByPoses& asked, Finds& finds) {
  const auto limit = static_cast<std::uint64_t>(finds.limit());
  for (std::size_t row = first; row < last; ++row) {
    const auto count = [&](const Asked& one, std::size_t i) __attribute__((always_inline)) {
      return static_cast<std::uint64_t>(std::popcount(words.word[i][row] ^ one.words[i]));
    };
    for (const Asked& one : asked.two) {
      const std::uint64_t kept = count(one, 1) + count(one, 3);
      if (kept > limit) continue;
      const std::uint64_t changed = count(one, 0) + count(one, 2);
      if (kept + std::min(changed, 128 - changed) <= limit)
        finds.add(row, {count(one, 0), count(one, 1), count(one, 2), count(one, 3)}, one);
    }
    for (const Asked& one : asked.four) {
      const std::uint64_t c1 = count(one, 1), c3 = count(one, 3);
      // What the other two words can take away from it: nothing.
      if (c3 + std::min(c1, 64 - c1) > limit) continue;
      const std::uint64_t c0 = count(one, 0), c2 = count(one, 2);
      const std::uint64_t changed = c0 + c2, other = 128 - (std::max(c0, c2) - std::min(c0, c2));
      const std::uint64_t least = std::min(c1 + std::min(changed, 128 - changed), other - c1);
      if (c3 + least <= limit) finds.add(row, {c0, c1, c2, c3}, one);
    }
  }
}

void scan_plainly(const Words& words, std::size_t first, std::size_t last, const AskedByPoses& asked,
                  Finds& finds) {
  scan_rows(words, first, last, asked, finds);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) void scan_with_popcnt(const Words& words, std::size_t first,
                                                        std::size_t last, const AskedByPoses& asked,
                                                        Finds& finds) {
  scan_rows(words, first, last, asked, finds);
}

// GCC's own headers begin with undefined registers on purpose (its bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define DALIL_AVX512 [[gnu::target("avx512f,avx512vpopcntdq")]]

/// Eight rows at once.
struct Eight {
  __m512i word[4];
};

DALIL_AVX512 [[gnu::always_inline]] inline __m512i differing(__m512i word, std::uint64_t asked) {
  return _mm512_popcnt_epi64(_mm512_xor_si512(word, _mm512_set1_epi64(static_cast<long long>(asked))));
}

DALIL_AVX512 [[gnu::noinline]] void add_lanes(Finds& finds, std::size_t row, unsigned lanes,
                                              const Eight& counts, const Asked& asked) {
  alignas(kAlignment) std::uint64_t each[4][kLanes];
  for (std::size_t i = 0; i < 4; ++i) _mm512_store_si512(each[i], counts.word[i]);
  for (; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(lanes));
    finds.add(row + lane, {each[0][lane], each[1][lane], each[2][lane], each[3][lane]}, asked);
  }
}

/// `first` and `last` are multiples of eight. If `narrow`, the other half is looked at only where the words
/// that a mirror keeps allow for a hit.
template <bool narrow>
DALIL_AVX512 void scan_with_avx512(const Words& words, std::size_t first, std::size_t last,
                                   const AskedByPoses& asked, Finds& finds) {
  const __m512i limit = _mm512_set1_epi64(finds.limit()), all = _mm512_set1_epi64(128);
  for (std::size_t row = first; row < last; row += kLanes) {
    const __m512i w1 = _mm512_load_si512(words.word[1] + row), w3 = _mm512_load_si512(words.word[3] + row);
    __m512i w0{}, w2{};
    if constexpr (!narrow)
      w0 = _mm512_load_si512(words.word[0] + row), w2 = _mm512_load_si512(words.word[2] + row);
    for (const Asked& one : asked.two) {
      const __m512i c1 = differing(w1, one.words[1]), c3 = differing(w3, one.words[3]);
      const __m512i kept = _mm512_add_epi64(c1, c3);
      if constexpr (narrow) {
        if (_mm512_cmple_epi64_mask(kept, limit) == 0) continue;
        w0 = _mm512_load_si512(words.word[0] + row), w2 = _mm512_load_si512(words.word[2] + row);
      }
      const __m512i c0 = differing(w0, one.words[0]), c2 = differing(w2, one.words[2]);
      const __m512i changed = _mm512_add_epi64(c0, c2);
      const __m512i least = _mm512_min_epu64(changed, _mm512_sub_epi64(all, changed));
      const unsigned found = _mm512_cmple_epi64_mask(_mm512_add_epi64(kept, least), limit);
      if (found != 0) [[unlikely]]
        add_lanes(finds, row, found, {{c0, c1, c2, c3}}, one);
    }
    for (const Asked& one : asked.four) {
      const __m512i c1 = differing(w1, one.words[1]), c3 = differing(w3, one.words[3]);
      if constexpr (narrow) {
        const __m512i half = _mm512_set1_epi64(64);
        const __m512i least = _mm512_add_epi64(c3, _mm512_min_epu64(c1, _mm512_sub_epi64(half, c1)));
        if (_mm512_cmple_epi64_mask(least, limit) == 0) continue;
        w0 = _mm512_load_si512(words.word[0] + row), w2 = _mm512_load_si512(words.word[2] + row);
      }
      const __m512i c0 = differing(w0, one.words[0]), c2 = differing(w2, one.words[2]);
      const __m512i changed = _mm512_add_epi64(c0, c2), other = _mm512_sub_epi64(c0, c2);
      const __m512i mirrored = _mm512_min_epu64(changed, _mm512_sub_epi64(all, changed));
      const __m512i flipped = _mm512_sub_epi64(all, _mm512_abs_epi64(other));
      const __m512i least = _mm512_min_epu64(_mm512_add_epi64(c1, mirrored), _mm512_sub_epi64(flipped, c1));
      const unsigned found = _mm512_cmple_epi64_mask(_mm512_add_epi64(c3, least), limit);
      if (found != 0) [[unlikely]]
        add_lanes(finds, row, found, {{c0, c1, c2, c3}}, one);
    }
  }
}

DALIL_AVX512 void scan_with_avx512(const Words& words, std::size_t first, std::size_t last,
                                   const AskedByPoses& asked, Finds& finds) {
  if (finds.limit() <= kNarrow) return scan_with_avx512<true>(words, first, last, asked, finds);
  scan_with_avx512<false>(words, first, last, asked, finds);
}

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#endif

struct MethodRow {
  PrintMethod method;
  const char* name;
  Kernel kernel;
};
constexpr MethodRow kMethods[] = {
    {PrintMethod::plain, "plain", scan_plainly},
#if defined(__x86_64__)
    {PrintMethod::popcnt, "popcnt", scan_with_popcnt},
    {PrintMethod::avx512, "avx512", scan_with_avx512},
#endif
};

bool is_possible(PrintMethod method) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (method == PrintMethod::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq");
  if (method == PrintMethod::popcnt) return __builtin_cpu_supports("popcnt");
#endif
  return method == PrintMethod::plain;
}

const MethodRow& row_of(PrintMethod method) {
  for (const MethodRow& row : kMethods)
    if (row.method == method && is_possible(method)) return row;
  throw Error(ErrorCode::invalid, "this processor cannot search so");
}

}  // namespace

void PrintTable::FreeWords::operator()(std::uint64_t* words) const {
  std::free(words);
}

PrintTable::PrintTable(std::size_t rows) : owners_(rows), padded_((rows + kLanes - 1) / kLanes * kLanes) {
  const std::size_t bytes = std::max(padded_, kLanes) * 4 * sizeof(std::uint64_t);
  words_.reset(static_cast<std::uint64_t*>(std::aligned_alloc(kAlignment, bytes)));
  if (!words_) throw std::bad_alloc();
  for (std::size_t word = 0; word < 4; ++word)
    std::fill(words_.get() + word * padded_ + rows, words_.get() + (word + 1) * padded_, 0);
}

void PrintTable::set(std::size_t row, const Pdq& hash, const PrintOwner& owner) {
  const Four words = by_parity(hash.words);
  for (std::size_t i = 0; i < 4; ++i) words_[i * padded_ + row] = words[i];
  owners_[row] = owner;
}

void PrintTable::set(std::size_t row, const std::uint8_t* hash, const PrintOwner& owner) {
  Pdq from;
  for (std::size_t i = 0; i < 4; ++i) from.words[3 - i] = load_u64(hash + 8 * i);
  set(row, from, owner);
}

Pdq PrintTable::hash(std::size_t row) const {
  Four words{};
  for (std::size_t i = 0; i < 4; ++i) words[i] = words_[i * padded_ + row];
  return {from_parity(words)};
}

std::vector<PrintMethod> PrintTable::methods() {
  std::vector<PrintMethod> out;
  for (const MethodRow& row : kMethods)
    if (is_possible(row.method)) out.push_back(row.method);
  return out;
}

const char* PrintTable::name_of(PrintMethod method) {
  return row_of(method).name;
}

std::vector<PrintHit> PrintTable::search(std::span<const Pdq> questions, int limit, unsigned threads) const {
  static const PrintMethod best = methods().back();
  return search(questions, limit, threads, best);
}

std::vector<PrintHit> PrintTable::search(std::span<const Pdq> questions, int limit, unsigned threads,
                                         PrintMethod method) const {
  const Kernel kernel = row_of(method).kernel;
  if (questions.size() > kMostQuestions) throw Error(ErrorCode::invalid, "too many hashes in one question");
  const AskedByPoses asked = by_poses(questions);
  const Words words{
      {words_.get(), words_.get() + padded_, words_.get() + 2 * padded_, words_.get() + 3 * padded_}};
  std::vector<PrintHit> hits;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    Finds finds(*this, limit);
    while (true) {
      const std::size_t first = next.fetch_add(kPortion);
      if (first >= padded_) break;
      kernel(words, first, std::min(first + kPortion, padded_), asked, finds);
    }
    const std::lock_guard lock(mutex);
    hits.insert(hits.end(), finds.hits().begin(), finds.hits().end());
  };
  const std::size_t portions = (padded_ + kPortion - 1) / kPortion;
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(threads, portions); ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  std::sort(hits.begin(), hits.end(), [](const PrintHit& a, const PrintHit& b) {
    return a.distance != b.distance ? a.distance < b.distance
           : a.row != b.row         ? a.row < b.row
                                    : a.question < b.question;
  });
  if (hits.size() > kMostHits) hits.resize(kMostHits);
  return hits;
}

}  // namespace dalil::media
