#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "dalil/archive/archive.hpp"
#include "dalil/formats/page.hpp"
#include "dalil/formats/timeline.hpp"
#include "evidence_query.hpp"

/// What pages and pictures of evidence have in common.
namespace dalil::cli {

/// "Khan Sheikhoun city, Idlib"
std::string place_text(const archive::Incident& incident);
/// "killed 12 (children 3, women at least 2), wounded 20"; empty if nothing is stated.
std::string numbers_text(const archive::Incident& incident);
/// Of the items those that are linked to an incident, and those that candidate links alone lead to it.
struct LinkedItems {
  std::uint64_t items = 0, candidates = 0;
};
std::map<archive::Row, LinkedItems> items_by_incident(archive::View& view, const Evidence& evidence);

/// "en", "ar"; empty: English. Error(usage) for another.
formats::PageLanguage language_named(const std::string& name);
formats::Step step_named(const std::string& name);

/// Error(usage) unless it is empty or ends in .html or .svg; Error(conflict) if it exists.
void require_page_name(const std::string& path);
/// Whole or not at all, for its owner's eyes, and in place of nothing.
void write_page(const std::string& path, const std::function<std::string()>& page,
                const std::function<formats::Picture()>& picture);

}  // namespace dalil::cli
