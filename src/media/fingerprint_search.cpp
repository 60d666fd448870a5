#include "dalil/media/fingerprint_search.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dalil::media {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kAlignment = 64;
/// Rows that one thread takes at a time.
constexpr std::size_t kPortion = 1 << 16;

/// What the kernels look at: the same rows of four arrays.
struct Words {
  const std::uint64_t* word[4];
};

/// Half of the bits decide about most rows. What differs in at most `limit` bits differs in no more than that
/// in the first half; and of a wide limit, next to never in more than this: the first half are the coarser
/// structures.
int limit_of_half(int limit) {
  return std::min(limit, limit / 2 + 14);
}

using Visit = void (*)(void* context, std::size_t row, std::size_t question, int distance);
using Kernel = void (*)(const Words& words, std::size_t first, std::size_t last,
                        std::span<const Pdq> questions, int limit, Visit visit, void* context);

void scan_plainly(const Words& words, std::size_t first, std::size_t last, std::span<const Pdq> questions,
                  int limit, Visit visit, void* context) {
  const int half = limit_of_half(limit);
  const auto differing = [&](std::size_t row, const Pdq& asked, std::size_t i) {
    return std::popcount(words.word[i][row] ^ asked.words[i]);
  };
  for (std::size_t row = first; row < last; ++row)
    for (std::size_t q = 0; q < questions.size(); ++q) {
      int sum = differing(row, questions[q], 0) + differing(row, questions[q], 1);
      if (sum > half) continue;
      sum += differing(row, questions[q], 2) + differing(row, questions[q], 3);
      if (sum <= limit) visit(context, row, q, sum);
    }
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) void scan_with_popcnt(const Words& words, std::size_t first,
                                                        std::size_t last, std::span<const Pdq> questions,
                                                        int limit, Visit visit, void* context) {
  const int half = limit_of_half(limit);
  for (std::size_t row = first; row < last; ++row) {
    const std::uint64_t w0 = words.word[0][row], w1 = words.word[1][row];
    for (std::size_t q = 0; q < questions.size(); ++q) {
      const auto& asked = questions[q].words;
      auto sum = static_cast<int>(_mm_popcnt_u64(w0 ^ asked[0]) + _mm_popcnt_u64(w1 ^ asked[1]));
      if (sum > half) continue;
      sum += static_cast<int>(_mm_popcnt_u64(words.word[2][row] ^ asked[2]) +
                              _mm_popcnt_u64(words.word[3][row] ^ asked[3]));
      if (sum <= limit) visit(context, row, q, sum);
    }
  }
}

/// Eight rows at once; `first` and `last` are multiples of eight.
__attribute__((target("avx512f,avx512vpopcntdq"))) void scan_with_avx512(const Words& words,
                                                                         std::size_t first, std::size_t last,
                                                                         std::span<const Pdq> questions,
                                                                         int limit, Visit visit,
                                                                         void* context) {
  const __m512i half = _mm512_set1_epi64(limit_of_half(limit)), whole = _mm512_set1_epi64(limit);
  for (std::size_t row = first; row < last; row += kLanes) {
    const __m512i w0 = _mm512_load_si512(words.word[0] + row), w1 = _mm512_load_si512(words.word[1] + row);
    for (std::size_t q = 0; q < questions.size(); ++q) {
      const auto& asked = questions[q].words;
      const auto differing = [&](__m512i w, std::size_t i)
          __attribute__((target("avx512f,avx512vpopcntdq"))) {
        return _mm512_popcnt_epi64(_mm512_xor_si512(w, _mm512_set1_epi64(static_cast<long long>(asked[i]))));
      };
      const __m512i coarse = _mm512_add_epi64(differing(w0, 0), differing(w1, 1));
      if (_mm512_cmple_epi64_mask(coarse, half) == 0) continue;
      const __m512i w2 = _mm512_load_si512(words.word[2] + row), w3 = _mm512_load_si512(words.word[3] + row);
      const __m512i sum = _mm512_add_epi64(coarse, _mm512_add_epi64(differing(w2, 2), differing(w3, 3)));
      unsigned found = static_cast<unsigned>(_mm512_cmple_epi64_mask(sum, whole)) &
                       static_cast<unsigned>(_mm512_cmple_epi64_mask(coarse, half));
      if (found == 0) continue;
      alignas(kAlignment) std::uint64_t sums[kLanes];
      _mm512_store_si512(sums, sum);
      for (; found != 0; found &= found - 1) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(found));
        visit(context, row + lane, q, static_cast<int>(sums[lane]));
      }
    }
  }
}
#endif

struct Method {
  const char* name;
  Kernel kernel;
};

Method choose_method() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq"))
    return {"avx512", scan_with_avx512};
  if (__builtin_cpu_supports("popcnt")) return {"popcnt", scan_with_popcnt};
#endif
  return {"plain", scan_plainly};
}

const Method& chosen_method() {
  static const Method method = choose_method();
  return method;
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
  for (std::size_t i = 0; i < 4; ++i) words_[i * padded_ + row] = hash.words[i];
  owners_[row] = owner;
}

void PrintTable::set(std::size_t row, const std::uint8_t* hash, const PrintOwner& owner) {
  for (std::size_t i = 0; i < 4; ++i) words_[(3 - i) * padded_ + row] = load_u64(hash + 8 * i);
  owners_[row] = owner;
}

Pdq PrintTable::hash(std::size_t row) const {
  Pdq hash;
  for (std::size_t i = 0; i < 4; ++i) hash.words[i] = words_[i * padded_ + row];
  return hash;
}

const char* PrintTable::method() {
  return chosen_method().name;
}

std::vector<PrintHit> PrintTable::search(std::span<const Pdq> questions, int limit, unsigned threads) const {
  const Words words{
      {words_.get(), words_.get() + padded_, words_.get() + 2 * padded_, words_.get() + 3 * padded_}};
  std::vector<PrintHit> hits;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    struct Own {
      const PrintTable& table;
      std::vector<PrintHit> hits;
    } own{*this, {}};
    const Visit visit = [](void* context, std::size_t row, std::size_t question, int distance) {
      Own& mine = *static_cast<Own*>(context);
      if (row >= mine.table.size() || mine.table.owner(row).part == Part{} || mine.hits.size() >= kMostHits)
        return;
      mine.hits.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint16_t>(question),
                           static_cast<std::uint16_t>(distance)});
    };
    while (true) {
      const std::size_t first = next.fetch_add(kPortion);
      if (first >= padded_) break;
      chosen_method().kernel(words, first, std::min(first + kPortion, padded_), questions, limit, visit,
                             &own);
    }
    const std::lock_guard lock(mutex);
    hits.insert(hits.end(), own.hits.begin(), own.hits.end());
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
