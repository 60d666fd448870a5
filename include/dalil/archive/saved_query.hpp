#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Queries under a name, for all who may see evidence (docs/find.md). Class evidence: what a role without it
/// asks for throws Error(wrong_key).
namespace dalil::archive {

struct SavedQuery {
  std::string name;
  std::string text;  ///< in the language of condition.hpp
  std::string note;
  Seq seq = 0;  ///< the entry that states it
  UtcTime stated;
  std::string author;
};

/// Those that stand, ascending by name.
std::vector<SavedQuery> saved_queries(View& view);
/// By its exact name.
std::optional<SavedQuery> find_saved_query(View& view, std::string_view name);

/// From now on the name stands for this query. Error(invalid) for a name that cannot be one, or a text of
/// nothing; whether the text can be read is the caller's to find out.
Seq save_query(Editor& editor, const std::string& name, const std::string& text, const std::string& note);
/// The name stands for nothing any more. Error(not_found) if it did not before.
Seq remove_saved_query(Editor& editor, const std::string& name, const std::string& why);

}  // namespace dalil::archive
