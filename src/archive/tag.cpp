#include "dalil/archive/tag.hpp"

#include <algorithm>
#include <set>

#include "dalil/base/text.hpp"
#include "editor_state.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr const char* kTagsWord = "tags";

std::string name_of_tag(ledger::Reader& reader, Row row) {
  return std::string(as_chars(reader.cell(kTagName, row)));
}

Tagging read_tagging(View& view, Row row) {
  ledger::Reader& reader = view.reader();
  Tagging tagging;
  tagging.row = row;
  tagging.item = load_u32(reader.cell(kTaggingItem, row).data());
  tagging.tag = load_u32(reader.cell(kTaggingTag, row).data());
  tagging.seq = load_u64(reader.cell(kTaggingSeq, row).data());
  const std::uint64_t withdrawn = load_u64(reader.cell(kTaggingWithdrawn, row).data());
  if (withdrawn != 0) tagging.withdrawn_seq = withdrawn - 1;
  return tagging;
}

void check_name(EditorAccess::State& state, const std::string& name) {
  if (!is_plain_name(name))
    throw Error(ErrorCode::invalid, fmt::format("'{}' cannot be a tag", escape_for_display(name)),
                "use 1 to 200 bytes of text without control characters, backslashes and blanks at its ends");
  if (state.deriver.find_tag(name)) return;
  if (const auto similar = state.deriver.similar_tag(name))
    throw Error(ErrorCode::conflict, fmt::format("'{}' could be mistaken for the tag '{}'", name, *similar),
                "use that one, or a name that differs in more than case and accents");
}

void change(EditorAccess::State& state, const std::string& name, const std::vector<Row>& items,
            const std::string& why, bool removed) {
  state.append_items(
      items,
      [&] {
        records::Record record;
        auto* changed = record.mutable_tags_changed();
        changed->set_name(name);
        changed->set_why(why);
        changed->set_removed(removed);
        return record;
      },
      [](records::Record& record) { return record.mutable_tags_changed()->add_digests(); });
}

}  // namespace

std::vector<Tag> tags(View& view) {
  require_evidence(view, kTagsWord);
  std::vector<Tag> all;
  for (Row row = 0; row < view.reader().rows(kTags); ++row)
    all.push_back({row, name_of_tag(view.reader(), row)});
  for_each_tagging(view, [&](Row, Row tag) { ++all.at(tag).items; });
  std::ranges::sort(all, {}, &Tag::name);
  return all;
}

std::optional<Row> find_tag(View& view, std::string_view name) {
  require_evidence(view, kTagsWord);
  for (Row row = 0; row < view.reader().rows(kTags); ++row)
    if (as_chars(view.reader().cell(kTagName, row)) == name) return row;
  return std::nullopt;
}

std::vector<Tagging> tags_of_item(View& view, Row item, bool with_withdrawn) {
  require_evidence(view, kTagsWord);
  std::vector<Row> rows;
  view.reader().scan(kTaggingItem, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      if (load_u32(values.data() + std::size_t{i} * 4) == item) rows.push_back(first + i);
    return true;
  });
  std::vector<Tagging> found;
  for (const Row row : rows) {
    Tagging tagging = read_tagging(view, row);
    if (tagging.withdrawn() && !with_withdrawn) continue;
    tagging.name = name_of_tag(view.reader(), tagging.tag);
    tagging.why = open_record(view, tagging.seq).tags_changed().why();
    if (tagging.withdrawn_seq)
      tagging.withdrawn_why = open_record(view, *tagging.withdrawn_seq).tags_changed().why();
    found.push_back(std::move(tagging));
  }
  return found;
}

void for_each_tagging(View& view, const std::function<void(Row, Row)>& visit) {
  require_evidence(view, kTagsWord);
  ledger::Reader& reader = view.reader();
  std::vector<Row> items, tags;
  const auto take = [](std::vector<Row>& into) {
    return [&into](Row, Row count, ByteView values) {
      for (Row i = 0; i < count; ++i) into.push_back(load_u32(values.data() + std::size_t{i} * 4));
      return true;
    };
  };
  reader.scan(kTaggingItem, take(items));
  reader.scan(kTaggingTag, take(tags));
  reader.scan(kTaggingWithdrawn, [&](Row first, Row count, ByteView values) {
    for (Row i = 0; i < count; ++i)
      if (load_u64(values.data() + std::size_t{i} * 8) == 0) visit(items[first + i], tags[first + i]);
    return true;
  });
}

std::size_t add_tag(Editor& editor, const std::string& name, std::span<const Row> items,
                    const std::string& why) {
  EditorAccess::State& state = EditorAccess::state(editor);
  check_name(state, name);
  const auto tag = state.deriver.find_tag(name);
  std::vector<Row> fresh;
  for (const Row item : std::set<Row>(items.begin(), items.end()))
    if (!tag || !state.deriver.find_tagging(item, *tag)) fresh.push_back(item);
  change(state, name, fresh, why, false);
  return fresh.size();
}

std::size_t remove_tag(Editor& editor, const std::string& name, std::span<const Row> items,
                       const std::string& why) {
  EditorAccess::State& state = EditorAccess::state(editor);
  const auto tag = state.deriver.find_tag(name);
  std::vector<Row> standing;
  for (const Row item : std::set<Row>(items.begin(), items.end()))
    if (tag && state.deriver.find_tagging(item, *tag)) standing.push_back(item);
  change(state, name, standing, why, true);
  return standing.size();
}

}  // namespace dalil::archive
