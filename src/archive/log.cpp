#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "convert.hpp"
#include "dalil/archive/custody.hpp"
#include "dalil/base/error.hpp"
#include "derive.hpp"
#include "entry_fields.hpp"
#include "entry_kinds.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"
#include "summarize.hpp"

namespace dalil::archive {

namespace {

template <typename List, typename Value>
bool any_or_empty(const List& list, const Value& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

/// Entries that may be about an item or an incident, by the derived tables: the rest need not be looked at.
class Candidates {
 public:
  explicit Candidates(View& view) : view_(view) {}

  std::vector<Seq> of_item(Row item) {
    seqs_ = read_seqs(view_.reader().cell(schema::kItemCopies, item));
    for (const Repair& repair : view_.repairs_of(item)) seqs_.push_back(repair.seq);
    if (view_.can_read(ledger::SealClass::evidence)) {
      const std::uint64_t facts = load_u64(view_.reader().cell(schema::kFactSeq, item).data());
      if (facts != 0) seqs_.push_back(facts - 1);
      add_ties(schema::kLinkItem, item, schema::kLinkSeq, schema::kLinkWithdrawn);
      add_ties(schema::kAssignmentItem, item, schema::kAssignmentSeq, schema::kAssignmentWithdrawn);
      add_ties(schema::kTaggingItem, item, schema::kTaggingSeq, schema::kTaggingWithdrawn);
      add_reviews(schema::kItemLastReview, item);
    }
    return sorted();
  }

  std::vector<Seq> of_incident(Row incident) {
    seqs_ = read_seqs(view_.reader().cell(schema::kIncidentSeqs, incident));
    add_ties(schema::kLinkIncident, incident, schema::kLinkSeq, schema::kLinkWithdrawn);
    return sorted();
  }

 private:
  /// Links or assignments whose `column` has this row: the entries that made and withdrew them.
  void add_ties(const ledger::Column& column, Row row, const ledger::Column& made,
                const ledger::Column& withdrawn) {
    ledger::Reader& reader = view_.reader();
    std::vector<Row> ties;
    reader.scan(column, [&](Row first, Row count, ByteView values) {
      for (Row i = 0; i < count; ++i)
        if (schema::load_u32(values.data() + std::size_t{i} * 4) == row) ties.push_back(first + i);
      return true;
    });
    const bool links = column.table == schema::kLinks;
    for (const Row tie : ties) {
      if (links) add_reviews(schema::kLinkLastReview, tie);
      seqs_.push_back(load_u64(reader.cell(made, tie).data()));
      const std::uint64_t end = load_u64(reader.cell(withdrawn, tie).data());
      if (end != 0) seqs_.push_back(end - 1);
    }
  }

  void add_reviews(const ledger::Column& last, Row subject) {
    ledger::Reader& reader = view_.reader();
    for (Row next = schema::load_u32(reader.cell(last, subject).data()); next != 0;) {
      const Row row = next - 1;
      seqs_.push_back(load_u64(reader.cell(schema::kReviewSeq, row).data()));
      next = schema::load_u32(reader.cell(schema::kReviewPrevious, row).data());
      if (next > row)
        throw Error(ErrorCode::corrupt, "the chain of reviews does not lead back", "run 'dalil rebuild'");
    }
  }

  std::vector<Seq> sorted() {
    std::ranges::sort(seqs_);
    seqs_.erase(std::unique(seqs_.begin(), seqs_.end()), seqs_.end());
    return std::move(seqs_);
  }

  View& view_;
  std::vector<Seq> seqs_;
};

class Log {
 public:
  Log(View& view, const LogQuery& query, const std::function<bool(const LoggedEntry&)>& visit)
      : view_(view), query_(query), visit_(visit) {}

  void run() {
    const std::uint64_t size = view_.reader().size();
    const auto chosen = candidates();
    const std::uint64_t count = chosen ? chosen->size() : size;
    for (std::uint64_t i = 0; i < count && left_ > 0; ++i) {
      const std::uint64_t at = query_.newest_first ? count - 1 - i : i;
      const Seq seq = chosen ? (*chosen)[at] : at;
      if (seq < query_.from) {
        if (query_.newest_first) return;
        if (!chosen) i = query_.from - 1;  // straight to the first one that was asked for
        continue;
      }
      if (!look_at(seq)) return;
    }
  }

 private:
  std::optional<std::vector<Seq>> candidates() {
    std::optional<std::vector<Seq>> seqs;
    if (query_.item) seqs = Candidates(view_).of_item(*query_.item);
    if (query_.incident) {
      std::vector<Seq> more = Candidates(view_).of_incident(*query_.incident);
      if (!seqs) return more;
      std::vector<Seq> both;
      std::ranges::set_intersection(*seqs, more, std::back_inserter(both));
      return both;
    }
    return seqs;
  }

  bool line_matches(const ledger::PublicLine& line) const {
    return any_or_empty(query_.actors, line.actor) && (!query_.since || line.time >= *query_.since) &&
           (!query_.until || line.time <= *query_.until) &&
           (!query_.seal_class || line.seal_class == *query_.seal_class);
  }

  /// False once nothing more is wanted.
  bool look_at(Seq seq) {
    LoggedEntry logged;
    logged.line = view_.reader().line(seq);
    if (!line_matches(logged.line)) return true;
    const ledger::Entry entry = view_.reader().entry(seq);
    const bool content_matters = !query_.kinds.empty() || query_.volume;
    if (entry.state != ledger::Entry::State::open) {
      if (content_matters) return true;
      logged.visible = entry.state == ledger::Entry::State::redacted;
      logged.what = logged.visible ? "content destroyed" : "not visible to this role";
    } else {
      const unsigned kind = kind_number(entry.content);
      if (!any_or_empty(query_.kinds, kind)) return true;
      const records::Record record = parse_record(entry.content, seq);
      if (query_.volume && volume_of(record) != query_.volume) return true;
      logged.kind = kind_name(kind);
      logged.what = summarize(entry.content, seq);
      logged.fields = fields_of(record);
    }
    logged.actor_name = name_of(logged.line.actor);
    --left_;
    return visit_(logged);
  }

  const std::string& name_of(const ledger::ActorId& actor) {
    const auto [found, is_new] = names_.try_emplace(actor);
    if (is_new) found->second = view_.actor_name(actor);
    return found->second;
  }

  View& view_;
  const LogQuery& query_;
  const std::function<bool(const LoggedEntry&)>& visit_;
  std::size_t left_ = query_.limit;
  std::map<ledger::ActorId, std::string> names_;
};

/// An empty list would say that there are none.
void refuse_invisible(const View& view, const std::vector<unsigned>& kinds) {
  for (const unsigned kind : kinds)
    if (const auto seal_class = class_of_kind(kind))
      require_class(view, *seal_class, fmt::format("entries of the kind '{}'", kind_name(kind)));
}

}  // namespace

void log(View& view, const LogQuery& query, const std::function<bool(const LoggedEntry&)>& visit) {
  if (query.item && *query.item >= view.item_count())
    throw Error(ErrorCode::not_found, "there is no such item");
  refuse_invisible(view, query.kinds);
  Log(view, query, visit).run();
}

}  // namespace dalil::archive
