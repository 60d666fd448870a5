#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bagit_parts.hpp"
#include "dalil/base/text.hpp"

namespace dalil::formats::bagit {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    lines.push_back(text.substr(0, end));
    const bool pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(std::min(end + (pair ? 2 : 1), text.size()));
  }
  return lines;
}

namespace {

constexpr std::string_view kBlanks = " \t";
constexpr const char* kDeclarationFile = "bagit.txt";

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// "1.0": digits, a point, digits.
bool read_version(std::string_view text, Declaration& declaration) {
  const char* end = text.data() + text.size();
  const auto digit = [end](const char* at) { return at != end && *at >= '0' && *at <= '9'; };
  if (!digit(text.data())) return false;
  auto read = std::from_chars(text.data(), end, declaration.major);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.' || !digit(read.ptr + 1)) return false;
  read = std::from_chars(read.ptr + 1, end, declaration.minor);
  return read.ec == std::errc() && read.ptr == end;
}

std::optional<Encoding> encoding_from(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == "UTF-8") return Encoding::utf8;
  if (upper == "ISO-8859-1") return Encoding::latin1;
  if (upper == "UTF-16") return Encoding::utf16;
  return std::nullopt;
}

/// The value behind "Label: "; blanks around colon and value were common before 1.0.
std::optional<std::string> value_of(std::string_view line, std::string_view label, Findings& findings) {
  const auto problem = [&](Finding::Weight weight, std::string text) {
    findings.push_back({weight, kDeclarationFile, std::move(text)});
  };
  const std::size_t colon = line.find(':');
  if (colon == line.npos || trim(line.substr(0, colon)) != label) {
    problem(Finding::Weight::error, fmt::format("has no line '{}: ...' where it should be", label));
    return std::nullopt;
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (line != fmt::format("{}: {}", label, value))
    problem(Finding::Weight::warning, fmt::format("has other blanks in '{}: ...' than the standard", label));
  return std::string(value);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

/// Big-endian without a byte order mark (RFC 2781 section 4.3).
std::optional<std::string> decode_utf16(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const bool little = bytes.starts_with("\xFF\xFE");
  if (little || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<std::uint8_t>(bytes[at]),
               second = static_cast<std::uint8_t>(bytes[at + 1]);
    return static_cast<std::uint32_t>(little ? second << 8 | first : first << 8 | second);
  };
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xD800 && code < 0xE000) {
      if (code >= 0xDC00 || at + 3 >= bytes.size()) return std::nullopt;
      const std::uint32_t low = unit(at += 2);
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
  }
  return out;
}

std::string decode_latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, static_cast<std::uint8_t>(c));
  return out;
}

}  // namespace

std::optional<Declaration> read_declaration(std::string_view bytes, Findings& findings) {
  const auto problem = [&](std::string text) {
    findings.push_back({Finding::Weight::error, kDeclarationFile, std::move(text)});
    return std::nullopt;
  };
  if (bytes.starts_with("\xEF\xBB\xBF")) return problem("begins with a byte order mark");
  const auto lines = lines_of(bytes);
  if (lines.size() != 2) return problem(fmt::format("has {} lines where 2 are wanted", lines.size()));
  Declaration declaration;
  const auto version = value_of(lines[0], "BagIt-Version", findings);
  const auto encoding = value_of(lines[1], "Tag-File-Character-Encoding", findings);
  if (!version || !encoding) return std::nullopt;
  if (!read_version(*version, declaration))
    return problem(fmt::format("gives '{}' for a version", escape_for_display(*version)));
  const bool known = declaration.major == 0 ? declaration.minor >= 93 && declaration.minor <= 97
                                            : declaration.major == 1 && declaration.minor == 0;
  if (!known) return problem(fmt::format("is of version {}, and 0.93 to 0.97 and 1.0 are known", *version));
  const auto known_encoding = encoding_from(*encoding);
  if (!known_encoding)
    return problem(fmt::format("names the encoding '{}': UTF-8, UTF-16 and ISO-8859-1 are known",
                               escape_for_display(*encoding)));
  declaration.encoding = *known_encoding;
  if (!declaration.is_1_0()) return declaration;
  // What the drafts left open is strict in 1.0.
  for (Finding& finding : findings)
    if (finding.path == kDeclarationFile) finding.weight = Finding::Weight::error;
  return declaration;
}

std::optional<std::string> decode_tag_file(std::string_view bytes, Encoding encoding) {
  switch (encoding) {
    case Encoding::latin1:
      return decode_latin1(bytes);
    case Encoding::utf16:
      return decode_utf16(bytes);
    case Encoding::utf8:
      break;
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return std::string(bytes);
}

std::string encode_path(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (c == '\n')
      out += "%0A";
    else if (c == '\r')
      out += "%0D";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
  return out;
}

std::optional<std::string> decode_path(std::string_view written) {
  std::string out;
  out.reserve(written.size());
  while (!written.empty()) {
    const std::size_t percent = std::min(written.find('%'), written.size());
    out += written.substr(0, percent);
    written.remove_prefix(percent);
    if (written.empty()) break;
    const std::string_view code = written.substr(0, 3);
    if (code == "%0A" || code == "%0a")
      out += '\n';
    else if (code == "%0D" || code == "%0d")
      out += '\r';
    else if (code == "%25")
      out += '%';
    else
      return std::nullopt;
    written.remove_prefix(3);
  }
  return out;
}

std::vector<Tag> read_tags(std::string_view text, const std::string& file, Findings& findings) {
  std::vector<Tag> tags;
  for (const std::string_view line : lines_of(text)) {
    if (trim(line).empty()) continue;
    const bool folded = kBlanks.find(line.front()) != kBlanks.npos;
    const std::size_t colon = line.find(':');
    if (folded && !tags.empty())
      tags.back().value += fmt::format("{}{}", tags.back().value.empty() ? "" : " ", trim(line));
    else if (folded || colon == line.npos || trim(line.substr(0, colon)).empty())
      findings.push_back(
          {Finding::Weight::warning, file,
           fmt::format("has a line without a label: '{}'", escape_for_display(line.substr(0, 60)))});
    else
      tags.push_back({std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  }
  return tags;
}

std::string declaration_text() {
  return "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
}

std::string manifest_line(ByteView digest, std::string_view path) {
  return fmt::format("{}  {}\n", to_hex(digest), encode_path(path));
}

std::string tags_text(const std::vector<Tag>& tags) {
  std::string text;
  for (const Tag& tag : tags) text += fmt::format("{}: {}\n", tag.label, tag.value);
  return text;
}

}  // namespace dalil::formats::bagit
