#include "maker_note.hpp"

#include <array>
#include <cstdio>

namespace dalil::media {
namespace {

/// A plain directory whose offsets count from the begin of the structure.
std::string read_canon(TiffReader& reader, const TiffEntry& note, std::string_view model) {
  constexpr std::uint16_t kSerial = 0x000c;
  const auto directory = reader.directory(static_cast<std::uint32_t>(note.data));
  const auto* entry = directory ? directory->find(kSerial) : nullptr;
  const auto number = entry == nullptr ? std::nullopt : reader.number(*entry);
  return number && *number != 0 ? canon_serial(*number, model) : std::string();
}

/// A structure of its own behind a mark of ten bytes. Older notes lack it, and the serial number.
std::string read_nikon(TiffReader& reader, Source& source, const TiffEntry& note) {
  constexpr std::uint16_t kSerial = 0x001d, kOlderSerial = 0x00a0;
  constexpr std::size_t kMark = 10;
  const ByteView head = reader.bytes(note, kMark);
  if (head.size() < kMark || !as_chars(head).starts_with("Nikon") || note.size <= kMark) return {};
  auto inner = TiffReader::open(source, reader.base() + note.data + kMark, note.size - kMark);
  const auto directory = inner ? inner->directory(inner->first_directory()) : std::nullopt;
  const auto* entry = directory ? directory->find(kSerial) : nullptr;
  if (entry == nullptr && directory) entry = directory->find(kOlderSerial);
  if (entry == nullptr) return {};
  std::string serial = inner->text(*entry);
  for (const std::string_view label : {"NO= ", "No= "}) {
    if (serial.starts_with(label)) serial.erase(0, label.size());
  }
  return serial;
}

}  // namespace

std::string canon_serial(std::uint32_t number, std::string_view model) {
  std::array<char, 24> text{};
  if (model.find("EOS D30") != std::string_view::npos) {
    std::snprintf(text.data(), text.size(), "%.4x%.5u", number >> 16, number & 0xffff);
  } else {
    const int digits = model.find("EOS-1D") != std::string_view::npos ? 6 : 10;
    std::snprintf(text.data(), text.size(), "%.*u", digits, number);
  }
  return text.data();
}

std::string serial_in_note(TiffReader& reader, Source& source, const TiffEntry& note, std::string_view make,
                           std::string_view model) {
  if (make.starts_with("Canon")) return read_canon(reader, note, model);
  if (make.starts_with("NIKON") || make.starts_with("Nikon")) return read_nikon(reader, source, note);
  return {};
}

}  // namespace dalil::media
