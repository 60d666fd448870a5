#include "hash_lanes.hpp"

#include "ipsec_mb.hpp"

#ifdef DALIL_HAVE_IPSEC_MB

#include <vector>

#include "dalil/crypto/hash.hpp"

namespace dalil::crypto {
namespace {

struct Profile {
  LaneKind kind;
  const char* name;
  std::uint64_t needs;  ///< IMB_FEATURE_*
  std::uint64_t flags;  ///< for alloc_mb_mgr
  void (*init)(IMB_MGR*);
  unsigned lanes;
  double step_cost;
};

// In order of preference. Where there are SHA instructions, two interleaved streams are as fast as sixteen
// AVX-512 lanes (1,200 ns for 4 KiB, OpenSSL 2,330), and never run half empty. The library's SSE table has
// them.
constexpr std::uint64_t kAvx2 = IMB_FEATURE_AVX2 | IMB_FEATURE_BMI2;
constexpr Profile kProfiles[] = {
    {LaneKind::sha_ni_x2, "ipsec-mb sha-ni x2", IMB_CPUFLAGS_SSE_T2, 0, init_mb_mgr_sse, 2, 1.04},
    {LaneKind::avx512_x16, "ipsec-mb avx512x16", IMB_CPUFLAGS_AVX512, IMB_FLAG_SHANI_OFF, init_mb_mgr_avx512,
     16, 2.4},
    {LaneKind::avx2_x8, "ipsec-mb avx2x8", IMB_CPUFLAGS_SSE | kAvx2, IMB_FLAG_SHANI_OFF, init_mb_mgr_avx2, 8,
     3.7},
};

Manager make_lane_manager(const Profile& profile) {
  Manager manager(alloc_mb_mgr(profile.flags));
  if (!manager || (manager->features & profile.needs) != profile.needs) return nullptr;
  profile.init(manager.get());
  return imb_get_errno(manager.get()) == 0 ? std::move(manager) : nullptr;
}

class IpsecMbLanes final : public HashLanes {
 public:
  IpsecMbLanes(const Profile& profile, Manager manager) : profile_(profile), manager_(std::move(manager)) {}

  bool hash(std::span<const ByteView> messages, std::span<Digest* const> digests) override {
    std::size_t completed = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) completed += submit(messages[i], *digests[i]);
    // The lanes keep pointers to the messages: nothing may stay behind.
    while (const IMB_JOB* job = IMB_FLUSH_JOB(manager_.get()))
      completed += job->status == IMB_STATUS_COMPLETED;
    return completed == messages.size();
  }

  const char* name() const override { return profile_.name; }
  unsigned lanes() const override { return profile_.lanes; }
  double step_cost() const override { return profile_.step_cost; }

 private:
  /// Number of jobs that this one's arrival completed: 0 or 1.
  std::size_t submit(ByteView message, Digest& digest) {
    IMB_JOB* const job = IMB_GET_NEXT_JOB(manager_.get());
    job->cipher_mode = IMB_CIPHER_NULL;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->hash_alg = IMB_AUTH_SHA_256;
    job->src = message.data();
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bytes = message.size();
    job->auth_tag_output = digest.bytes.data();
    job->auth_tag_output_len_in_bytes = Digest::kSize;
    const IMB_JOB* const done = IMB_SUBMIT_JOB_NOCHECK(manager_.get());
    return done != nullptr && done->status == IMB_STATUS_COMPLETED ? 1 : 0;
  }

  const Profile& profile_;
  Manager manager_;
};

/// More messages than lanes, of lengths around the block size and the limits, against OpenSSL.
bool agrees_with_openssl(HashLanes& lanes) {
  constexpr std::size_t kSizes[] = {
      HashLanes::kLargestMessage, 192, 247, 248, 255, 256, 319, 1000, 4096, 4159, 9001};
  Bytes content(HashLanes::kLargestMessage + 64);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * 31 + (i >> 7));
  std::vector<ByteView> messages;
  for (std::size_t i = 0; i < 33; ++i)
    messages.push_back(ByteView(content).subspan(i, kSizes[i % std::size(kSizes)]));
  std::vector<Digest> digests(messages.size());
  std::vector<Digest*> targets;
  targets.reserve(digests.size());
  for (Digest& digest : digests) targets.push_back(&digest);
  if (!lanes.hash(messages, targets)) return false;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (digests[i] != sha256(messages[i])) return false;
  }
  return true;
}

std::unique_ptr<HashLanes> make_unchecked(const Profile& profile) {
  Manager manager = make_lane_manager(profile);
  if (!manager) return nullptr;
  return std::make_unique<IpsecMbLanes>(profile, std::move(manager));
}

template <std::size_t Index>
bool is_usable() {
  static const bool usable = [] {
    const std::unique_ptr<HashLanes> lanes = make_unchecked(kProfiles[Index]);
    return lanes && agrees_with_openssl(*lanes);
  }();
  return usable;
}

constexpr bool (*kUsable[])() = {is_usable<0>, is_usable<1>, is_usable<2>};
static_assert(std::size(kUsable) == std::size(kProfiles));

}  // namespace

std::unique_ptr<HashLanes> make_hash_lanes(LaneKind kind) {
  for (std::size_t i = 0; i < std::size(kProfiles); ++i) {
    if (kProfiles[i].kind == kind && kUsable[i]()) return make_unchecked(kProfiles[i]);
  }
  return nullptr;
}

std::unique_ptr<HashLanes> make_best_hash_lanes() {
  for (std::size_t i = 0; i < std::size(kProfiles); ++i) {
    if (kUsable[i]()) return make_unchecked(kProfiles[i]);
  }
  return nullptr;
}

}  // namespace dalil::crypto

#else

namespace dalil::crypto {

std::unique_ptr<HashLanes> make_hash_lanes(LaneKind) {
  return nullptr;
}
std::unique_ptr<HashLanes> make_best_hash_lanes() {
  return nullptr;
}

}  // namespace dalil::crypto

#endif
