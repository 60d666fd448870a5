#include "dalil/archive/stated_vocabulary.hpp"

#include <algorithm>

#include "convert.hpp"
#include "dalil/base/text.hpp"
#include "editor_state.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr const char* kWord = "vocabularies";

bool is_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= kLongestVocabularyName && std::ranges::all_of(name, fits);
}

std::string name_in(ledger::Reader& reader, Row row) {
  return std::string(as_chars(reader.cell(kVocabularyName, row)));
}

StatedVocabulary read_stated(View& view, Row row, bool with_content) {
  ledger::Reader& reader = view.reader();
  StatedVocabulary stated;
  stated.seq = load_u64(reader.cell(kVocabularySeq, row).data());
  const ledger::PublicLine line = reader.line(stated.seq);
  const records::Record record = open_record(view, stated.seq);
  stated.name = record.vocabulary_stated().name();
  stated.reason = record.vocabulary_stated().reason();
  if (with_content) stated.content = record.vocabulary_stated().content();
  stated.actor = view.actor_name(line.actor);
  stated.stated = line.time;
  return stated;
}

}  // namespace

Seq state_vocabulary(Editor& editor, const std::string& name, const std::string& content,
                     const std::string& reason) {
  if (!is_name(name))
    throw Error(ErrorCode::invalid, "'" + escape_for_display(name) + "' cannot be the name of a vocabulary",
                "use up to 64 small letters, digits and hyphens, for instance areas-of-control");
  records::Record record;
  auto* stated = record.mutable_vocabulary_stated();
  stated->set_name(name);
  stated->set_content(content);
  stated->set_reason(reason);
  return EditorAccess::state(editor).append_and_apply(ledger::SealClass::evidence, record);
}

std::vector<StatedVocabulary> vocabulary_history(View& view) {
  require_evidence(view, kWord);
  std::vector<StatedVocabulary> all;
  for (Row row = 0; row < view.reader().rows(kVocabularies); ++row)
    all.push_back(read_stated(view, row, false));
  return all;
}

std::optional<StatedVocabulary> stated_vocabulary(View& view, std::string_view name) {
  require_evidence(view, kWord);
  for (Row row = view.reader().rows(kVocabularies); row > 0; --row)
    if (name_in(view.reader(), row - 1) == name) return read_stated(view, row - 1, true);
  return std::nullopt;
}

}  // namespace dalil::archive
