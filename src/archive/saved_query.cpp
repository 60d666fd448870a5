#include "dalil/archive/saved_query.hpp"

#include <algorithm>

#include "dalil/base/text.hpp"
#include "editor_state.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr const char* kWhat = "saved queries";

Seq state(Editor& editor, const std::string& name, const std::string& text, const std::string& note) {
  records::Record record;
  auto* saved = record.mutable_query_saved();
  saved->set_name(name);
  saved->set_text(text);
  saved->set_note(note);
  return EditorAccess::state(editor).append_and_apply(ledger::SealClass::evidence, record);
}

}  // namespace

std::vector<SavedQuery> saved_queries(View& view) {
  require_evidence(view, kWhat);
  ledger::Reader& reader = view.reader();
  std::vector<SavedQuery> all;
  for (Row row = 0; row < reader.rows(kQueries); ++row) {
    const Seq seq = load_u64(reader.cell(kQuerySeq, row).data());
    const records::Record record = open_record(view, seq);
    if (record.query_saved().text().empty()) continue;
    const ledger::PublicLine line = reader.line(seq);
    all.push_back({record.query_saved().name(), record.query_saved().text(), record.query_saved().note(), seq,
                   line.time, view.actor_name(line.actor)});
  }
  std::ranges::sort(all, {}, &SavedQuery::name);
  return all;
}

std::optional<SavedQuery> find_saved_query(View& view, std::string_view name) {
  for (SavedQuery& query : saved_queries(view))
    if (query.name == name) return std::move(query);
  return std::nullopt;
}

Seq save_query(Editor& editor, const std::string& name, const std::string& text, const std::string& note) {
  if (!is_plain_name(name) || name.find_first_of("\"() ~") != std::string::npos)
    throw Error(ErrorCode::invalid, fmt::format("'{}' cannot be a query's name", escape_for_display(name)),
                "use 1 to 200 bytes of text without blanks, brackets, quotes, '~' and control characters");
  if (text.empty()) throw Error(ErrorCode::invalid, "a query of nothing cannot be saved");
  return state(editor, name, text, note);
}

Seq remove_saved_query(Editor& editor, const std::string& name, const std::string& why) {
  if (!EditorAccess::state(editor).deriver.find_query(name))
    throw Error(ErrorCode::not_found, fmt::format("there is no saved query '{}'", escape_for_display(name)),
                "'dalil query list' shows them");
  return state(editor, name, {}, why);
}

}  // namespace dalil::archive
