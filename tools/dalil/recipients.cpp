#include "recipients.hpp"

#include <algorithm>

#include "dalil/archive/recovery.hpp"
#include "dalil/crypto/age_stream.hpp"

namespace dalil::cli {

namespace {

std::string recovery_recipient(Session& session, archive::Archive& archive) {
  archive::View view = archive.view();
  if (const auto known = archive::recovery_recipients(view); !known.empty()) return known.front().recipient;
  if (archive.keyring().role() != ledger::Role::archivist)
    throw Error(ErrorCode::not_found, "there is no recovery key to encrypt to",
                "an archivist makes one: dalil recovery-key make");
  archive::Editor editor = archive.edit();
  std::string recipient = editor.make_recovery_key("made with the first that is sealed");
  editor.commit();
  session.out().note("made the archive's recovery key; keep it away from every drive:");
  session.out().note("  dalil recovery-key export --out FILE");
  return recipient;
}

}  // namespace

std::vector<std::string> sealing_recipients(Session& session, archive::Archive& archive,
                                            const std::vector<std::string>& further) {
  if (!further.empty()) crypto::age::Encryptor(further, [](ByteView) {});  // refuses what is none
  std::vector<std::string> all{recovery_recipient(session, archive)};
  for (const std::string& one : further)
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  return all;
}

}  // namespace dalil::cli
