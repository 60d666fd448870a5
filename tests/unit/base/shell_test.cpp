#include "dalil/base/shell.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <random>

using namespace dalil;

namespace {

/// What bash makes of the word, as raw bytes.
std::string read_by_bash(const std::string& word) {
  std::string script = "printf %s " + word, command = "bash -c '";
  for (const char c : script) command += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen((command + "'").c_str(), "r"), ::pclose);
  std::string out;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) out += static_cast<char>(c);
  return out;
}

}  // namespace

TEST_CASE("a word is quoted only where a shell wants it") {
  CHECK(shell_word("backup-1") == "backup-1");
  CHECK(shell_word("/media/b1") == "/media/b1");
  CHECK(shell_word("نسخة") == "نسخة");
  CHECK(shell_word("نسخة ثانية") == "'نسخة ثانية'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("~") == "'~'");
  CHECK(shell_word("a\\b") == "'a\\b'");
  CHECK(shell_word("a\nb'\\") == "$'a\\x0ab\\'\\\\'");
  CHECK(shell_word("\xff") == "$'\\xff'");
  CHECK(shell_word("a\xE2\x80\xAE") == "$'a\\xe2\\x80\\xae'");
}

TEST_CASE("bash reads a word as it was") {
  std::mt19937 random(7);
  const std::string alphabet = "ab'\"\\ $`!*?#~&|;<>(){}[]=\n\t\x01\x7f\xff\xd9\x86-";
  for (int i = 0; i < 100; ++i) {
    std::string raw;
    for (auto size = random() % 8; size > 0; --size) raw += alphabet[random() % alphabet.size()];
    CAPTURE(raw);
    CHECK(read_by_bash(shell_word(raw)) == raw);
  }
}
