#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/crypto/hash.hpp"
#include "dalil/files/read.hpp"
#include "dalil/jobs/progress.hpp"

/// BagIt (RFC 8493, and the drafts 0.93 to 0.97 before it): docs/formats/bagit.md.
namespace dalil::formats::bagit {

/// What a bag departs in from its standard, or from its own lists.
struct Finding {
  enum class Weight : std::uint8_t {
    warning,  ///< departs from the letter; what is meant is clear, and holds
    error,    ///< the bag is not valid
  } weight = Weight::error;
  std::string path;  ///< raw bytes, relative to the bag
  std::string text;
  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

enum class Encoding : std::uint8_t { utf8, latin1, utf16 };

/// bagit.txt (section 2.1.1).
struct Declaration {
  unsigned major = 0, minor = 0;
  Encoding encoding = Encoding::utf8;
  /// Names are percent-encoded, and a file is listed once and in every manifest.
  bool is_1_0() const { return major >= 1; }
};

/// One line of a manifest (section 2.1.3).
struct ManifestLine {
  Bytes digest;
  std::string path;     ///< decoded
  std::string written;  ///< as it stands there, should nobody have encoded it
};

/// One line of fetch.txt (section 2.2.3). Nothing is ever fetched.
struct FetchLine {
  std::string url;
  std::optional<std::uint64_t> size_bytes;
  std::string path;
};

/// One element of bag-info.txt (section 2.2.2), folded lines joined.
struct Tag {
  std::string label, value;
  bool operator==(const Tag&) const = default;
};

// Readers. Each takes a whole file's bytes and adds what is wrong to `findings` under the name of the file.

/// Absent if the rest of the bag cannot be understood without what is missing.
std::optional<Declaration> read_declaration(std::string_view bytes, Findings& findings);
/// As UTF-8. In a bag of that encoding the bytes are left as they are: names on a disk need not be text.
std::optional<std::string> decode_tag_file(std::string_view bytes, Encoding encoding);
enum class ManifestOf : std::uint8_t { payload, tag_files };
std::vector<ManifestLine> read_manifest(std::string_view text, const std::string& file, ManifestOf of,
                                        crypto::HashKind kind, const Declaration& declaration,
                                        Findings& findings);
std::vector<FetchLine> read_fetch(std::string_view text, const Declaration& declaration, Findings& findings);
std::vector<Tag> read_tags(std::string_view text, const std::string& file, Findings& findings);

/// Only line feed, carriage return and the percent sign are encoded (section 2.1.3).
std::string encode_path(std::string_view path);
/// Absent if there is a percent sign that encodes none of these.
std::optional<std::string> decode_path(std::string_view written);

// Writers, for BagIt 1.0 in UTF-8

std::string declaration_text();
/// "hex  path" with a line feed.
std::string manifest_line(ByteView digest, std::string_view path);
/// Long values are not folded: a reader that does not unfold would cut them.
std::string tags_text(const std::vector<Tag>& tags);

struct ValidateOptions {
  files::ReadFrom from = files::ReadFrom::anywhere;
  unsigned threads = 0;  ///< 0: one a processor, and one on a spinning disk
};

/// What a validation found.
struct Report {
  std::optional<Declaration> declaration;
  std::vector<crypto::HashKind> kinds;  ///< of the payload manifests
  Findings findings;                    ///< sorted by path
  std::uint64_t listed = 0;             ///< payload files in manifests
  std::uint64_t checked = 0;            ///< of those, the ones that were read and have the right hashes
  std::uint64_t tag_files_checked = 0;
  std::uint64_t to_fetch = 0;  ///< payload files that fetch.txt names and that are not here
  std::uint64_t bytes = 0;     ///< read
  bool interrupted = false;
  std::string read_path;  ///< "direct", "dropped pages", "cache allowed", or a mixture with counts
  std::size_t count(Finding::Weight weight) const;
  /// "VALID" only if there was something to check and all of it is right; "INVALID"; "INCOMPLETE" if the run
  /// was ended early or there is no payload.
  std::string result() const;
};

/// Reads every listed file of the bag once. Never writes, never fetches, follows no link.
/// Error(not_found) or Error(io) if the directory cannot be opened.
Report validate(const std::string& directory, const ValidateOptions& options, jobs::Progress& progress,
                const jobs::StopFlag& stop);

}  // namespace dalil::formats::bagit
