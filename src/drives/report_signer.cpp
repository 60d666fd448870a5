#include "report_signer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/archive/custody.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::drives {

namespace {

/// The actor whom a cosigner's key names: "ORIGIN/cosigner/ACTOR".
std::optional<ledger::ActorId> actor_in(const std::string& key_name) {
  ledger::ActorId actor{};
  const auto bytes = from_hex(key_name.substr(key_name.rfind('/') + 1));
  if (!bytes || bytes->size() != actor.size()) return std::nullopt;
  std::ranges::copy(*bytes, actor.begin());
  return actor;
}

class Judge {
 public:
  Judge(archive::View& view, const ledger::Keyring& own, const formats::SignedReport& signed_report,
        const std::vector<merkle::NoteKey>& trusted)
      : view_(view), own_(own), signed_(signed_report) {
    for (const archive::CustodyKey& one : archive::custody_keys(view))
      known_.push_back({formats::report_twin(one.key), one.actor_name, actor_of(one.key)});
    known_.push_back({formats::report_twin(archive::cosigner_key(own)), own.actor_name(), own.actor()});
    for (const merkle::NoteKey& key : trusted) trusted_.push_back(formats::report_twin(key));
  }

  ReportSigner run() {
    std::vector<merkle::NoteKey> keys = trusted_;
    for (const Known& one : known_) keys.push_back(one.key);
    const merkle::NoteCheck check = merkle::check(signed_.note, keys);
    if (check.rejected)
      throw Error(ErrorCode::invalid, "the signature of the report is wrong: it was altered, or forged");
    if (check.verified.empty()) refuse_unknown(signed_.note.signatures.front().name);
    ReportSigner signer{check.verified.front(), "", false, {}};
    const auto known = std::ranges::find(known_, signer.key, &Known::key);
    if (known == known_.end()) refuse_borrowed_name(signer.key);
    if (known != known_.end()) signer.name = known->name;
    const auto removal = removal_of(owner_of(signer.key));
    if (removal) judge_removed(*removal, signer);
    if (known == known_.end() || removal) accept(signer);
    return signer;
  }

 private:
  struct Known {
    merkle::NoteKey key;
    std::string name;
    ledger::ActorId actor;
  };
  struct Removal {
    std::string whose, by;
    UtcTime time;
    archive::Seq seq;
  };

  static ledger::ActorId actor_of(const merkle::NoteKey& key) {
    if (key.type == merkle::NoteKeyType::ed25519) return ledger::actor_id(key.key);
    return actor_in(key.name).value_or(ledger::ActorId{});
  }

  /// Under whatever name.
  std::optional<ledger::ActorId> owner_of(const merkle::NoteKey& key) const {
    const auto same = std::ranges::find_if(known_, [&](const Known& one) { return one.key.key == key.key; });
    return same == known_.end() ? actor_in(key.name) : same->actor;
  }

  std::optional<Removal> removal_of(const std::optional<ledger::ActorId>& actor) {
    if (!actor) return std::nullopt;
    for (const archive::KeyInfo& key : view_.keys()) {
      if (!key.removed_seq || key.actor() != *actor) continue;
      const ledger::PublicLine line = view_.reader().line(*key.removed_seq);
      return Removal{key.actor_name, view_.actor_name(line.actor), line.time, *key.removed_seq};
    }
    return std::nullopt;
  }

  static std::string text_of(const Removal& removal) {
    return fmt::format("removed on {} by '{}' (entry {})", removal.time.rfc3339(),
                       escape_for_display(removal.by), removal.seq);
  }

  [[noreturn]] void refuse_unknown(const std::string& key_name) {
    if (const auto removal = removal_of(actor_in(key_name)))
      throw Error(ErrorCode::wrong_key,
                  fmt::format("the report bears the name of '{}', whose key was {}, and an unknown key",
                              escape_for_display(removal->whose), text_of(*removal)),
                  hint_for(*removal));
    throw Error(ErrorCode::wrong_key,
                fmt::format("the report is signed by '{}', a key that this archive does not know",
                            escape_for_display(key_name)),
                "once they ran 'dalil cosign' it is known; before, an archivist can compare the key that "
                "'dalil report key' printed for them, and give it with --trust");
  }

  std::string hint_for(const Removal& removal) const {
    return made_before(removal)
               ? "it is dated before that: an archivist who knows that it was made then takes it in with "
                 "--trust and the key, as 'dalil checkpoint keys' or 'dalil report key' printed it"
               : "have the drive checked once more, by somebody whose key stands";
  }

  bool made_before(const Removal& removal) const { return signed_.report.ended < removal.time; }

  /// Whoever keeps a key can put any date into a report: only an archivist knows whether it is true.
  void judge_removed(const Removal& removal, ReportSigner& signer) const {
    const bool named = std::ranges::find(trusted_, signer.key) != trusted_.end();
    if (!named || !made_before(removal))
      throw Error(ErrorCode::wrong_key,
                  fmt::format("the report is signed with the key of '{}', which was {}{}",
                              escape_for_display(removal.whose), text_of(removal),
                              made_before(removal) ? "" : ", before the report was made"),
                  hint_for(removal));
    signer.removed = removal.time;
  }

  /// Names of keys are whatever their owner wrote; the ledger knows who has which.
  void refuse_borrowed_name(const merkle::NoteKey& key) const {
    const auto other =
        std::ranges::find_if(known_, [&](const Known& one) { return one.key.name == key.name; });
    if (other == known_.end()) return;
    throw Error(ErrorCode::conflict,
                fmt::format("the report's key bears the name of '{}', whose key is another",
                            escape_for_display(other->name)),
                "somebody signed it in their name; ask whoever brought it");
  }

  void accept(ReportSigner& signer) const {
    if (own_.role() != ledger::Role::archivist)
      throw Error(ErrorCode::wrong_key,
                  fmt::format("'{}' is a key that this archive does not know, and only archivists take in "
                              "reports on such (--trust)",
                              escape_for_display(signer.key.name)),
                  "have an archivist import it, or the signer run 'dalil cosign' first");
    signer.accepted = true;
  }

  archive::View& view_;
  const ledger::Keyring& own_;
  const formats::SignedReport& signed_;
  std::vector<Known> known_;
  std::vector<merkle::NoteKey> trusted_;
};

}  // namespace

ReportSigner judge_signer(archive::View& view, const ledger::Keyring& own,
                          const formats::SignedReport& report, const std::vector<merkle::NoteKey>& trusted) {
  return Judge(view, own, report, trusted).run();
}

}  // namespace dalil::drives
