#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bagit_parts.hpp"
#include "dalil/base/text.hpp"

/// Manifests and fetch.txt: lists of files, written by whoever.
namespace dalil::formats::bagit {

namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kPayload = "data/";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Why a path may lead out of the bag, here or on another system; empty if it does not.
std::string way_out(std::string_view path) {
  if (path.starts_with('/')) return "is absolute";
  if (path.starts_with('~')) return "stands for a home directory";
  if (path.starts_with("\\\\")) return "is on another machine (UNC)";
  if (path.size() >= 2 && is_letter(path[0]) && path[1] == ':') return "is on a named drive";
  if (path.starts_with('%')) return "begins with a variable";
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find_first_of("/"), rest.size());
    if (rest.substr(0, end) == "..") return "leads upwards";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

/// Empty, "." or ".." as a component, or a slash at the end.
bool names_no_file(std::string_view path) {
  if (path.empty() || path.find('\0') != path.npos) return true;
  while (true) {
    const std::size_t end = path.find('/');
    const std::string_view component = path.substr(0, end);
    if (component.empty() || component == "." || component == "..") return true;
    if (end == path.npos) return false;
    path.remove_prefix(end + 1);
  }
}

/// What md5sum and its kin put at the beginning of a line for a name with escapes; they escape `\` and line
/// feeds.
std::optional<std::string> undo_escapes(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      out += name[i];
      continue;
    }
    if (++i == name.size()) return std::nullopt;
    if (name[i] == '\\')
      out += '\\';
    else if (name[i] == 'n')
      out += '\n';
    else if (name[i] == 'r')
      out += '\r';
    else
      return std::nullopt;
  }
  return out;
}

/// "checksum 1*WSP path", and what other programs make of it.
class LineReader {
 public:
  LineReader(const std::string& file, ManifestOf of, crypto::HashKind kind, const Declaration& declaration,
             Findings& findings)
      : file_(file), of_(of), kind_(kind), declaration_(declaration), findings_(findings) {}

  std::optional<ManifestLine> read(std::string_view line) {
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);
    const std::size_t blank = line.find_first_of(kBlanks);
    const auto digest = from_hex(line.substr(0, blank));
    if (blank == line.npos || !digest || digest->size() != crypto::digest_size(kind_)) {
      error(fmt::format("has a line that is not '{} name': '{}'", crypto::name_of(kind_),
                        escape_for_display(line.substr(0, 80))));
      return std::nullopt;
    }
    std::string_view path = line.substr(std::min(line.find_first_not_of(kBlanks, blank), line.size()));
    if (path.starts_with('*')) {
      once(star_, "was made with md5sum or a relative of it (a * before names)");
      path.remove_prefix(1);
    }
    std::string written(path);
    if (escaped) {
      once(escape_, "has names in the escapes of md5sum (a \\ before the line)");
      const auto plain = undo_escapes(path);
      if (!plain) {
        error("has a name with an escape that there is not");
        return std::nullopt;
      }
      written = *plain;
    }
    return place(*digest, std::move(written), escaped);
  }

 private:
  std::optional<ManifestLine> place(const Bytes& digest, std::string written, bool escaped) {
    const auto within = path_within_bag(written, file_, of_, findings_);
    if (!within) return std::nullopt;
    ManifestLine line{digest, *within, *within};
    if (!declaration_.is_1_0() || escaped) return line;
    if (auto decoded = decode_path(*within))
      line.path = std::move(*decoded);
    else
      once(percent_, "has names with a percent sign that BagIt 1.0 would have encoded as %25");
    return line;
  }
  void error(std::string text) { findings_.push_back({Finding::Weight::error, file_, std::move(text)}); }
  void once(bool& said, const char* text) {
    if (!std::exchange(said, true)) findings_.push_back({Finding::Weight::warning, file_, text});
  }

  const std::string& file_;
  const ManifestOf of_;
  const crypto::HashKind kind_;
  const Declaration& declaration_;
  Findings& findings_;
  bool star_ = false, escape_ = false, percent_ = false;
};

}  // namespace

std::optional<std::string> path_within_bag(std::string_view written, const std::string& file, ManifestOf of,
                                           Findings& findings) {
  const auto refuse = [&](const std::string& why) {
    findings.push_back(
        {Finding::Weight::error, file,
         fmt::format("names '{}', which {}", escape_for_display(written.substr(0, 200)), why)});
    return std::nullopt;
  };
  if (const std::string out = way_out(written); !out.empty()) return refuse(out);
  if (written.starts_with("./")) {
    findings.push_back(
        {Finding::Weight::warning, file,
         fmt::format("names '{}' with a leading './'", escape_for_display(written.substr(0, 200)))});
    written.remove_prefix(2);
  }
  if (names_no_file(written)) return refuse("is no name of a file");
  if (of == ManifestOf::payload && !written.starts_with(kPayload)) return refuse("is outside of the payload");
  if (of == ManifestOf::tag_files && written.starts_with(kPayload))
    return refuse("is payload in a list of tag files");
  return std::string(written);
}

bool is_system_file(std::string_view path) {
  static constexpr std::array kNames{".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::ranges::find(kNames, name) != kNames.end() || name.starts_with("._");
}

std::vector<ManifestLine> read_manifest(std::string_view text, const std::string& file, ManifestOf of,
                                        crypto::HashKind kind, const Declaration& declaration,
                                        Findings& findings) {
  std::vector<ManifestLine> lines;
  LineReader reader(file, of, kind, declaration, findings);
  bool blank = false;
  for (const std::string_view line : lines_of(text)) {
    if (line.find_first_not_of(kBlanks) == line.npos) {
      blank = true;
      continue;
    }
    if (auto read = reader.read(line)) lines.push_back(std::move(*read));
  }
  if (blank) findings.push_back({Finding::Weight::warning, file, "has empty lines"});
  return lines;
}

void add_manifest(Manifests& manifests, crypto::HashKind kind, const std::string& file,
                  std::vector<ManifestLine> lines, const Declaration& declaration, Findings& findings) {
  const std::size_t index = manifests.kinds.size();
  manifests.kinds.push_back(kind);
  manifests.files.push_back(file);
  for (ManifestLine& line : lines) {
    Listed& listed = manifests.listing.try_emplace(line.path, Listed{{}, line.written}).first->second;
    listed.digests.resize(index + 1);
    Bytes& digest = listed.digests[index];
    if (!digest.empty()) {
      const bool same = digest == line.digest;
      const auto weight = same && !declaration.is_1_0() ? Finding::Weight::warning : Finding::Weight::error;
      findings.push_back(
          {weight, line.path,
           fmt::format("is listed twice in {}{}", file, same ? "" : ", with different hashes")});
      continue;
    }
    digest = std::move(line.digest);
  }
  for (auto& [path, listed] : manifests.listing) listed.digests.resize(index + 1);
}

std::vector<FetchLine> read_fetch(std::string_view text, const Declaration& declaration, Findings& findings) {
  const std::string file = "fetch.txt";
  std::vector<FetchLine> lines;
  for (std::string_view line : lines_of(text)) {
    if (line.find_first_not_of(kBlanks) == line.npos) continue;
    const auto word = [&line] {
      line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
      const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
      const std::string_view found = line.substr(0, end);
      line.remove_prefix(end);
      return found;
    };
    FetchLine fetch{std::string(word()), std::nullopt, {}};
    const std::string_view size = word();
    std::uint64_t bytes = 0;
    const auto read = std::from_chars(size.data(), size.data() + size.size(), bytes);
    const bool is_number = !size.empty() && read.ec == std::errc() && read.ptr == size.data() + size.size();
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty() || (size != "-" && !is_number)) {
      findings.push_back({Finding::Weight::error, file, "has a line that is not 'URL length path'"});
      continue;
    }
    if (is_number) fetch.size_bytes = bytes;
    const auto path = path_within_bag(line, file, ManifestOf::payload, findings);
    if (!path) continue;
    fetch.path = declaration.is_1_0() ? decode_path(*path).value_or(*path) : *path;
    lines.push_back(std::move(fetch));
  }
  return lines;
}

}  // namespace dalil::formats::bagit
