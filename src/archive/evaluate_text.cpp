#include <algorithm>
#include <cctype>
#include <cstring>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "evaluator.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// Whether a letter or a digit ends before, or begins at, this place. What is not ASCII counts as a letter:
/// of the scripts in question no other sign is frequent within names.
bool is_letter(std::uint8_t byte) {
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

/// Marks the rows of a block whose text holds one of these: the first anywhere, the others as whole words.
void mark(const ledger::Reader::Texts& texts, const std::vector<std::string>& needles, Matches& found) {
  const std::uint8_t* const begin = texts.bytes.data();
  const std::uint8_t* const end = begin + texts.bytes.size();
  for (const std::string& needle : needles) {
    for (const std::uint8_t* at = begin; at < end;) {
      const auto* hit = static_cast<const std::uint8_t*>(
          memmem(at, static_cast<std::size_t>(end - at), needle.data(), needle.size()));
      if (hit == nullptr) break;
      const auto offset = static_cast<std::uint32_t>(hit - begin);
      const auto after = std::ranges::upper_bound(texts.begins, offset);
      at = hit + 1;
      if (after == texts.begins.begin()) continue;
      const auto row = static_cast<std::size_t>(after - texts.begins.begin()) - 1;
      const std::size_t value_end = std::size_t{texts.begins[row]} + texts.sizes[row];
      if (offset + needle.size() > value_end)
        continue;  // reaches beyond the value, into the next one's length
      const bool within_a_word = (offset > texts.begins[row] && is_letter(hit[-1])) ||
                                 (offset + needle.size() < value_end && is_letter(hit[needle.size()]));
      if (&needle != &needles.front() && within_a_word) continue;
      found[texts.first + row] = 1;
      at = begin + value_end;
    }
  }
}

void search(ledger::Reader& reader, const Column& column, const std::vector<std::string>& needles,
            const Matches& among, Matches& found, std::uint32_t first_block, std::uint32_t last_block) {
  for (std::uint32_t block = first_block; block < last_block; ++block) {
    if (!any_in(among, block * column.rows_per_block, column.rows_per_block)) continue;
    reader.scan_texts(
        column,
        [&](const ledger::Reader::Texts& texts) {
          if (!texts.begins.empty()) mark(texts, needles, found);
          return true;
        },
        block, block + 1);
  }
}

}  // namespace

/// `found` may come to hold rows that are not `among` those asked for.
void Evaluator::find_in_texts(const Column& column, const std::vector<std::string>& needles,
                              const Matches& among, Matches& found) {
  const std::uint32_t blocks =
      static_cast<std::uint32_t>((among.size() + column.rows_per_block - 1) / column.rows_per_block);
  search(reader_, column, needles, among, found, 0, blocks);
}

/// Names, what the file says in words, and the incidents that it is linked to.
void Evaluator::narrow_text(const std::string& words, Matches& matches) {
  const std::vector<std::string> needles = needles_of(words);
  if (needles.front().empty() || needles.front() == " ") return;  // nothing is left of it: it is everywhere
  Matches found(matches.size());
  find_in_texts(kItemPaths, needles, matches, found);
  if (view_.can_read(ledger::SealClass::evidence)) {
    find_in_texts(kFactText, needles, matches, found);
    find_linked(incidents_with_text(needles), found);
    find_tagged(needles, found);
  }
  // Of an item with very many names the first ones are in the column.
  Matches more(matches.size());
  find_in_texts(kItemPaths, {std::string(kMorePaths)}, matches, more);
  bool any_more = false;
  for (std::size_t i = 0; i < more.size(); ++i) {
    more[i] = static_cast<std::uint8_t>(more[i] & matches[i] & (found[i] ^ 1));
    any_more |= more[i] != 0;
  }
  if (any_more)
    view_.for_each_copy(ledger::kNoRow,
                        [&](Row, const std::string& directory, const std::vector<CopyRow>& rows) {
                          for (const CopyRow& row : rows) {
                            if (row.item >= more.size() || more[row.item] == 0) continue;
                            const std::string path = fold_for_search(files::join_path(directory, row.name));
                            if (path.find(needles.front()) != std::string::npos) found[row.item] = 1;
                          }
                        });
  keep(matches, found);
}

void Evaluator::find_tagged(const std::vector<std::string>& needles, Matches& found) {
  Matches tags(reader_.rows(kTags));
  reader_.scan_variable(kTagName, [&](Row row, ByteView name) {
    const std::string folded = fold_for_search(as_chars(name));
    tags[row] = static_cast<std::uint8_t>(std::ranges::any_of(
        needles, [&](const std::string& needle) { return folded.find(needle) != std::string::npos; }));
    return true;
  });
  if (std::ranges::find(tags, 1) == tags.end()) return;
  const Matches bear = tagged(tags);
  add(found, bear);
}

Matches Evaluator::incidents_with_text(const std::vector<std::string>& needles) {
  Matches incidents(view_.incident_count()), all(incidents.size(), 1);
  find_in_texts(kIncidentText, needles, all, incidents);
  return incidents;
}

}  // namespace dalil::archive
