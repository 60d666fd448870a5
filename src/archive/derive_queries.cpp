#include "convert.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

std::map<std::string, Row, std::less<>>& Deriver::queries() {
  if (queries_) return *queries_;
  std::map<std::string, Row, std::less<>> found;
  for (Row row = 0; row < writer_->rows(kQueries); ++row)
    found.emplace(as_chars(writer_->cell(kQueryName, row)), row);
  return queries_.emplace(std::move(found));
}

/// A row a name: of what was said of it, the newest holds, also if that was that it stands for nothing.
void Deriver::apply(Seq seq, const records::QuerySaved& saved) {
  auto known = queries().find(saved.name());
  if (known == queries().end()) {
    const Row row = writer_->add_row(kQueries);
    writer_->set(kQueryName, row, as_bytes(saved.name()));
    known = queries().emplace(saved.name(), row).first;
  }
  writer_->set(kQuerySeq, known->second, u64_value(seq));
  writer_->set(kQueryStands, known->second, u8_value(saved.text().empty() ? 0 : 1));
}

std::optional<Row> Deriver::find_query(std::string_view name) {
  const auto found = queries().find(name);
  if (found == queries().end() || writer_->cell(kQueryStands, found->second)[0] == 0) return std::nullopt;
  return found->second;
}

}  // namespace dalil::archive
