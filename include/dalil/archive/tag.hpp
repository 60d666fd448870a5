#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"

/// Words that people put on items to find them again (docs/review.md). Class evidence: what a role without it
/// asks for throws Error(wrong_key).
///
/// For filters: tags are the rows of table 16 (their names are `schema::kTagName`); an item bears one while a
/// row of table 17 names both and its `schema::kTaggingWithdrawn` is zero. `for_each_tagging` gives those.
namespace dalil::archive {

struct Tag {
  Row row = ledger::kNoRow;
  std::string name;
  std::uint64_t items = 0;  ///< that bear it now
};

/// That an item bears a tag, or once did.
struct Tagging {
  Row row = ledger::kNoRow;
  Row item = ledger::kNoRow;
  Row tag = ledger::kNoRow;
  std::string name;  ///< of the tag
  Seq seq = 0;       ///< the entry that made it
  std::string why;
  std::optional<Seq> withdrawn_seq;  ///< the entry that took it off
  std::string withdrawn_why;
  bool withdrawn() const { return withdrawn_seq.has_value(); }
};

/// All that were ever used, ascending by name.
std::vector<Tag> tags(View& view);
/// By its exact name.
std::optional<Row> find_tag(View& view, std::string_view name);
std::vector<Tagging> tags_of_item(View& view, Row item, bool with_withdrawn = false);
/// Those that stand.
void for_each_tagging(View& view, const std::function<void(Row item, Row tag)>& visit);

/// From now on these items bear the tag; those that do already stay so. Returns how many are new.
/// Error(invalid) for a name that cannot be one (1 to 200 bytes of text on a line); Error(conflict) if a new
/// one could be mistaken for another.
std::size_t add_tag(Editor& editor, const std::string& name, std::span<const Row> items,
                    const std::string& why);
/// They do not any more; those that do not bear it are left out. Returns how many did.
std::size_t remove_tag(Editor& editor, const std::string& name, std::span<const Row> items,
                       const std::string& why);

}  // namespace dalil::archive
