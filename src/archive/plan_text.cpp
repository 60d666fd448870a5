#include <algorithm>
#include <cstring>

#include "dalil/base/text.hpp"
#include "dalil/files/walk.hpp"
#include "name_words.hpp"
#include "plan.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

/// Marks the values of a block that hold one of these. `found` has the block's first value at `at`.
void mark(const ledger::Reader::Texts& texts, const std::vector<Needle>& needles, Matches& found,
          std::size_t at) {
  if (texts.begins.empty()) return;
  const std::uint8_t* const begin = texts.bytes.data();
  const std::uint8_t* const end = begin + texts.bytes.size();
  for (const Needle& needle : needles) {
    const std::string& anchor = needle.anchor();
    std::size_t value = 0;
    for (const std::uint8_t* from = begin; from < end;) {
      const auto* hit = static_cast<const std::uint8_t*>(
          memmem(from, static_cast<std::size_t>(end - from), anchor.data(), anchor.size()));
      if (hit == nullptr) break;
      from = hit + 1;
      const auto offset = static_cast<std::size_t>(hit - begin);
      while (value + 1 < texts.begins.size() && texts.begins[value + 1] <= offset) ++value;
      const std::size_t value_begin = texts.begins[value], size = texts.sizes[value];
      // What lies before a value, or reaches beyond it, is the next one's length.
      if (offset < value_begin || offset + anchor.size() > value_begin + size) continue;
      if (!needle.stands_at(as_chars({begin + value_begin, size}), offset - value_begin)) continue;
      found[at + value] = 1;
      from = begin + value_begin + size;
    }
  }
}

/// A text, and which items have it in something else than their own texts.
struct Word {
  std::vector<Needle> needles;
  ItemSet elsewhere;
};

/// Names, and what the file says in words, for several texts at once.
class TextTest {
 public:
  TextTest(std::vector<Word> words, bool sees_facts) : words_(std::move(words)), sees_facts_(sees_facts) {}

  void narrow(const Stretch& stretch, Matches& matches) const {
    std::vector<Matches> found;
    for (const Word& word : words_) {
      found.emplace_back(matches.size(), 1);
      keep(stretch, word.elsewhere, found.back());
    }
    Matches more(matches.size());
    search(stretch, kItemPaths, matches, found, &more);
    if (sees_facts_) search(stretch, kFactText, matches, found, nullptr);
    for (std::size_t i = 0; i < matches.size(); ++i)
      if (matches[i] != 0)
        matches[i] = static_cast<std::uint8_t>(
            std::ranges::all_of(found, [i](const Matches& one) { return one[i] != 0; }) ||
            (more[i] != 0 && has_all(stretch, found, i)));
  }

 private:
  void search(const Stretch& stretch, const Column& column, const Matches& among, std::vector<Matches>& found,
              Matches* more) const {
    static const std::vector<Needle> kMore{Needle::part(std::string(kMorePaths))};
    for (std::size_t at = 0; at < among.size(); at += column.rows_per_block) {
      if (!any_in(among, at, column.rows_per_block)) continue;
      const std::uint32_t block = (stretch.first + static_cast<Row>(at)) / column.rows_per_block;
      stretch.reader.scan_texts(
          column,
          [&](const ledger::Reader::Texts& texts) {
            for (std::size_t i = 0; i < words_.size(); ++i) mark(texts, words_[i].needles, found[i], at);
            if (more != nullptr) mark(texts, kMore, *more, at);
            return true;
          },
          block, block + 1);
    }
  }

  /// Of an item with very many names the first ones are in the column.
  bool has_all(const Stretch& stretch, const std::vector<Matches>& found, std::size_t i) const {
    std::vector<std::string> paths;
    for (const CopyInfo& copy : stretch.view.copies_of(stretch.first + static_cast<Row>(i)))
      paths.push_back(fold_text(copy.path));
    for (std::size_t word = 0; word < words_.size(); ++word)
      if (found[word][i] == 0 && std::ranges::none_of(paths, [&](const std::string& path) {
            return stands_in(path, words_[word].needles);
          }))
        return false;
    return true;
  }

  std::vector<Word> words_;
  bool sees_facts_;
};

}  // namespace

namespace {

void add_needle(std::vector<Needle>& needles, Needle needle) {
  if (!needle.anchor().empty() && std::ranges::find(needles, needle) == needles.end())
    needles.push_back(std::move(needle));
}

/// In any spelling of the article; and as it was folded in columns that an earlier version derived.
void add_name(std::vector<Needle>& needles, const std::string& name) {
  const std::vector<std::string> words = words_of(name);
  if (!words.empty()) add_needle(needles, Needle::name(words));
  std::string as_it_is = fold_for_search(name);
  if (as_it_is != fold_text(name)) add_needle(needles, Needle::words(std::move(as_it_is)));
}

}  // namespace

std::vector<Needle> Planner::needles_of(const std::string& text) const {
  std::vector<Needle> needles{Needle::part(fold_text(text))};
  add_needle(needles, Needle::part(fold_for_search(text)));
  if (query_.other_names)
    for (const std::string& name : query_.other_names(text)) add_name(needles, name);
  return needles;
}

/// Words side by side that are a place's name together: its other names have each of them.
void Planner::add_names_of_runs(const std::vector<std::string>& texts,
                                std::vector<std::vector<Needle>>& needles) const {
  constexpr std::size_t kLongest = 4;
  if (!query_.other_names) return;
  for (std::size_t first = 0; first < texts.size(); ++first) {
    std::string phrase = texts[first];
    for (std::size_t last = first + 1; last < std::min(texts.size(), first + kLongest); ++last) {
      phrase += ' ' + texts[last];
      for (const std::string& name : query_.other_names(phrase))
        for (std::size_t word = first; word <= last; ++word) add_name(needles[word], name);
    }
  }
}

Narrow Planner::texts(const std::vector<std::string>& texts) {
  std::vector<std::vector<Needle>> needles;
  for (const std::string& text : texts) needles.push_back(needles_of(text));
  add_names_of_runs(texts, needles);
  std::vector<Word> words;
  for (std::vector<Needle>& of_word : needles) {
    const std::string& anchor = of_word.front().anchor();
    if (anchor.empty() || anchor == " ") continue;  // nothing is left: it is everywhere
    ItemSet elsewhere = with_text_elsewhere(of_word);
    words.push_back({std::move(of_word), std::move(elsewhere)});
  }
  const bool sees_facts = view_.can_read(ledger::SealClass::evidence);
  return [test = std::make_shared<const TextTest>(std::move(words), sees_facts)](
             const Stretch& stretch, Matches& matches) { test->narrow(stretch, matches); };
}

/// In descriptions of incidents that they are linked to, in reviews, and in tags.
ItemSet Planner::with_text_elsewhere(const std::vector<Needle>& needles) {
  if (!view_.can_read(ledger::SealClass::evidence)) return ItemSet(view_.item_count());
  ItemSet found = linked_to(incidents_with_text(needles));
  found.join(reviewed_with_text(needles));
  const Matches tags = tags_where([&](const std::string& folded) { return stands_in(folded, needles); });
  if (any_in(tags, 0, tags.size())) found.join(tagged(tags));
  return found;
}

/// Of an item itself, or of a link that stands.
ItemSet Planner::reviewed_with_text(const std::vector<Needle>& needles) {
  Matches reviews(reader_.rows(kReviews));
  reader_.scan_texts(kReviewText, [&](const ledger::Reader::Texts& texts) {
    mark(texts, needles, reviews, texts.first);
    return true;
  });
  ItemSet items(view_.item_count());
  for (Row review = 0; review < reviews.size(); ++review) {
    if (reviews[review] == 0) continue;
    const Row item = load_u32(reader_.cell(kReviewItem, review).data());
    const Row link = load_u32(reader_.cell(kReviewLink, review).data());
    if (item != 0)
      items.insert(item - 1);
    else if (load_u64(reader_.cell(kLinkWithdrawn, link - 1).data()) == 0)
      items.insert(load_u32(reader_.cell(kLinkItem, link - 1).data()));
  }
  return items;
}

Matches Planner::incidents_with_text(const std::vector<Needle>& needles) {
  Matches incidents(view_.incident_count());
  reader_.scan_texts(kIncidentText, [&](const ledger::Reader::Texts& texts) {
    mark(texts, needles, incidents, texts.first);
    return true;
  });
  return incidents;
}

}  // namespace dalil::archive
