#include "age_header.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::string_view kStanzaMark = "-> ";
constexpr std::string_view kMacMark = "---";
constexpr std::size_t kFullLine = 64;

/// A line off the front, without its LF; absent if there is no LF.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

bool is_visible(char c) {
  return c >= 0x21 && c <= 0x7e;
}

/// One or more words of visible characters, with one blank between them.
std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_visible)) return std::nullopt;
    words.emplace_back(word);
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end + 1);
  }
}

/// Full lines, then a shorter one that may be empty.
std::optional<Bytes> take_body(std::string_view& rest) {
  Bytes body;
  for (;;) {
    const auto line = take_line(rest);
    if (!line || line->size() > kFullLine) return std::nullopt;
    const std::optional<Bytes> decoded = from_base64(*line, Padding::without);
    if (!decoded) return std::nullopt;
    append(body, *decoded);
    if (line->size() < kFullLine) return body;
  }
}

std::optional<Stanza> take_stanza(std::string_view& rest) {
  auto line = take_line(rest);
  if (!line || !line->starts_with(kStanzaMark)) return std::nullopt;
  auto words = split_words(line->substr(kStanzaMark.size()));
  if (!words) return std::nullopt;
  auto body = take_body(rest);
  if (!body) return std::nullopt;
  Stanza stanza;
  stanza.type = std::move(words->front());
  stanza.arguments.assign(std::make_move_iterator(words->begin() + 1), std::make_move_iterator(words->end()));
  stanza.body = std::move(*body);
  return stanza;
}

}  // namespace

std::optional<Header> parse_header(ByteView file) {
  std::string_view rest = as_chars(file);
  if (take_line(rest) != kVersionLine) return std::nullopt;
  Header header;
  while (rest.starts_with(kStanzaMark)) {
    auto stanza = take_stanza(rest);
    if (!stanza) return std::nullopt;
    header.stanzas.push_back(std::move(*stanza));
  }
  header.authenticated_size = file.size() - rest.size() + kMacMark.size();
  const auto line = take_line(rest);
  if (!line || !line->starts_with("--- ") || header.stanzas.empty()) return std::nullopt;
  const std::optional<Bytes> mac = from_base64(line->substr(kMacMark.size() + 1), Padding::without);
  if (!mac || mac->size() != header.mac.size()) return std::nullopt;
  std::copy(mac->begin(), mac->end(), header.mac.begin());
  header.size = file.size() - rest.size();
  return header;
}

std::string format_stanzas(const std::vector<Stanza>& stanzas) {
  std::string text = std::string(kVersionLine) + '\n';
  for (const Stanza& stanza : stanzas) {
    text += kStanzaMark;
    text += stanza.type;
    for (const std::string& argument : stanza.arguments) text += ' ' + argument;
    text += '\n';
    std::string_view body;
    const std::string encoded = to_base64(stanza.body, Padding::without);
    for (body = encoded; body.size() >= kFullLine; body.remove_prefix(kFullLine)) {
      text += body.substr(0, kFullLine);
      text += '\n';
    }
    text += body;
    text += '\n';
  }
  return text += kMacMark;
}

std::string format_mac(const std::array<std::uint8_t, 32>& mac) {
  return ' ' + to_base64(mac, Padding::without) + '\n';
}

}  // namespace dalil::crypto::age
