#pragma once

#include "dalil/archive/model.hpp"

namespace dalil::testing {

/// Every field differs from its default and from every other field's.
inline archive::Incident full_incident(const std::string& id) {
  return {
      .id = id,
      .date = "2017-09-11",
      .date_end = "2017-09-12",
      .local_time = "14:05",
      .local_time_source = "witness",
      .utc_offset = "+03:00",
      .weekday_stated = "Monday",
      .weekday_ok = false,
      .governorate = "دير الزور",
      .place = "al-Place",
      .subdistrict = "Subdistrict",
      .latitude = 35.33588,
      .longitude = -40.14084,
      .perpetrator_group = "group",
      .perpetrator_text = "group, in the register's words",
      .attribution = "believed",
      .weapon = "weapon",
      .weapon_code = "W7",
      .target = "a bakery",
      .area_of_control = "area",
      .killed = {15, "at least"},
      .children = {6, "about"},
      .women = {0, ""},
      .fetuses = {std::nullopt, "unknown number of"},
      .wounded = {-1, "minus"},
      .detained = {1LL << 40, "no less than"},
      .killed_described_as = "civilians",
      .killed_provisional = true,
      .description = "line one\nline two",
      .description_ar = "وصف",
      .notes = "notes",
      .documented_on = "2017-09-13",
      .evidence_links_in_text = 3,
      .evidence_link_texts = {"first", "", "third"},
      .photo_captions = {"caption"},
      .witness_accounts = true,
      .witness_json = R"({"who":"w"})",
      .source_json = R"(["s"])",
      .relations = {{"precedes", "I2"}, {"part_of", "I9"}},
      .extra = {{"shoe size", "42"}, {"", "null"}},
  };
}

}  // namespace dalil::testing
