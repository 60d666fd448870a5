#pragma once

#include <cstdint>
#include <vector>

#include "dalil/base/bytes.hpp"
#include "dalil/ledger/schema.hpp"

namespace dalil::archive {

/// How many live copies an item has on a volume: a part of a value of the column `item.live`.
struct LiveOnVolume {
  ledger::Row volume = 0;
  std::uint64_t copies = 0, damaged = 0;
};

/// In ascending order of the volumes. Error(corrupt) if ill-formed.
std::vector<LiveOnVolume> read_live(ByteView value);
/// Volumes without a copy are left out.
Bytes write_live(const std::vector<LiveOnVolume>& volumes);

/// The bit of a volume in `item.volumes` and `item.damaged`: the last one stands for all volumes from 63 on.
inline constexpr ledger::Row kLastVolumeBit = 63;
inline std::uint64_t volume_bit(ledger::Row volume) {
  return std::uint64_t{1} << (volume < kLastVolumeBit ? volume : kLastVolumeBit);
}

}  // namespace dalil::archive
