#include "sha256_pair.hpp"

#include "dalil/crypto/hash.hpp"
#include "sha256_core.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include <algorithm>

namespace dalil::crypto {

#if defined(__x86_64__)

namespace {

#define DALIL_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// One stream: the state as the instructions want it (ABEF, CDGH) and the last sixteen words of the schedule.
struct Stream {
  __m128i abef, cdgh;
  __m128i w[4];
};

DALIL_SHA_TARGET void load_state(Stream& s, const std::uint32_t* state) {
  const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
  const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  s.abef = _mm_alignr_epi8(cdab, efgh, 8);
  s.cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
}

DALIL_SHA_TARGET void store_state(const Stream& s, std::uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

DALIL_SHA_TARGET void load_block(Stream& s, const std::uint8_t* block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  for (int i = 0; i < 4; ++i)
    s.w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i), big_endian);
}

/// Rounds 4 * group to 4 * group + 3; from group 4 on, the schedule's next four words first.
template <int kGroup>
DALIL_SHA_TARGET void four_rounds(Stream& s) {
  constexpr int kNow = kGroup % 4, kNext = (kGroup + 1) % 4, kAfter = (kGroup + 2) % 4,
                kLast = (kGroup + 3) % 4;
  if constexpr (kGroup >= 4) {
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(s.w[kNow], s.w[kNext]),
                                      _mm_alignr_epi8(s.w[kLast], s.w[kAfter], 4));
    s.w[kNow] = _mm_sha256msg2_epu32(sum, s.w[kLast]);
  }
  const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants) + kGroup);
  const __m128i words = _mm_add_epi32(s.w[kNow], constants);
  s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, words);
  s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(words, 0x0E));
}

template <int kGroup = 0>
DALIL_SHA_TARGET void all_rounds(Stream& a, Stream& b) {
  four_rounds<kGroup>(a);
  four_rounds<kGroup>(b);
  if constexpr (kGroup < 15) all_rounds<kGroup + 1>(a, b);
}

}  // namespace

__attribute__((target("sha,sse4.1,ssse3"))) void Sha256Pair::compress(std::uint32_t* state_a,
                                                                      const std::uint8_t* a,
                                                                      std::uint32_t* state_b,
                                                                      const std::uint8_t* b,
                                                                      std::size_t blocks) {
  Stream first, second;
  load_state(first, state_a);
  load_state(second, state_b);
  for (; blocks > 0; --blocks, a += 64, b += 64) {
    const Stream before_first = first, before_second = second;
    load_block(first, a);
    load_block(second, b);
    all_rounds(first, second);
    first.abef = _mm_add_epi32(first.abef, before_first.abef);
    first.cdgh = _mm_add_epi32(first.cdgh, before_first.cdgh);
    second.abef = _mm_add_epi32(second.abef, before_second.abef);
    second.cdgh = _mm_add_epi32(second.cdgh, before_second.cdgh);
  }
  store_state(first, state_a);
  store_state(second, state_b);
}

#else

void Sha256Pair::compress(std::uint32_t*, const std::uint8_t*, std::uint32_t*, const std::uint8_t*,
                          std::size_t) {}

#endif

namespace {

constexpr std::size_t kBlock = 64;

/// A message on its way through one of the two streams.
struct Lane {
  Sha256Core core;
  ByteView rest;
  Digest* target = nullptr;

  bool busy() const { return target != nullptr; }
  void start(ByteView message, Digest* digest) {
    core.restart();
    rest = message;
    target = digest;
  }
  std::size_t blocks() const { return rest.size() / kBlock; }
  /// The last bytes, or all that is left when the other lane has run dry.
  void finish() {
    core.update(rest);
    *target = core.finish();
    target = nullptr;
  }
};

bool known_answers_are_right() {
  Bytes a(6400), b(3000);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<std::uint8_t>(i * 13 + 5);
  const ByteView messages[] = {a, b, ByteView(a).first(129)};
  Digest digests[3];
  Digest* const targets[] = {&digests[0], &digests[1], &digests[2]};
  Sha256Pair::hash(messages, targets);
  for (int i = 0; i < 3; ++i)
    if (digests[i] != sha256(messages[i])) return false;
  return true;
}

#if defined(__x86_64__)
/// CPUID leaf 7, EBX bit 29 (Intel SDM volume 2, CPUID).
bool has_sha_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b >> 29 & 1) != 0;
}
#endif

bool check_processor() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("sse4.1") != 0 && __builtin_cpu_supports("ssse3") != 0 &&
         has_sha_instructions() && known_answers_are_right();
#else
  return false;
#endif
}

}  // namespace

bool Sha256Pair::available() {
  static const bool result = check_processor();
  return result;
}

void Sha256Pair::hash(std::span<const ByteView> messages, std::span<Digest* const> digests) {
  Lane a, b;
  std::size_t next = 0;
  while (true) {
    for (Lane* lane : {&a, &b})
      if (!lane->busy() && next < messages.size()) {
        lane->start(messages[next], digests[next]);
        ++next;
      }
    if (!a.busy() || !b.busy()) break;
    const std::size_t blocks = std::min(a.blocks(), b.blocks());
    compress(a.core.words(), a.rest.data(), b.core.words(), b.rest.data(), blocks);
    for (Lane* lane : {&a, &b}) {
      lane->core.count_blocks(blocks);
      lane->rest = lane->rest.subspan(blocks * kBlock);
      if (lane->blocks() == 0) lane->finish();
    }
  }
  for (Lane* lane : {&a, &b})
    if (lane->busy()) lane->finish();
}

}  // namespace dalil::crypto
