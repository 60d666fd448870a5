#pragma once

#include <string>
#include <string_view>

#include "dalil/archive/source.hpp"

/// Who stands behind a source's alias, as a text that people write (docs/formats/identity.md).
namespace dalil::formats {

inline constexpr std::size_t kMaxIdentityBytes = std::size_t{64} << 10;

/// Lines "name: ...", "contact: ...", "note: ...", each at most once.
///
/// Error(invalid) for anything else. The message tells the line's number and nothing of what stands there: it
/// may be a name that must not appear on a screen or in a log.
archive::SourceIdentity read_identity(std::string_view text);

/// The same text back; empty fields are left out.
std::string write_identity(const archive::SourceIdentity& identity);

}  // namespace dalil::formats
