#include "dalil/base/text.hpp"
#include "dalil/base/unescape.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace dalil;
using namespace std::string_literals;

namespace {

Bytes random_message(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
            static_cast<char>(0x80 | (c & 63))};
  } else {
    out += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
            static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  }
}

std::string utf8_of(char32_t c) {
  std::string out;
  append_utf8(out, c);
  return out;
}

/// What a reader of escaped text would write.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    const char kind = text[i + 1];
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    const auto value = digits == 0 ? 0 : std::stoul(std::string(text.substr(i + 2, digits)), nullptr, 16);
    if (kind == 'x') out += static_cast<char>(value);
    if (kind == 'u' || kind == 'U') append_utf8(out, static_cast<char32_t>(value));
    if (digits == 0) out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : '\\';
    i += 2 + digits;
  }
  return out;
}

/// Random text of whole characters and stray bytes from the ranges where the rules differ.
std::string random_text(std::mt19937& random) {
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0, 0x7f},        {0x80, 0x24f},    {0x300, 0x36f},     {0x600, 0x6ff},
      {0x8a0, 0x8ff},   {0x2000, 0x206f}, {0xfb50, 0xfdff},   {0xfe70, 0xfeff},
      {0x1e00, 0x1eff}, {0xac00, 0xad00}, {0x1f600, 0x1f640}, {0x1ee00, 0x1eeff}};
  std::string text;
  for (auto left = random() % 12; left > 0; --left) {
    const auto [first, last] = kRanges[random() % std::size(kRanges)];
    append_utf8(text, first + static_cast<char32_t>(random() % (last - first + 1)));
    if (random() % 16 == 0) text += static_cast<char>(random());
  }
  return text;
}

}  // namespace

TEST_CASE("hexadecimal and base64 come back as they went") {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 100; ++size) {
    const Bytes bytes = random_message(random, size);
    CHECK(from_hex(to_hex(bytes)) == bytes);
    CHECK(from_base64(to_base64(bytes)) == bytes);
    CHECK(from_base64(to_base64(bytes, Padding::without), Padding::without) == bytes);
  }
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("base64 gives the published answers (RFC 4648 section 10)") {
  CHECK(to_base64(as_bytes("")).empty());
  CHECK(to_base64(as_bytes("f")) == "Zg==");
  CHECK(to_base64(as_bytes("fo")) == "Zm8=");
  CHECK(to_base64(as_bytes("foo")) == "Zm9v");
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  CHECK(to_base64(as_bytes("fo"), Padding::without) == "Zm8");
}

TEST_CASE("base64 that is not canonical is refused") {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm9v=", "Zm 9v", "Zm9v\n",
                           "Zm9-", "Zg==Zg==", "Z=g="}) {
    INFO(text);
    CHECK_FALSE(from_base64(text));
  }
  for (const char* text : {"Zg==", "Z", "Zh", "Zm9", "Zm9vY"}) {
    INFO(text);
    CHECK_FALSE(from_base64(text, Padding::without));
  }
}

TEST_CASE("well-formed UTF-8 is exactly what table 3-7 of Unicode lists") {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    const bool surrogate = c >= 0xd800 && c <= 0xdfff;
    if (is_utf8(utf8_of(c)) == surrogate) FAIL("code point " << static_cast<std::uint32_t>(c));
  }
  for (const char* text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\x80", "\xff", "\xc2", "\xe2\x82", "\xf0\x9f\x98", "abcdefgh\x80", "abcdefghi\xc3"}) {
    CHECK_FALSE(is_utf8(text));
  }
  CHECK(is_utf8(""));
  CHECK(is_utf8("حلب ٢٠١٧ abcdefghijklmnop حمص"));
}

TEST_CASE("escapes are visible and reversible") {
  CHECK(escape_for_display("plain name.mp4") == "plain name.mp4");
  CHECK(escape_for_display("a\\b\nc\td\re\x1b[31m\x7f") == "a\\\\b\\nc\\td\\re\\x1b[31m\\x7f");
  CHECK(escape_for_display("a\x9f\xff") == "a\\x9f\\xff");
  CHECK(escape_for_display("cod\u202e4pm.exe") == "cod\\u202e4pm.exe");
  CHECK(escape_for_display("a\u2028b\u0085c\ufeffd") == "a\\u2028b\\u0085c\\ufeffd");
  CHECK(escape_for_display("\U000e0041") == "\\U000e0041");
  CHECK(escape_for_display("مقطع_حلب می‌خواهم ويديو é 中文 😀") ==
        "مقطع_حلب می‌خواهم ويديو é 中文 😀");
  CHECK(escape_for_display("\0"s) == "\\x00");

  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string raw = random_text(random);
    const std::string shown = escape_for_display(raw);
    REQUIRE(unescape(shown) == raw);
    REQUIRE(unescape_displayed(shown) == raw);
    REQUIRE(is_utf8(shown));
  }
}

TEST_CASE("what no escaping makes cannot be undone") {
  CHECK(unescape_displayed("two\\nlines") == "two\nlines");
  CHECK(unescape_displayed("a\\\\n") == "a\\n");
  CHECK(unescape_displayed("").value().empty());
  for (const char* shown :
       {"\\", "a\\q", "\\x", "\\x9", "\\x9g", "\\x41", "\\xc3\\xa9", "\\u0041", "\\ud800", "\\u202",
        "\\u202E", "\\U00110000", "\\U0000202e", "\\u+02e", "\n", "\xff", "\\N"})
    CHECK_FALSE(unescape_displayed(shown));
}

TEST_CASE("display width counts terminal columns") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("حلب") == 3);
  CHECK(display_width("حَلَب") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("中文") == 4);
  CHECK(display_width("😀") == 2);
  CHECK(display_width("\xff") == 1);
  CHECK(display_width("") == 0);
}

TEST_CASE("Arabic spellings of one word fold to one form") {
  const std::pair<const char*, const char*> kSame[] = {
      {"أحمد", "احمد"}, {"إدلب", "ادلب"},   {"آذار", "اذار"},     {"ٱلرقة", "الرقه"}, {"حـــلب", "حلب"},
      {"حَلَبُ", "حلب"},   {"مدرسة", "مدرسه"}, {"مستشفى", "مستشفي"}, {"مؤسسة", "موسسه"}, {"شاطئ", "شاطي"},
      {"٢٠١٧", "2017"}, {"۲۰۱۷", "2017"},   {"ﺣﻠﺐ", "حلب"},       {"ﻻ", "لا"},        {"علی", "علي"},
      {"کفر", "كفر"},   {"اللّٰه", "الله"},
  };
  for (const auto& [a, b] : kSame) {
    INFO(a);
    CHECK(fold_for_search(a) == fold_for_search(b));
    CHECK(fold_for_search(a) == b);
  }
  CHECK(fold_for_search("حلب") != fold_for_search("حمص"));
  CHECK(fold_for_search("ء") == "ء");
}

TEST_CASE("Latin case and diacritics fold away, those of other scripts stay") {
  CHECK(fold_for_search("Crème BRÛLÉE") == "creme brulee");
  CHECK(fold_for_search("Straße") == "strasse");
  CHECK(fold_for_search("İstanbul ISPARTA ığdır") == "istanbul isparta igdir");
  CHECK(fold_for_search("Łódź Đà Nẵng Ørsted") == "lodz da nang orsted");
  CHECK(fold_for_search("ﬁle Ⅳ ２０") == "file iv 20");
  CHECK(fold_for_search("Йога") == "йога");
  CHECK(fold_for_search("Йога") != fold_for_search("Иога"));
  CHECK(fold_for_search("हिन्दी") == "हिन्दी");
}

TEST_CASE("white space runs become one blank and foreign bytes U+FFFD") {
  CHECK(fold_for_search("a \t\n b") == "a b");
  CHECK(fold_for_search("é \u00a0\u2003 b") == "e b");
  CHECK(fold_for_search("A\xff") == "a\ufffd");
  CHECK(fold_for_search("").empty());
}

TEST_CASE("folding twice is folding once, and the fast path agrees") {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    const std::string raw = random_text(random);
    const std::string folded = fold_for_search(raw);
    INFO(escape_for_display(raw));
    REQUIRE(fold_for_search(folded) == folded);
    const std::string of_text = fold_text(raw);
    REQUIRE(fold_text(of_text) == of_text);
    REQUIRE(fold_text(folded) == of_text);
  }
  for (int c = 0; c < 128; ++c) {
    const std::string ascii = {'x', static_cast<char>(c), 'Y'};
    INFO(c);
    CHECK("h" + fold_for_search(ascii) == fold_for_search("\u0127" + ascii));
    CHECK("h" + fold_text(ascii) == fold_text("\u0127" + ascii));
  }
}

TEST_CASE("in texts apostrophes go, hyphens are blanks, and signs of the Arabic script are the Latin ones") {
  for (const char* spelling : {"Ma'arrat", "Ma\u2019arrat", "Ma\u2018arrat", "Ma`arrat", "Ma\u02bfarrat",
                               "Ma\u02bearrat", "Ma\u02bbarrat", "Ma\u02bcarrat", "Ma\u2032arrat", "MAARRAT"})
    CHECK(fold_text(spelling) == "maarrat");
  for (const char* spelling : {"Tahrir al-Sham", "Tahrir_al_Sham", "Tahrir al\u2010Sham",
                               "Tahrir al\u2011Sham", "Tahrir \u2013 al\u2012Sham", "tahrir  al - sham"})
    CHECK(fold_text(spelling) == "tahrir al sham");
  CHECK(fold_text("خان شيخون، الحي؛ متى؟ نعم۔") == "خان شيخون, الحي; متي? نعم.");
  CHECK(fold_text("\u00aba\u00bb \u201cb\u201d \u201ec\u201d") == "\"a\" \"b\" \"c\"");
  CHECK(fold_text("e'\u0301'a") == fold_text("\u00e9a"));
  CHECK(fold_text("a\u2014b") == "a\u2014b");
  CHECK(fold_text("'") == "");
}

TEST_CASE("canonical composition is absent for bytes that are not UTF-8") {
  CHECK(to_nfc("e\u0301") == "\u00e9");
  CHECK(to_nfc("abc") == "abc");
  CHECK_FALSE(to_nfc("\xff"));
}

TEST_CASE("folding case joins what case-blind file systems join, and nothing else") {
  CHECK(fold_case("HELLO.txt") == fold_case("hello.TXT"));
  CHECK(fold_case("N\u00da\u00d1ez") == fold_case("Nu\u0301n\u0303ez"));
  CHECK(fold_case("stra\u00dfe") == fold_case("STRASSE"));
  CHECK(fold_case("Nunez") != fold_case("N\u00fa\u00f1ez"));
  CHECK(fold_case("a  b") != fold_case("a b"));
  CHECK(!fold_case("\xff"));
  CHECK(fold_case(*fold_case("\u0130I\u0307")) == fold_case("\u0130I\u0307"));
}
