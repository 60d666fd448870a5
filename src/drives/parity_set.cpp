#include "parity_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <tuple>

#include "layout.hpp"

namespace dalil::drives {

namespace {

/// Of one set. What `par2` takes grows with blocks times blocks of parity.
constexpr std::size_t kMostFiles = 1000;
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;
constexpr std::uint64_t kMostParityBytes = std::uint64_t{2} << 30;  ///< FAT holds files below 4 GiB
constexpr std::uint64_t kBlocksWanted = 1000;
constexpr std::uint64_t kLeastBlock = 4096;  ///< what disks lose at once
/// What one process can be given is 2 MiB, its environment included.
constexpr std::size_t kMostArgumentBytes = 1 << 20;
constexpr std::uint64_t kLeastParityBlocks = 2;

constexpr unsigned kMostPercent = 100, kMostNumber = 9'999'999;
constexpr std::size_t kDigestDigits = 2 * Digest::kSize;
constexpr std::size_t kLongestPath = 65536;

/// Two blanks behind the digits of a SHA-256, as `sha256sum` writes it.
std::optional<ParityFile> file_from(std::string_view line) {
  if (line.size() < kDigestDigits + 3 || line.substr(kDigestDigits, 2) != "  ") return std::nullopt;
  const auto digest = Digest::from_hex(line.substr(0, kDigestDigits));
  const std::string_view path = line.substr(kDigestDigits + 2);
  if (!digest || path.size() > kLongestPath || !can_have_parity(path)) return std::nullopt;
  return ParityFile{std::string(path), *digest, 0};
}

/// No way out of the payload's folder, and no second spelling of a path.
bool is_payload(std::string_view path) {
  if (!path.starts_with("data/") && !path.starts_with(std::string(layout::kObjects) + "/")) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || name == "..") return false;
    begin = end + 1;
  }
  return true;
}

/// "dalil/parity/p5-0001.par2" or "dalil/parity/p5-0001.vol000+50.par2".
bool is_par2_of(std::string_view path, const ParityName& name) {
  const std::string begin = fmt::format("{}/{}.", layout::kParity, name.text());
  return path.starts_with(begin) && path.ends_with(".par2") && path.find('/', begin.size()) == path.npos;
}

template <typename Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::uint64_t most_bytes(unsigned percent) {
  return std::min(kMostBytes, kMostParityBytes * kMostPercent / percent);
}

bool read_number(std::string_view text, unsigned most, unsigned& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && value > 0 && value <= most;
}

}  // namespace

std::string ParityName::text() const {
  return fmt::format("p{}-{:04}", percent, number);
}

std::optional<ParityName> ParityName::of_file(std::string_view file_name) {
  const std::string_view stem = file_name.substr(0, file_name.find('.'));
  const std::size_t dash = stem.find('-');
  ParityName name;
  if (!stem.starts_with('p') || dash == stem.npos ||
      !read_number(stem.substr(1, dash - 1), kMostPercent, name.percent) ||
      !read_number(stem.substr(dash + 1), kMostNumber, name.number) || name.text() != stem)
    return std::nullopt;
  const std::string_view rest = file_name.substr(stem.size());
  if (rest != ".sha256" && !(rest.ends_with(".par2"))) return std::nullopt;
  return name;
}

std::string ParitySet::list_path() const {
  return fmt::format("{}/{}.sha256", layout::kParity, name.text());
}

std::string ParitySet::main_path() const {
  return fmt::format("{}/{}.par2", layout::kParity, name.text());
}

std::string ParitySet::text() const {
  std::string text;
  for (const std::vector<ParityFile>* part : {&par2, &files})
    for (const ParityFile& file : *part) text += fmt::format("{}  {}\n", file.digest.hex(), file.path);
  return text;
}

std::optional<ParitySet> ParitySet::parse(ParityName name, std::string_view text) {
  ParitySet set{name, {}, {}};
  bool good = true;
  for_each_line(text, [&](std::string_view line) {
    auto file = file_from(line);
    if (file && is_par2_of(file->path, name))
      set.par2.push_back(std::move(*file));
    else if (file && is_payload(file->path))
      set.files.push_back(std::move(*file));
    else
      good = false;
  });
  const auto sorted = [](const std::vector<ParityFile>& part) {
    return std::ranges::adjacent_find(
               part, [](const ParityFile& a, const ParityFile& b) { return a.path >= b.path; }) == part.end();
  };
  const bool has_main = std::ranges::find(set.par2, set.main_path(), &ParityFile::path) != set.par2.end();
  if (!good || set.files.empty() || !has_main || !sorted(set.par2) || !sorted(set.files) ||
      set.text() != text)
    return std::nullopt;
  return set;
}

std::vector<std::string> payload_paths_in(std::string_view list) {
  std::vector<std::string> paths;
  for_each_line(list, [&](std::string_view line) {
    if (auto file = file_from(line); file && is_payload(file->path)) paths.push_back(std::move(file->path));
  });
  return paths;
}

bool can_have_parity(std::string_view path) {
  constexpr unsigned char kFirstPrintable = 0x20;
  return std::ranges::none_of(path, [](char c) {
    return static_cast<unsigned char>(c) < kFirstPrintable || c == '*' || c == '?' || c == '\\';
  });
}

std::vector<std::vector<ParityFile>> group_for_parity(std::vector<ParityFile> files, unsigned percent) {
  std::ranges::sort(files, [](const ParityFile& a, const ParityFile& b) {
    return std::tie(b.size_bytes, a.path) < std::tie(a.size_bytes, b.path);
  });
  std::vector<std::vector<ParityFile>> groups;
  std::uint64_t bytes = 0;
  std::size_t argument_bytes = 0;
  for (ParityFile& file : files) {
    if (groups.empty() || groups.back().size() == kMostFiles ||
        bytes + file.size_bytes > most_bytes(percent) ||
        argument_bytes + file.path.size() > kMostArgumentBytes) {
      groups.emplace_back();
      bytes = argument_bytes = 0;
    }
    bytes += file.size_bytes;
    argument_bytes += file.path.size() + 2 * sizeof(void*);
    groups.back().push_back(std::move(file));
  }
  return groups;
}

bool is_full_set(std::size_t files, std::uint64_t bytes, unsigned percent) {
  return files > kMostFiles / 2 || bytes > most_bytes(percent) / 2;
}

ParityBlocks parity_blocks(const std::vector<ParityFile>& files, unsigned percent) {
  constexpr std::uint64_t kMultiple = 4;  // PAR2 wants it
  std::uint64_t bytes = 0;
  for (const ParityFile& file : files) bytes += file.size_bytes;
  ParityBlocks blocks;
  blocks.size_bytes = std::max(kLeastBlock, (bytes / kBlocksWanted + kMultiple - 1) / kMultiple * kMultiple);
  for (const ParityFile& file : files)
    blocks.of_payload += (file.size_bytes + blocks.size_bytes - 1) / blocks.size_bytes;
  blocks.of_parity = std::max(kLeastParityBlocks, (blocks.of_payload * percent + 99) / 100);
  return blocks;
}

std::uint64_t parity_room(const std::vector<ParityFile>& files, unsigned percent) {
  // Each file has two packets, with a checksum a block; `par2` writes them once more for each doubling of
  // the number of blocks.
  constexpr std::uint64_t kPacketBytes = 300, kChecksumBytes = 20, kBlockHeaderBytes = 68;
  const ParityBlocks blocks = parity_blocks(files, percent);
  std::uint64_t packets = kPacketBytes + blocks.of_payload * kChecksumBytes, list = kPacketBytes * 3;
  for (const ParityFile& file : files) {
    packets += kPacketBytes + file.path.size();
    list += kDigestDigits + 3 + file.path.size();
  }
  const auto times = static_cast<std::uint64_t>(std::bit_width(blocks.of_parity)) + 2;
  return blocks.of_parity * (blocks.size_bytes + kBlockHeaderBytes) + times * packets + list;
}

}  // namespace dalil::drives
