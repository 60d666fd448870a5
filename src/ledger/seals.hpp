#pragma once

#include <map>
#include <string>

#include "dalil/crypto/seal.hpp"
#include "dalil/ledger/keyring.hpp"
#include "layout.hpp"

namespace dalil::ledger {

/// Seals and opens values under the keyring's class keys. One per thread.
///
/// Sealed value: version u8 = 1 || epoch u32 || crypto::Sealer's layout. Associated data: archive id || place
/// || class || version || epoch || database key || `bound`; so a value moved to another key, table or
/// archive, or an entry whose public part was altered, does not open.
class SealBox {
 public:
  explicit SealBox(const Keyring& keyring) : keyring_(&keyring) {}
  static constexpr std::size_t kHeader = 1 + 4;

  bool can_read(SealClass seal_class) const { return keyring_->can_read(seal_class); }
  /// Appends to `out`.
  void seal(Bytes& out, SealClass seal_class, layout::Place place, ByteView key, ByteView content,
            std::size_t pad_to, ByteView bound = {});
  /// Replaces `out`. Error(wrong_key) if the role lacks the class; Error(corrupt) naming `what` if it does
  /// not open.
  void open(Bytes& out, SealClass seal_class, layout::Place place, ByteView key, ByteView sealed,
            ByteView bound = {});

 private:
  const crypto::Sealer& sealer(SealClass seal_class, layout::Place place, std::uint32_t epoch);
  ByteView associated(SealClass seal_class, layout::Place place, std::uint32_t epoch, ByteView key,
                      ByteView bound);

  const Keyring* keyring_;
  std::map<std::tuple<SealClass, layout::Place, std::uint32_t>, crypto::Sealer> sealers_;
  Bytes associated_;
};

/// Key for tokens (names of records and lookups), from the inventory key.
crypto::Secret token_key(const Keyring& keyring);

}  // namespace dalil::ledger
