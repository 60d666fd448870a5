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
  /// The epoch under whose keys a value says that it is sealed; 0 if it is no sealed value.
  static std::uint32_t epoch_of(ByteView sealed);
  /// How many values this box has sealed.
  std::uint64_t sealed() const { return sealed_; }

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
  std::uint64_t sealed_ = 0;
};

/// Key for tokens (names of records and lookups) of a class. Error(wrong_key) if the role lacks it.
crypto::Secret token_key(const Keyring& keyring, SealClass seal_class);

}  // namespace dalil::ledger
