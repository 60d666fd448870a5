#include "words.hpp"

#include <unistd.h>

#include <cerrno>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/identity.hpp"
#include "refs.hpp"
#include "secrets.hpp"

namespace dalil::cli {
namespace {

constexpr std::size_t kLongestWords = std::size_t{64} << 10;

Bytes read_standard_input() {
  Bytes content(kLongestWords + 1);
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = read(STDIN_FILENO, content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", "standard input", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  if (have > kLongestWords) {
    crypto::wipe(content);
    throw Error(ErrorCode::invalid, "standard input is longer than 64 KiB");
  }
  return content;
}

Bytes read_words(const std::string& file) {
  return file == "-" ? read_standard_input() : files::read_small_file(file, kLongestWords);
}

/// What was typed, as text: a terminal may send anything.
std::string ask_text(const std::string& prompt) {
  const crypto::Secret line = ask_line(prompt);
  const std::string text(as_chars(line.view()));
  if (!is_utf8(text))
    throw Error(ErrorCode::invalid, "what was typed is not text in UTF-8", "check the terminal's encoding");
  return text;
}

}  // namespace

std::string words_from(const std::string& text, const std::string& file) {
  if (file.empty()) return text;
  if (!text.empty()) throw Error(ErrorCode::usage, "a text and a file for it exclude each other");
  std::string words(as_chars(read_words(file)));
  if (!is_utf8(words)) throw Error(ErrorCode::invalid, in_quotes(file) + " is not text in UTF-8");
  const auto last = words.find_last_not_of(" \t\r\n");
  words.resize(last == std::string::npos ? 0 : last + 1);
  return words;
}

bool input_is_terminal() {
  return isatty(STDIN_FILENO) == 1;
}

archive::SourceIdentity ask_identity() {
  archive::SourceIdentity identity;
  identity.name = ask_text("Real name, for archivists only (empty: none): ");
  identity.contact = ask_text("Contact (empty: none): ");
  identity.note = ask_text("Note (empty: none): ");
  return identity;
}

archive::SourceIdentity identity_from(const std::string& file) {
  if (file == "-" && input_is_terminal()) return ask_identity();
  Bytes text = read_words(file);
  try {
    archive::SourceIdentity identity = formats::read_identity(as_chars(text));
    crypto::wipe(text);
    if (identity.empty())
      throw Error(ErrorCode::invalid, "the identity says nothing",
                  "write it as lines 'name: ...', 'contact: ...' and 'note: ...'");
    return identity;
  } catch (...) {
    crypto::wipe(text);
    throw;
  }
}

}  // namespace dalil::cli
