#include "dalil/archive/vocabulary.hpp"

#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"

using namespace dalil;
using namespace dalil::archive;

namespace {

Term term(std::string code, std::vector<std::string> parents, std::string name,
          std::vector<std::string> aliases = {}) {
  Term made;
  made.code = std::move(code);
  made.parents = std::move(parents);
  made.names = {{"en", std::move(name)}};
  made.aliases = std::move(aliases);
  return made;
}

Vocabulary parties() {
  return {
      "parties",
      {term("regime", {}, "Syrian regime", {"Syrian regime forces"}), term("army", {"regime"}, "Syrian army"),
       term("guard", {"army"}, "Republican Guard"), term("russia", {}, "Russian forces"),
       term("alliance", {"regime", "russia"}, "Syrian-Russian alliance"),
       term("hts", {}, "Hay'at Tahrir al Sham")}};
}

}  // namespace

TEST_CASE("a party includes its branches, and what it takes part in") {
  const Vocabulary vocabulary = parties();
  std::vector<std::string> codes;
  for (const Term* found : vocabulary.expand("syrian regime forces")) codes.push_back(found->code);
  CHECK(codes == std::vector<std::string>{"regime", "army", "guard", "alliance"});
  CHECK(vocabulary.covers("Syrian regime", "Republican Guard"));
  CHECK(vocabulary.covers("regime", "Syrian regime forces"));
  CHECK(vocabulary.covers("Russian forces", "Syrian\u2013Russian alliance"));
  CHECK_FALSE(vocabulary.covers("Syrian army", "Syrian regime forces"));
  CHECK(vocabulary.expand("nobody").empty());
  CHECK(vocabulary.covers("A new group", "a  NEW group"));
  CHECK_FALSE(vocabulary.covers("A new group", "Russian forces"));
}

TEST_CASE("terms are compared without case, apostrophes and punctuation") {
  CHECK(term_key("Hay\u2019at Tahrir al-Sham") == term_key("hayat tahrir al sham"));
  CHECK(term_key("AIR_FIXED_MISSILE") == "air fixed missile");
  CHECK(parties().find("HAYAT TAHRIR AL-SHAM").size() == 1);
}

TEST_CASE("a term may hold on days that its dates do not exclude") {
  Term coalition = term("coalition", {}, "International coalition");
  coalition.from = "2014-09";
  coalition.to = "2017";
  CHECK_FALSE(coalition.may_hold_on(*parse_date("2014-08-31")));
  CHECK(coalition.may_hold_on(*parse_date("2014-09-01")));
  CHECK(coalition.may_hold_on(*parse_date("2014")));
  CHECK(coalition.may_hold_on(*parse_date("2017-12-31")));
  CHECK_FALSE(coalition.may_hold_on(*parse_date("2018")));
}

TEST_CASE("a vocabulary that contradicts itself is refused") {
  const auto refused = [](std::vector<Term> terms) {
    CHECK_THROWS_AS(Vocabulary("x", std::move(terms)), Error);
  };
  refused({term("", {}, "A")});
  refused({term("a", {}, "A"), term("a", {}, "B")});
  refused({term("a", {"b"}, "A")});
  refused({term("a", {"a"}, "A")});
  refused({term("a", {"b"}, "A"), term("b", {"c"}, "B"), term("c", {"a"}, "C")});
  Term dated = term("a", {}, "A");
  dated.from = "2017-13";
  refused({dated});
  dated.from = "2018";
  dated.to = "2017";
  refused({dated});
}
