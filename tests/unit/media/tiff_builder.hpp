#pragma once

#include <bit>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"

namespace dalil::media {

/// Builds small TIFF structures, big-endian, for tests.
struct TiffEntryToWrite {
  std::uint16_t tag, type;
  std::uint32_t count;
  Bytes data;
};

inline TiffEntryToWrite ascii(std::uint16_t tag, const std::string& text) {
  Bytes data(text.begin(), text.end());
  data.push_back(0);
  return {tag, 2, static_cast<std::uint32_t>(data.size()), data};
}
inline TiffEntryToWrite short_number(std::uint16_t tag, std::uint16_t value) {
  Bytes data;
  append_u16(data, value);
  return {tag, 3, 1, data};
}
inline TiffEntryToWrite rationals(std::uint16_t tag, const std::vector<std::uint32_t>& values) {
  Bytes data;
  for (const auto value : values) append_u32(data, value);
  return {tag, 5, static_cast<std::uint32_t>(values.size() / 2), data};
}

inline TiffEntryToWrite doubles(std::uint16_t tag, const std::vector<double>& values) {
  Bytes data;
  for (const double value : values) append_u64(data, std::bit_cast<std::uint64_t>(value));
  return {tag, 12, static_cast<std::uint32_t>(values.size()), data};
}

/// The directory with its data behind it, as it stands at `offset`.
inline Bytes directory(std::uint32_t offset, const std::vector<TiffEntryToWrite>& entries,
                       std::uint32_t next = 0) {
  Bytes out, data;
  append_u16(out, static_cast<std::uint16_t>(entries.size()));
  const auto data_begin = static_cast<std::uint32_t>(offset + 2 + entries.size() * 12 + 4);
  for (const auto& entry : entries) {
    append_u16(out, entry.tag);
    append_u16(out, entry.type);
    append_u32(out, entry.count);
    if (entry.data.size() <= 4) {
      Bytes inline_data = entry.data;
      inline_data.resize(4);
      append(out, inline_data);
    } else {
      append_u32(out, data_begin + static_cast<std::uint32_t>(data.size()));
      append(data, entry.data);
    }
  }
  append_u32(out, next);
  append(out, data);
  return out;
}

inline TiffEntryToWrite pointer(std::uint16_t tag, std::uint32_t offset) {
  Bytes data;
  append_u32(data, offset);
  return {tag, 4, 1, data};
}

/// A structure whose first directory points at one with the photo's and one with GPS entries.
inline Bytes tiff(std::vector<TiffEntryToWrite> image, const std::vector<TiffEntryToWrite>& photo,
                  const std::vector<TiffEntryToWrite>& gps) {
  image.push_back(pointer(0x8769, 0));
  image.push_back(pointer(0x8825, 0));
  const auto photo_at = static_cast<std::uint32_t>(8 + directory(8, image).size());
  const Bytes photo_bytes = directory(photo_at, photo);
  const auto gps_at = static_cast<std::uint32_t>(photo_at + photo_bytes.size());
  image[image.size() - 2] = pointer(0x8769, photo_at);
  image.back() = pointer(0x8825, gps_at);
  Bytes out = {'M', 'M', 0, 42, 0, 0, 0, 8};
  append(out, directory(8, image));
  append(out, photo_bytes);
  append(out, directory(gps_at, gps));
  return out;
}

}  // namespace dalil::media
