#include "dalil/merkle/note.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

using namespace dalil;
using namespace dalil::merkle;

namespace {

crypto::SigningKey key_of(std::uint8_t seed) {
  return crypto::SigningKey::from_seed(Bytes(32, seed));
}

NoteKey verifier(const std::string& name, const crypto::SigningKey& key) {
  return {name, NoteKeyType::ed25519, key.public_key()};
}

const std::string kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kPeter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kEnoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const std::string kSignedByTwo =
    kText +
    "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    "\u2014 EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

}  // namespace

TEST_CASE("a note that another implementation signed verifies") {
  const auto note = Note::parse(kSignedByTwo);
  REQUIRE(note);
  CHECK(note->text == kText);
  CHECK(note->encode() == kSignedByTwo);
  const auto peter = NoteKey::parse(kPeter);
  const auto enoch = NoteKey::parse(kEnoch);
  REQUIRE(peter);
  REQUIRE(enoch);
  CHECK(peter->encode() == kPeter);
  const NoteCheck both = check(*note, {*peter, *enoch});
  CHECK_FALSE(both.rejected);
  CHECK(both.verified == std::vector<NoteKey>{*peter, *enoch});
  CHECK(check(*note, {*enoch}).verified == std::vector<NoteKey>{*enoch});
  CHECK(check(*note, {}).verified.empty());
}

TEST_CASE("a signed note survives the round trip") {
  const auto first = key_of(1);
  const auto second = key_of(2);
  Note note{"a text\n\nwith an empty line, \u0627\u0644\u062f\u0644\u064a\u0644\n", {}};
  sign(note, "dalil.example/archive", first);
  sign(note, "\u062f\u0644\u064a\u0644", second);
  const auto read = Note::parse(note.encode());
  REQUIRE(read);
  CHECK(read->text == note.text);
  CHECK(read->encode() == note.encode());
  CHECK(check(*read, {verifier("dalil.example/archive", first), verifier("\u062f\u0644\u064a\u0644", second)})
            .verified.size() == 2);
}

TEST_CASE("a wrong signature of a known key rejects the note, one of an unknown key does not") {
  const auto good = key_of(1);
  const auto bad = key_of(2);
  Note note{"text\n", {}};
  sign(note, "good", good);
  sign(note, "bad", bad);
  note.signatures[1].bytes[10] ^= 1;
  const NoteCheck rejected = check(note, {verifier("good", good), verifier("bad", bad)});
  CHECK(rejected.rejected);
  CHECK(rejected.verified.empty());
  CHECK(check(note, {verifier("good", good)}).verified.size() == 1);
  note.signatures[1].bytes.pop_back();
  CHECK(check(note, {verifier("good", good), verifier("bad", bad)}).rejected);
}

TEST_CASE("a key under another name or with another id is unknown") {
  const auto key = key_of(1);
  Note note{"text\n", {}};
  sign(note, "name", key);
  CHECK(check(note, {verifier("other", key)}).verified.empty());
  CHECK_FALSE(check(note, {verifier("other", key)}).rejected);
  const NoteKey cosigner{"name", NoteKeyType::cosignature, key.public_key()};
  CHECK(cosigner.id() != verifier("name", key).id());
  CHECK(check(note, {cosigner}).verified.empty());
  note.signatures[0].key_id ^= 1;
  CHECK(check(note, {verifier("name", key)}).verified.empty());
}

TEST_CASE("a signature that is repeated counts once") {
  const auto key = key_of(1);
  Note note{"text\n", {}};
  sign(note, "name", key);
  sign(note, "name", key);
  CHECK(check(note, {verifier("name", key), verifier("name", key)}).verified.size() == 1);
}

TEST_CASE("every note cut short, and every byte changed, is refused or fails to verify") {
  const std::vector<NoteKey> trusted = {*NoteKey::parse(kPeter), *NoteKey::parse(kEnoch)};
  const auto accepted = [&](const std::string& text) {
    const auto note = Note::parse(text);
    return note && check(*note, trusted).verified.size() == 2;
  };
  REQUIRE(accepted(kSignedByTwo));
  for (std::size_t size = 0; size < kSignedByTwo.size(); ++size)
    REQUIRE_FALSE(accepted(kSignedByTwo.substr(0, size)));
  for (std::size_t at = 0; at < kSignedByTwo.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = kSignedByTwo;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      REQUIRE_FALSE(accepted(damaged));
    }
  }
}

TEST_CASE("what is no signed note is absent") {
  const std::string line = "\u2014 name AAAAAAE=\n";
  REQUIRE(Note::parse("text\n\n" + line));
  for (const std::string& bad : std::vector<std::string>{std::string(),
                                                         std::string("\n"),
                                                         std::string("text\n"),
                                                         std::string("text\n\n"),
                                                         "text\n" + line,
                                                         "text\r\n\n" + line,
                                                         "te\txt\n\n" + line,
                                                         std::string("te\0xt\n\n", 7) + line,
                                                         "te\xffxt\n\n" + line,
                                                         "text\n\n" + line + "\n",
                                                         "text\n\n" + line + "x",
                                                         "text\n\n- name AAAAAAE=\n",
                                                         "text\n\n\u2014 name\n",
                                                         "text\n\n\u2014  AAAAAAE=\n",
                                                         "text\n\n\u2014 name AAAAAAE\n",
                                                         "text\n\n\u2014 name AAAAAAF=\n",
                                                         "text\n\n\u2014 name AAAAAA==\n",
                                                         "text\n\n\u2014 name AAAAAAE= \n",
                                                         "text\n\n\u2014 na\u00a0me AAAAAAE=\n",
                                                         "text\n\n\u2014 na+me AAAAAAE=\n",
                                                         "text\n\n\u2014name AAAAAAE=\n"}) {
    INFO(escape_for_display(bad));
    CHECK_FALSE(Note::parse(bad));
  }
}

TEST_CASE("64 signatures are read, 65 are not; a MiB is read, more is not") {
  std::string text = "text\n\n";
  for (int i = 0; i < 64; ++i) text += "\u2014 name AAAAAAE=\n";
  CHECK(Note::parse(text)->signatures.size() == 64);
  CHECK_FALSE(Note::parse(text + "\u2014 name AAAAAAE=\n"));
  const std::string tail = "\n\n\u2014 name AAAAAAE=\n";
  const std::string full = std::string((1 << 20) - tail.size(), 'x') + tail;
  CHECK(Note::parse(full));
  CHECK_FALSE(Note::parse("x" + full));
}

TEST_CASE("a key's name holds no space of any script and no plus") {
  const auto key = key_of(1);
  for (const char* space :
       {" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u1680", "\u2000",
        "\u2005", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "+",      "\x01",   "\xff"}) {
    for (const std::string& name : {std::string(space), "a" + std::string(space), space + std::string("a")}) {
      Note note{"text\n", {}};
      CHECK_THROWS_AS(sign(note, name, key), Error);
      CHECK_FALSE(NoteKey::parse(verifier(name, key).encode()));
    }
  }
  Note note{"text\n", {}};
  CHECK_THROWS_AS(sign(note, "", key), Error);
  sign(note, "\u200b\u0627", key);  // a zero-width space is none to Unicode
  CHECK(note.signatures.size() == 1);
}

TEST_CASE("a text that could not be read back is not signed") {
  const auto key = key_of(1);
  for (const char* text : {"", "no end", "tab\t\n", "\xff\n"}) {
    Note note{text, {}};
    CHECK_THROWS_AS(sign(note, "name", key), Error);
  }
}

TEST_CASE("a verifier key with any character changed is refused or another key") {
  const auto original = NoteKey::parse(kPeter);
  for (std::size_t size = 0; size < kPeter.size(); ++size)
    REQUIRE_FALSE(NoteKey::parse(kPeter.substr(0, size)));
  for (std::size_t at = 0; at < kPeter.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = kPeter;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      REQUIRE_FALSE(NoteKey::parse(damaged));
    }
  }
  CHECK_FALSE(NoteKey::parse("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  NoteKey unknown = *original;
  unknown.type = static_cast<NoteKeyType>(2);
  CHECK_FALSE(NoteKey::parse(unknown.encode()));
}
