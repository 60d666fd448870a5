#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/review.hpp"
#include "dalil/archive/tag.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

Narrow in_column(const Column& column, std::function<bool(const std::uint8_t*)> passes, Zero zero) {
  return [&column, passes = std::move(passes), zero](const Stretch& stretch, Matches& matches) {
    filter(
        stretch, column, matches, [&](const std::uint8_t* value, std::size_t) { return passes(value); },
        zero);
  };
}

Narrow with_byte(const Column& column, std::uint8_t wanted) {
  return [&column, wanted](const Stretch& stretch, Matches& matches) {
    filter(
        stretch, column, matches,
        [wanted](const std::uint8_t* value, std::size_t) { return *value == wanted; },
        wanted == 0 ? Zero::is_asked : Zero::fails);
  };
}

Narrow number_in(const Column& column, const NumberSpan& span, std::size_t offset) {
  return [&column, span, offset](const Stretch& stretch, Matches& matches) {
    filter(
        stretch, column, matches,
        [span, offset](const std::uint8_t* value, std::size_t) {
          const std::uint32_t number = load_u32(value + offset);
          return number != 0 && span.contains(number);
        },
        Zero::fails);
  };
}

/// Rows (plus one) of a table of texts that pass.
Narrow one_of(const Column& column, Matches fits) {
  return [&column, fits = std::move(fits)](const Stretch& stretch, Matches& matches) {
    filter(
        stretch, column, matches,
        [&](const std::uint8_t* value, std::size_t) {
          const std::uint32_t row = load_u32(value);
          return row < fits.size() && fits[row] != 0;
        },
        fits[0] != 0 ? Zero::is_asked : Zero::fails);
  };
}

Narrow present(const Column& column) {
  return [&column](const Stretch& stretch, Matches& matches) {
    filter(
        stretch, column, matches, [](const std::uint8_t* value, std::size_t) { return load_u64(value) != 0; },
        Zero::fails);
  };
}

Narrow beginning_with(const std::string& prefix) {
  std::string lower(prefix);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.empty() || lower.size() > 64 || lower.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorCode::invalid,
                fmt::format("'{}' is not the beginning of a digest", escape_for_display(prefix)),
                "give 1 to 64 hexadecimal digits");
  const std::size_t bytes = (lower.size() + 1) / 2;
  return in_column(
      kItemDigest,
      [lower, bytes](const std::uint8_t* value) {
        return to_hex({value, bytes}).starts_with(lower);
      },
      Zero::is_asked);
}

}  // namespace

Narrow plain_test(const Test& test) {
  switch (test.field) {
    case Field::digest:
      return beginning_with(std::get<std::string>(test.value));
    case Field::size: {
      const auto span = std::get<NumberSpan>(test.value);
      return [span](const Stretch& stretch, Matches& matches) {
        filter(stretch, kItemSize, matches,
               [span](const std::uint8_t* value, std::size_t) { return span.contains(load_u64(value)); });
      };
    }
    case Field::duration:
      return number_in(kFactDuration, std::get<NumberSpan>(test.value), 0);
    case Field::width:
      return number_in(kFactDimensions, std::get<NumberSpan>(test.value), 0);
    case Field::height:
      return number_in(kFactDimensions, std::get<NumberSpan>(test.value), 4);
    case Field::kind: {
      const auto kind = media::media_kind_from(std::get<std::string>(test.value));
      return with_byte(kFactKind, static_cast<std::uint8_t>(kind.value_or(media::MediaKind::other)));
    }
    default: {  // its state
      const auto state = review_state_from(std::get<std::string>(test.value));
      return with_byte(kItemReview, static_cast<std::uint8_t>(state.value_or(ReviewState::unreviewed)));
    }
  }
}

Narrow Planner::camera(const Test& test) {
  const std::string wanted = fold_text(std::get<std::string>(test.value));
  Matches fits(std::size_t{reader_.rows(kCameras)} + 1);
  reader_.scan_variable(kCameraText, [&](Row row, ByteView text) {
    const std::string camera = fold_text(as_chars(text));
    fits[row + 1] = test.exact ? camera == wanted : camera.find(wanted) != std::string::npos;
    return true;
  });
  return one_of(kFactCamera, std::move(fits));
}

Narrow Planner::words(const Column& column, const Test& test) {
  return one_of(column, words_where(test));
}

Narrow Planner::within(ItemSet set) const {
  return [set = std::make_shared<const ItemSet>(std::move(set))](const Stretch& stretch, Matches& matches) {
    keep(stretch, *set, matches);
  };
}

Narrow Planner::tag(const Test& test) {
  const auto& name = std::get<std::string>(test.value);
  const std::string wanted = fold_text(name);
  const Matches tags = tags_where([&](const std::string& folded) {
    return test.exact ? folded == wanted : folded.find(wanted) != std::string::npos;
  });
  if (!any_in(tags, 0, tags.size()))
    throw Error(ErrorCode::not_found, fmt::format("there is no tag '{}'", escape_for_display(name)),
                "'dalil tag list' shows them");
  return within(tagged(tags));
}

Matches Planner::tags_where(const std::function<bool(const std::string&)>& passes) {
  Matches tags(reader_.rows(kTags));
  reader_.scan_variable(kTagName, [&](Row row, ByteView name) {
    tags[row] = static_cast<std::uint8_t>(passes(fold_text(as_chars(name))));
    return true;
  });
  return tags;
}

ItemSet Planner::tagged(const Matches& tags) {
  ItemSet bear(view_.item_count());
  for_each_tagging(view_, [&](Row item, Row tag) {
    if (tag < tags.size() && tags[tag] != 0) bear.insert(item);
  });
  return bear;
}

Narrow Planner::source(const Test& test) {
  const auto& alias = std::get<std::string>(test.value);
  const auto row = view_.find_source(alias);
  if (!row)
    throw Error(ErrorCode::not_found, fmt::format("there is no source '{}'", escape_for_display(alias)),
                "'dalil source list' shows them");
  ItemSet from(view_.item_count());
  view_.for_each_assignment([&](Row item, Row source) {
    if (source == *row) from.insert(item);
  });
  return within(std::move(from));
}

Narrow Planner::consent(const std::string& scope) {
  const std::vector<Source> sources = view_.sources();
  std::vector<std::uint8_t> strictest(view_.item_count());  // 0: no source
  view_.for_each_assignment([&](Row item, Row source) {
    if (item >= strictest.size() || source >= sources.size()) return;
    const auto consent = static_cast<std::uint8_t>(sources[source].consent);
    strictest[item] = strictest[item] == 0 ? consent : std::min(strictest[item], consent);
  });
  const auto named = scope == "none" ? std::optional<Consent>() : consent_from(scope);
  const auto wanted = named ? static_cast<std::uint8_t>(*named) : std::uint8_t{0};
  ItemSet with(strictest.size());
  for (Row item = 0; item < strictest.size(); ++item)
    if (strictest[item] == wanted) with.insert(item);
  return within(std::move(with));
}

Narrow Planner::is(const std::string& word) {
  if (word == "reviewed" || word == "unreviewed") {
    const bool reviewed = word == "reviewed";
    return in_column(
        kItemReview,
        [reviewed](const std::uint8_t* value) {
          return is_reviewed(static_cast<ReviewState>(*value)) == reviewed;
        },
        Zero::is_asked);
  }
  if (word == "linked") return within(linked());
  if (word == "unlinked")
    return [set = std::make_shared<const ItemSet>(linked())](const Stretch& stretch, Matches& matches) {
      for (std::size_t i = 0; i < matches.size(); ++i)
        matches[i] &= static_cast<std::uint8_t>(!set->contains(stretch.first + i));
    };
  return word == "damaged" ? damaged() : lost();
}

namespace {

/// What has a value in one of the columns.
Narrow any_present(std::vector<Narrow> columns) {
  return [columns = std::move(columns)](const Stretch& stretch, Matches& matches) {
    Matches found(matches.size());
    for (const Narrow& column : columns) {
      Matches left = matches;
      take_out(left, found);
      column(stretch, left);
      add(found, left);
    }
    matches = std::move(found);
  };
}

}  // namespace

Narrow Planner::has(const std::string& word) {
  if (word == "incident") return is("linked");
  if (word == "facts") return present(kFactSeq);
  if (word == "review")
    return in_column(
        kItemReview, [](const std::uint8_t* value) { return *value != 0; }, Zero::fails);
  if (word == "tag") return within(tagged(Matches(reader_.rows(kTags), 1)));
  if (word == "place") return any_present({present(kItemVerifiedMade), present(kFactPlace)});
  if (word == "time")
    return any_present({present(kItemVerifiedFrom), present(kFactTaken), present(kFactClaimed)});
  ItemSet with(view_.item_count());  // source
  view_.for_each_assignment([&](Row item, Row) { with.insert(item); });
  return within(std::move(with));
}

}  // namespace dalil::archive
