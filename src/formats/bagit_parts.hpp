#pragma once

#include <map>

#include "dalil/formats/bagit.hpp"

namespace dalil::formats::bagit {

/// Lines end in LF, CR or CRLF; the last one need not.
std::vector<std::string_view> lines_of(std::string_view text);

/// A path as a line of a list has it, made plain: without a leading "./" (a warning). Absent, with an error,
/// if it leads out of the bag, names no file, or is not where the list's files are.
std::optional<std::string> path_within_bag(std::string_view written, const std::string& file, ManifestOf of,
                                           Findings& findings);

/// Files that operating systems make and remove by themselves.
bool is_system_file(std::string_view path);

/// What the manifests say of one file, those of the same hash in the order of `kinds`.
struct Listed {
  std::vector<Bytes> digests;  ///< empty where the manifest of that kind does not list it
  std::string written;         ///< in the manifest that named it first
};
using Listing = std::map<std::string, Listed, std::less<>>;

/// The manifests of one sort, put together.
struct Manifests {
  std::vector<crypto::HashKind> kinds;
  std::vector<std::string> files;  ///< "manifest-sha256.txt", as kinds
  Listing listing;
};

/// Adds one manifest's lines; a file that is listed twice is an error in 1.0 and otherwise a warning, if the
/// hash is the same.
void add_manifest(Manifests& manifests, crypto::HashKind kind, const std::string& file,
                  std::vector<ManifestLine> lines, const Declaration& declaration, Findings& findings);

}  // namespace dalil::formats::bagit
