#include "limits.hpp"

#include <catch2/catch.hpp>

using namespace dalil::drives;

TEST_CASE("what FAT and exFAT cannot hold is told, and Linux' own file systems hold every byte") {
  for (const char* name : {"vfat", "exfat", "ntfs3"}) {
    CAPTURE(name);
    const Limits limits = limits_of(name);
    for (const char* bad : {"a:b", "a?b", "a*b", "a\"b", "a<b", "a>b", "a|b", "a\\b", "a\nb", "a.", "a ",
                            "\xff", "nul.txt", "COM1"})
      CHECK(!name_problem(limits, bad).empty());
    for (const char* good : {"IMG_0001.JPG", ".hidden", "a b", "\u062d\u0644\u0628", "100%", "console"})
      CHECK(name_problem(limits, good).empty());
    CHECK(name_problem(limits, std::string(255, 'x')).empty());
    CHECK(!name_problem(limits, std::string(256, 'x')).empty());
  }
  CHECK(name_problem(limits_of("ext4"), "a:b\n\xff ").empty());
  CHECK(limits_of("vfat").largest_file == 4294967295U);
  CHECK(!limits_of("vfat").attributes);
  CHECK(limits_of("ext4").attributes);
}

TEST_CASE("255 UTF-16 units are counted, not bytes") {
  std::string arabic, beyond;
  for (int i = 0; i < 255; ++i) arabic += "\u0628";
  for (int i = 0; i < 128; ++i) beyond += "\U0001F4F7";
  CHECK(name_problem(limits_of("exfat"), arabic).empty());
  CHECK(!name_problem(limits_of("exfat"), arabic + "x").empty());
  CHECK(!name_problem(limits_of("exfat"), beyond).empty());
}

TEST_CASE("names made safe can be held, and tell what they were") {
  const Limits limits = limits_of("exfat");
  CHECK(safe_path(limits, "a/b:c/d") == "a/b%3Ac/d");
  CHECK(safe_path(limits, "100%/x?") == "100%/x%3F");
  CHECK(safe_name(limits, "50%?") == "50%25%3F");
  CHECK(safe_path(limits, "\xff") == "%FF");
  CHECK(safe_path(limits, "nul.txt") == "%6Eul.txt");
  CHECK(safe_path(limits, "end. ") == "end.%20");
  CHECK(!safe_path(limits, std::string(200, '?')));
  CHECK(path_problem(limits, "a/b/c").empty());
}

TEST_CASE("labels become folders that differ") {
  CHECK(safe_label("disk", "V1") == "disk");
  CHECK(safe_label("a/b", "V2") == "a_b-V2");
  CHECK(safe_label("a:b", "V3") == "a_b-V3");
  CHECK(safe_label("..", "V4") == "__-V4");
}
