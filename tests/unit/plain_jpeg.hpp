#pragma once

#include <string_view>

#include "dalil/base/bytes.hpp"

namespace dalil::testing {

/// A JPEG as the worker writes them, but for its header: one gray, whatever size it says to have.
inline Bytes plain_jpeg(std::uint16_t width = 8, std::uint16_t height = 8) {
  Bytes out = {0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0};
  out.insert(out.end(), 64, 16);
  append(out, Bytes{0xFF, 0xC0, 0, 11, 8});
  append_u16(out, height);
  append_u16(out, width);
  append(out, Bytes{1, 1, 0x11, 0});
  for (const std::uint8_t table : {std::uint8_t{0x00}, std::uint8_t{0x10}}) {  // one symbol each, of one bit
    append(out, Bytes{0xFF, 0xC4, 0, 20, table, 1});
    out.insert(out.end(), 15, 0);
    out.push_back(0);
  }
  append(out, Bytes{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x3F, 0xFF, 0xD9});
  return out;
}

}  // namespace dalil::testing
