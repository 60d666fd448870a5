#pragma once

#include "dalil/formats/page.hpp"

namespace dalil::formats {

/// A page's own words, in each language that pages come in.
struct PageWords {
  const char *incidents, *evidence, *times_are, *not_linked, *more_items, *undated, *empty_steps;
  const char *unknown_place, *place, *governorate, *position, *own_position, *place_position, *area_position;
  const char* outside;
  const char *items, *copies, *intact, *not_verified, *damaged, *no_copy, *no_picture, *no_time, *by;
  const char* left_out;
  const char *candidate, *candidates;
  const char *review, *verified_time, *verified_made, *verified_shown, *times_behind_equal;
  const char* on_sources;
};
const PageWords& page_words(PageLanguage language);

}  // namespace dalil::formats
