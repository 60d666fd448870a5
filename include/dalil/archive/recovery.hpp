#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age.hpp"

/// The recovery key: the age identity that opens sealed drives and snapshots, also where there is no Dalil
/// any more (docs/recovery.md). Its recipient is of class inventory, the key itself of class evidence.
namespace dalil::archive {

/// Where sealed drives and snapshots are encrypted to.
struct RecoveryRecipient {
  std::string recipient;  ///< "age1..."
  Seq seq = 0;
  UtcTime made;
  std::string made_by;
  std::string why;
};
/// The newest first: that one is encrypted to. Drives that were made before need the older ones.
std::vector<RecoveryRecipient> recovery_recipients(View& view);

/// The keys to all of them, the newest first. Error(wrong_key) unless the role may see evidence.
std::vector<crypto::age::Identity> recovery_identities(View& view);

}  // namespace dalil::archive
