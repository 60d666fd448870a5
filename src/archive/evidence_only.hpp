#pragma once

#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/archive/archive.hpp"
#include "dalil/base/error.hpp"

namespace dalil::archive {

/// Error(wrong_key) "<what> are not visible to this role" unless the keys of the view, or of the reader, open
/// the class.
template <typename Keys>
void require_class(const Keys& keys, ledger::SealClass seal_class, const std::string& what) {
  if (keys.can_read(seal_class)) return;
  throw Error(ErrorCode::wrong_key, fmt::format("{} are not visible to this role", what),
              seal_class == ledger::SealClass::source
                  ? "open the archive with an archivist's key"
                  : "open the archive with an investigator's or an archivist's key");
}
inline void require_evidence(const View& view, const char* what) {
  require_class(view, ledger::SealClass::evidence, what);
}

/// The content of an entry that a derived row names. Error(corrupt) if it is gone: nothing is derived from
/// what was destroyed.
inline records::Record open_record(View& view, Seq seq) {
  const ledger::Entry entry = view.reader().entry(seq);
  if (entry.state != ledger::Entry::State::open)
    throw Error(ErrorCode::corrupt, fmt::format("the content of entry {} is missing", seq),
                "run 'dalil check'");
  return parse_record(entry.content, seq);
}

}  // namespace dalil::archive
