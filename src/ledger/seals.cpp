#include "seals.hpp"

#include <fmt/format.h>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::ledger {

namespace {
constexpr std::uint8_t kVersion = 1;
constexpr const char* kDamageHint =
    "run 'dalil check' for the extent; restore the archive from a backup drive";
}  // namespace

const crypto::Sealer& SealBox::sealer(SealClass seal_class, layout::Place place, std::uint32_t epoch) {
  const auto which = std::tuple(seal_class, place, epoch);
  auto found = sealers_.find(which);
  if (found == sealers_.end()) {
    const crypto::Secret key = crypto::hkdf_sha256(
        keyring_->class_key(seal_class, epoch).view(),
        fmt::format("dalil1 seal {} {}", name_of(seal_class), static_cast<unsigned>(place)), 32);
    found = sealers_.emplace(which, crypto::Sealer(key.view())).first;
  }
  return found->second;
}

ByteView SealBox::associated(SealClass seal_class, layout::Place place, std::uint32_t epoch, ByteView key,
                             ByteView bound) {
  associated_.clear();
  append(associated_, keyring_->archive_id());
  append_u8(associated_, static_cast<std::uint8_t>(place));
  append_u8(associated_, static_cast<std::uint8_t>(seal_class));
  append_u8(associated_, kVersion);
  append_u32(associated_, epoch);
  append(associated_, key);
  append(associated_, bound);
  return associated_;
}

void SealBox::seal(Bytes& out, SealClass seal_class, layout::Place place, ByteView key, ByteView content,
                   std::size_t pad_to, ByteView bound) {
  const std::uint32_t epoch = keyring_->epoch();
  const crypto::Sealer& with = sealer(seal_class, place, epoch);
  ++sealed_;
  append_u8(out, kVersion);
  append_u32(out, epoch);
  with.seal(out, associated(seal_class, place, epoch, key, bound), content, pad_to);
}

void SealBox::open(Bytes& out, SealClass seal_class, layout::Place place, ByteView key, ByteView sealed,
                   ByteView bound) {
  const auto broken = [&] {
    return Error(ErrorCode::corrupt,
                 fmt::format("sealed {} value '{}' does not open: it is damaged or was altered",
                             name_of(seal_class), to_hex(key)),
                 kDamageHint);
  };
  if (sealed.size() < kHeader) throw broken();
  if (sealed[0] != kVersion)
    throw Error(ErrorCode::unsupported, fmt::format("sealed value has format version {}", sealed[0]),
                "use a newer Dalil");
  // Of another epoch nothing can be: a new one seals everything anew.
  const std::uint32_t epoch = epoch_of(sealed);
  if (epoch != keyring_->epoch()) throw broken();
  const crypto::Sealer& with = sealer(seal_class, place, epoch);
  if (!with.open(out, associated(seal_class, place, epoch, key, bound), sealed.subspan(kHeader)))
    throw broken();
}

std::uint32_t SealBox::epoch_of(ByteView sealed) {
  if (sealed.size() < kHeader) return 0;
  return ByteReader(sealed.subspan(1, 4)).u32();
}

crypto::Secret token_key(const Keyring& keyring, SealClass seal_class) {
  return crypto::hkdf_sha256(keyring.class_key(seal_class, keyring.epoch()).view(), "dalil1 token", 32);
}

}  // namespace dalil::ledger
