#include "live_copies.hpp"

namespace dalil::archive {

std::vector<LiveOnVolume> read_live(ByteView value) {
  std::vector<LiveOnVolume> volumes;
  ByteReader reader(value);
  while (reader.remaining() > 0) {
    LiveOnVolume& one = volumes.emplace_back();
    one.volume = static_cast<ledger::Row>(reader.varint());
    one.copies = reader.varint();
    one.damaged = reader.varint();
  }
  return volumes;
}

Bytes write_live(const std::vector<LiveOnVolume>& volumes) {
  Bytes out;
  for (const LiveOnVolume& one : volumes) {
    if (one.copies == 0) continue;
    append_varint(out, one.volume);
    append_varint(out, one.copies);
    append_varint(out, one.damaged);
  }
  return out;
}

}  // namespace dalil::archive
