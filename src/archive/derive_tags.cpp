#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {
std::uint64_t pair_key(Row item, Row tag) {
  return std::uint64_t{item} << 32 | tag;
}
}  // namespace

std::map<std::string, Row, std::less<>>& Deriver::tags() {
  if (tags_) return *tags_;
  std::map<std::string, Row, std::less<>> found;
  for (Row row = 0; row < writer_->rows(kTags); ++row)
    found.emplace(as_chars(writer_->cell(kTagName, row)), row);
  return tags_.emplace(std::move(found));
}

std::unordered_map<std::uint64_t, Row>& Deriver::tagged() {
  if (tagged_) return *tagged_;
  std::unordered_map<std::uint64_t, Row> found;
  for (Row row = 0; row < writer_->rows(kTaggings); ++row) {
    if (load_u64(writer_->cell(kTaggingWithdrawn, row).data()) != 0) continue;
    const Row item = load_u32(writer_->cell(kTaggingItem, row).data());
    found.emplace(pair_key(item, load_u32(writer_->cell(kTaggingTag, row).data())), row);
  }
  return tagged_.emplace(std::move(found));
}

std::optional<Row> Deriver::find_tag(std::string_view name) {
  const auto found = tags().find(name);
  if (found == tags().end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Deriver::similar_tag(std::string_view name) {
  const std::string folded = fold_for_search(name);
  for (const auto& [known, row] : tags())
    if (known != name && fold_for_search(known) == folded) return known;
  return std::nullopt;
}

std::optional<Row> Deriver::find_tagging(Row item, Row tag) {
  const auto found = tagged().find(pair_key(item, tag));
  if (found == tagged().end()) return std::nullopt;
  return found->second;
}

void Deriver::apply(Seq seq, const records::TagsChanged& changed) {
  auto tag = find_tag(changed.name());
  if (!tag && changed.removed()) return pass_over(seq, "a tag");
  if (!tag) {
    tag = writer_->add_row(kTags);
    writer_->set(kTagName, *tag, as_bytes(changed.name()));
    tags().emplace(changed.name(), *tag);
  }
  for (const std::string& bytes : changed.digests()) {
    const auto item = find_item(Digest::from_bytes(as_bytes(bytes)));
    if (!item) {
      pass_over(seq, "an item");
      continue;
    }
    const auto standing = find_tagging(*item, *tag);
    if (changed.removed()) {
      if (!standing) {
        pass_over(seq, "a tag of this item");
        continue;
      }
      writer_->set(kTaggingWithdrawn, *standing, u64_value(seq + 1));
      tagged().erase(pair_key(*item, *tag));
    } else if (!standing) {
      const Row row = writer_->add_row(kTaggings);
      writer_->set(kTaggingItem, row, u32_value(*item));
      writer_->set(kTaggingTag, row, u32_value(*tag));
      writer_->set(kTaggingSeq, row, u64_value(seq));
      tagged().emplace(pair_key(*item, *tag), row);
    }
  }
}

}  // namespace dalil::archive
