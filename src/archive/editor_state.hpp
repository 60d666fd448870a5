#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "derive.hpp"
#include "records.pb.h"

namespace dalil::archive {

/// What an editor has in hand between two commits.
struct Editor::State {
  State(ledger::Writer w, const ledger::Keyring& ring)
      : writer(std::move(w)), keyring(ring), deriver(writer) {}
  ledger::Writer writer;
  const ledger::Keyring& keyring;  // the ledger's
  Deriver deriver;
  records::Record copy_record;     // reused: the hot path
  records::Record verified;        // gathers directories
  std::size_t names_gathered = 0;  // in it

  /// Without deriving anything. Error(wrong_key) if the role may not state it, here and below.
  Seq append(ledger::SealClass seal_class, const records::Record& record);
  /// Error(invalid) if words that people gave are no text.
  Seq append_and_apply(ledger::SealClass seal_class, const records::Record& record);
  void flush_verified();
  /// With `only_named` what is not named stays as it is.
  void gather_verdicts(Row volume, std::string_view directory,
                       const std::vector<std::pair<std::string, Verdict>>& named, std::int64_t verified_at_s,
                       Seq pass, bool only_named);
  /// One entry of class evidence for each thousand items.
  void append_items(const std::vector<Row>& items, const std::function<records::Record()>& make,
                    const std::function<std::string*(records::Record&)>& add_digest);
  std::string alias_of(Row source);
  Digest digest_of(Row item);
};

/// The way to it for functions that have a header of their own (tag.hpp, review.hpp ...).
class EditorAccess {
 public:
  using State = Editor::State;
  static State& state(Editor& editor) { return *editor.state_; }
};

/// Whether it can stand in lists, arguments and sentences: 1 to 200 bytes of text on one line.
bool is_plain_name(const std::string& name);

}  // namespace dalil::archive
