#include "dalil/archive/gazetteer.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"

using namespace dalil;
using namespace dalil::archive;

namespace {

Place place(std::string code, PlaceLevel level, std::string parent, std::string english, std::string arabic,
            std::vector<std::string> aliases = {}) {
  Place made;
  made.code = std::move(code);
  made.level = level;
  made.parent = std::move(parent);
  made.names = {{"ar", std::move(arabic)}, {"en", std::move(english)}};
  made.aliases = std::move(aliases);
  return made;
}

Place at(Place place, double latitude, double longitude, double radius_km) {
  place.latitude = latitude;
  place.longitude = longitude;
  place.radius_km = radius_km;
  return place;
}

Gazetteer some() {
  using L = PlaceLevel;
  return Gazetteer({
      at(place("SY07", L::governorate, "", "Idleb", "إدلب", {"Idlib"}), 35.93, 36.63, 66),
      at(place("SY0700", L::district, "SY07", "Idleb", "إدلب", {"Idlib"}), 35.93, 36.63, 30),
      at(place("SY070000", L::subdistrict, "SY0700", "Idleb", "إدلب", {"Idlib"}), 35.93, 36.63, 7),
      place("SY0702", L::district, "SY07", "Al Ma'ra", "معرة النعمان"),
      at(place("SY070201", L::subdistrict, "SY0702", "Khan Shaykun", "خان شيخون", {"Khan Sheikhoun"}), 35.44,
         36.65, 9),
      at(place("SY05", L::governorate, "", "Hama", "حماة"), 35.13, 36.75, 83),
      place("SY0501", L::district, "SY05", "Hama", "حماة"),
      at(place("SY050101", L::subdistrict, "SY0501", "Suran", "صوران"), 35.29, 36.75, 8),
      at(place("SY02", L::governorate, "", "Aleppo", "حلب", {"Halab"}), 36.2, 37.16, 151),
      place("SY0204", L::district, "SY02", "A'zaz", "اعزاز"),
      at(place("SY020405", L::subdistrict, "SY0204", "Suran", "صوران"), 36.57, 37.21, 8),
      at(place("SY11", L::governorate, "", "Ar-Raqqa", "الرقة"), 35.95, 39.0, 105),
      place("SY07/FARM", L::place, "SY07", "Mazra'at al Tes'a", "مزرعة التسعة"),
  });
}

std::vector<std::string> codes(const std::vector<const Place*>& places) {
  std::vector<std::string> codes;
  for (const Place* one : places) codes.push_back(one->code);
  return codes;
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("spellings of one name have one key") {
  CHECK(place_key("Ar-Raqqa") == place_key("raqqa city"));
  CHECK(place_key("Deir Ez-Zour") == "deirzour");
  CHECK(place_key("the town of Idlib") == "ofidlib");
  CHECK(place_key("Qal'at al Madiq") == place_key("Qal\u2019at Al-Madiq"));
  CHECK(place_key("الرقّة") == place_key("رقه"));
  CHECK(place_key("إدلب") == place_key("ادلب"));
  CHECK(place_key("مدينة إدلـب") == place_key("إِدْلِب"));
  CHECK(place_key("محافظة الحسكة") == place_key("الحسكه"));
  CHECK(place_key("كفر زيتا") == place_key("كفرزيتا"));
  CHECK(place_key("Al Mayādīn") == "mayadin");
  CHECK(place_key("City") == "city");
  CHECK(place_key("'-,") == "");
  CHECK(place_key("\xff\xfe") == place_key("\xff\xfe"));
}

TEST_CASE("a name finds every place that is called so, the highest level first") {
  const Gazetteer gazetteer = some();
  CHECK(codes(gazetteer.find("idlib")) == Codes{"SY07", "SY0700", "SY070000"});
  CHECK(codes(gazetteer.find("ادلب", PlaceLevel::governorate)) == Codes{"SY07"});
  CHECK(codes(gazetteer.find("Suran")) == Codes{"SY050101", "SY020405"});
  CHECK(codes(gazetteer.find("SY0702")) == Codes{"SY0702"});
  CHECK(codes(gazetteer.find("sy0702")) == Codes{"SY0702"});
  CHECK(gazetteer.find("Palmyra").empty());
  CHECK(gazetteer.find("").empty());
}

TEST_CASE("a town that its district and its governorate are named after is one town") {
  const Gazetteer gazetteer = some();
  CHECK(codes(gazetteer.find_towns("Idlib")) == Codes{"SY070000"});
  CHECK(codes(gazetteer.find_towns("Suran")) == Codes{"SY050101", "SY020405"});
}

TEST_CASE("a name that is spelled otherwise is suggested") {
  const Gazetteer gazetteer = some();
  CHECK(codes(gazetteer.similar("Khan Sheikhun")) == Codes{"SY070201"});
  CHECK(codes(gazetteer.similar("Edlib", 1)) == Codes{"SY07"});
  CHECK(gazetteer.similar("Paris").empty());
}

TEST_CASE("a register's words are located in the governorate that it names") {
  const Gazetteer gazetteer = some();
  const auto code = [&](const char* governorate, const char* words) {
    const Place* found = gazetteer.locate(governorate, words);
    return found == nullptr ? std::string() : found->code;
  };
  CHECK(code("Idlib", "Khan Sheikhoun city, al Sharqi neighbourhood") == "SY070201");
  CHECK(code("Hama", "Suran town") == "SY050101");
  CHECK(code("Aleppo", "near Suran") == "SY020405");
  CHECK(code("", "Suran") == "");  // two of them
  CHECK(code("", "Khan Sheikhoun") == "SY070201");
  CHECK(code("Idlib", "Mazra'at al Tes'a, Sahl al Rouj") == "SY07/FARM");
  CHECK(code("Idlib", "Karaj Halab area") == "");  // Halab lies elsewhere
  CHECK(code("", "zone (Idlib, parts of Hama, Aleppo)") == "");
  CHECK(code("nowhere", "Khan Sheikhoun") == "");
  CHECK(code("إدلب", "خان شيخون") == "SY070201");
}

TEST_CASE("what a register says of a place names one in each run of its words") {
  const Gazetteer gazetteer = some();
  CHECK(codes(gazetteer.named_in("Idlib", "Khan Sheikhoun city, Karaj Halab area")) == Codes{"SY070201"});
  CHECK(codes(gazetteer.named_in("", "Suran")) == Codes{"SY050101", "SY020405"});
  CHECK(codes(gazetteer.named_in("Hama", "Suran town")) == Codes{"SY050101"});
  CHECK(gazetteer.named_in("Idlib", "").empty());
  const auto means = [&](const char* name, const char* governorate, const char* words) {
    return gazetteer.means_any(gazetteer.find(name), governorate, words);
  };
  for (const char* name : {"Khan Sheikhoun", "خان شيخون", "SY070201", "Idlib"})
    CHECK(means(name, "Idlib", "Khan Sheikhoun city, Karaj Halab area"));
  CHECK_FALSE(means("Aleppo", "Idlib", "Khan Sheikhoun city, Karaj Halab area"));
  CHECK(means("Idlib", "Idlib", "an unknown farm"));  // words that name no place leave the governorate
  CHECK_FALSE(means("Khan Sheikhoun", "Idlib", "an unknown farm"));
}

TEST_CASE("a place without coordinates is looked for where what it lies in is") {
  const Gazetteer gazetteer = some();
  const auto position = gazetteer.position(*gazetteer.by_code("SY07/FARM"));
  REQUIRE(position);
  CHECK(position->of == "SY07");
  CHECK(position->radius_km == 66);
  CHECK(gazetteer.governorate_of(*gazetteer.by_code("SY070201"))->code == "SY07");
  CHECK(gazetteer.within(*gazetteer.by_code("SY070201"), *gazetteer.by_code("SY07")));
  CHECK_FALSE(gazetteer.within(*gazetteer.by_code("SY07"), *gazetteer.by_code("SY070201")));
}

TEST_CASE("distances agree with those of the ellipsoid within a hundredth") {
  CHECK(distance_km(35.93, 36.63, 35.93, 36.63) == 0);
  CHECK(distance_km(33.5138, 36.2765, 36.2021, 37.1343) ==
        Approx(308.9).epsilon(0.01));  // Damascus to Aleppo
  CHECK(distance_km(0, 179.5, 0, -179.5) == Approx(111.2).epsilon(0.01));
  CHECK(distance_km(90, 0, -90, 0) == Approx(20'015).epsilon(0.01));
}

TEST_CASE("a gazetteer that contradicts itself is refused") {
  using L = PlaceLevel;
  const auto refused = [](std::vector<Place> places) {
    CHECK_THROWS_AS(Gazetteer(std::move(places)), Error);
  };
  refused({place("", L::governorate, "", "A", "ا")});
  refused({place("A", L::governorate, "", "A", "ا"), place("A", L::governorate, "", "B", "ب")});
  refused({place("B", L::district, "A", "B", "ب")});
  refused({place("B", L::district, "", "B", "ب")});
  refused({place("A", L::governorate, "", "A", "ا"), place("B", L::governorate, "A", "B", "ب")});
  refused({place("A", L::governorate, "", "A", "ا"), place("B", L::place, "A", "B", "ب"),
           place("C", L::place, "B", "C", "ج")});
  refused({at(place("A", L::governorate, "", "A", "ا"), 91, 0, 1)});
  refused({at(place("A", L::governorate, "", "A", "ا"), 0, 0, -1)});
  Place half = place("A", L::governorate, "", "A", "ا");
  half.latitude = 1;
  refused({half});
  half = place("A", L::governorate, "", "A", "ا");
  half.names.clear();
  refused({half});
}
