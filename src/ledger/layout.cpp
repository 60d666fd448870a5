#include "layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::ledger::layout {

void append_public(Bytes& out, const PublicLine& line) {
  append_u8(out, kEntryVersion);
  append_u8(out, static_cast<std::uint8_t>(line.seal_class));
  append_u64(out, static_cast<std::uint64_t>(line.time.ms));
  append(out, line.actor);
  append(out, line.commitment.view());
}

PublicLine parse_public(Seq seq, ByteView value) {
  if (value.size() < kEntryPublicSize)
    throw Error(ErrorCode::corrupt, fmt::format("entry {} is too short", seq));
  if (value[0] != kEntryVersion)
    throw Error(ErrorCode::unsupported, fmt::format("entry {} has format version {}", seq, value[0]),
                "use a newer Dalil");
  if (value[1] < 1 || value[1] > 3)
    throw Error(ErrorCode::corrupt, fmt::format("entry {} has no class", seq));
  PublicLine line;
  line.seq = seq;
  line.seal_class = static_cast<SealClass>(value[1]);
  line.time.ms = static_cast<std::int64_t>(load_u64(value.data() + 2));
  std::copy_n(value.data() + 10, line.actor.size(), line.actor.begin());
  line.commitment = Digest::from_bytes(value.subspan(18, Digest::kSize));
  return line;
}

std::size_t entry_padding(std::size_t size) {
  return std::max<std::size_t>(64, std::bit_ceil(size) / 8);
}

void append_line(std::string& out, Seq seq, std::string_view time, std::string_view actor_hex,
                 SealClass seal_class, const Digest& commitment) {
  char number[20];
  const auto end = std::to_chars(number, number + sizeof number, seq).ptr;
  out += "dalil1 ";
  out.append(number, end);
  out += ' ';
  out += time;
  out += ' ';
  out += actor_hex;
  out += ' ';
  out += name_of(seal_class);
  out += ' ';
  out += to_base64(commitment.view());
}

Bytes State::encode() const {
  Bytes out;
  append_u8(out, 2);  // version
  append_varint(out, generation);
  append_varint(out, seals);
  append_varint(out, tree_size);
  append_varint(out, lookups);
  const auto put = [&out](const auto& map) {
    append_varint(out, map.size());
    for (const auto& [key, value] : map) {
      append_varint(out, key);
      append_varint(out, value);
    }
  };
  put(rows);
  put(records);
  put(counters);
  return out;
}

State State::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.u8();
  if (version < 1 || version > 2)
    throw Error(ErrorCode::unsupported, "archive state has another version", "use a newer Dalil");
  State state;
  state.generation = version == 1 ? 1 : static_cast<std::uint32_t>(reader.varint());
  state.seals = version == 1 ? 0 : reader.varint();
  state.tree_size = reader.varint();
  state.lookups = reader.varint();
  const auto get = [&reader](auto& map) {
    using Map = std::remove_reference_t<decltype(map)>;
    for (std::uint64_t left = reader.varint(); left > 0; --left) {
      const auto key = static_cast<typename Map::key_type>(reader.varint());
      map[key] = static_cast<typename Map::mapped_type>(reader.varint());
    }
  };
  get(state.rows);
  get(state.records);
  get(state.counters);
  reader.expect_end();
  return state;
}

}  // namespace dalil::ledger::layout
