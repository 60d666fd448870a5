#include <fmt/format.h>

#include <algorithm>

#include "bagit_check.hpp"
#include "dalil/base/text.hpp"

/// Names that went through other systems, and lists whose authors read the standard differently: what is
/// listed and not there is looked for under its other spellings. A match is a warning; two that fit are an
/// error.
namespace dalil::formats::bagit {

namespace {

using Fold = std::optional<std::string> (*)(std::string_view);

/// Of some names those that are equal to `path` under the fold.
template <typename Names>
std::vector<std::string> equal_under(Fold fold, const std::string& path, const Names& names) {
  std::vector<std::string> found;
  const auto key = fold(path);
  if (!key) return found;
  for (const std::string& name : names)
    if (fold(name) == key) found.push_back(name);
  return found;
}

}  // namespace

bool BagCheck::read_under(const std::string& path, const std::string& found, const char* how) {
  jobs::FileTask task{root_, "", found, {}};  // opened component by component, below the root
  jobs::ContentReader reader({}, needs(options_.from, false));
  const std::vector<jobs::FileTask> one{task};
  std::vector<jobs::Content> contents = reader.open(one);
  reader.read(one, contents, {crypto::TagNonce{}}, progress_, stop_);
  if (reader.stopped()) return true;
  unlisted_.erase(found);
  if (check(task, path, contents[0]))
    add(Finding::Weight::warning, path, fmt::format("is there as '{}': {}", escape_for_display(found), how));
  return true;
}

bool BagCheck::match_other_spelling(const std::string& path, const Listed& listed) {
  if (listed.written != path && unlisted_.contains(listed.written))
    return read_under(path, listed.written, "its name was not percent-encoded");
  if (const auto decoded = decode_path(path);
      !report_.declaration->is_1_0() && decoded && *decoded != path && unlisted_.contains(*decoded))
    return read_under(path, *decoded, "its name was percent-encoded, as in BagIt 1.0");
  const std::pair<Fold, const char*> folds[] = {{to_nfc, "the Unicode form of its name differs"},
                                                {fold_case, "the case of its name differs"}};
  for (const auto& [fold, how] : folds) {
    const auto found = equal_under(fold, path, unlisted_);
    if (found.size() == 1) return read_under(path, found.front(), how);
    if (found.empty()) continue;
    add(Finding::Weight::error, path,
        fmt::format("is not there, and {} files could be meant: {}", found.size(), how));
    return true;
  }
  return false;
}

/// Another name on the list is the same but for its form, and its file has the content of both: a file system
/// that does not tell them apart holds one.
bool BagCheck::match_listed_twin(const std::string& path, const Listed& listed) {
  if (report_.declaration->is_1_0()) return false;
  const std::pair<Fold, const char*> folds[] = {{to_nfc, "Unicode form"}, {fold_case, "case"}};
  for (const auto& [fold, form] : folds) {
    const auto key = fold(path);
    if (!key) return false;
    for (const auto& [other, other_listed] : payload_.listing) {
      if (other == path || other_listed.digests != listed.digests || fold(other) != key) continue;
      if (!seen_.contains(other)) continue;
      add(Finding::Weight::warning, path,
          fmt::format("is listed besides '{}', which differs in {} only, and there is one file",
                      escape_for_display(other), form));
      return true;
    }
  }
  return false;
}

void BagCheck::tell_missing(const std::string& path) {
  if (const auto fetch = fetch_.find(path); fetch != fetch_.end()) {
    ++report_.to_fetch;
    return add(Finding::Weight::error, path,
               fmt::format("is not here yet: fetch.txt names '{}', and Dalil fetches nothing",
                           escape_for_display(fetch->second.substr(0, 200))));
  }
  if (is_system_file(path) && !report_.declaration->is_1_0()) {
    system_files_differ_ = true;
    return add(Finding::Weight::warning, path, "is missing: a file that operating systems make and remove");
  }
  add(Finding::Weight::error, path, "is missing");
}

/// Both exist, and would not on a Mac or a drive that tells no case apart.
void BagCheck::tell_twins() {
  std::map<std::string, const std::string*> by_form;
  for (const auto& [path, listed] : payload_.listing) {
    if (std::ranges::all_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) continue;
    const auto form = to_nfc(path);
    if (!form || !seen_.contains(path)) continue;
    const auto [first, is_new] = by_form.emplace(*form, &path);
    if (!is_new)
      add(Finding::Weight::warning, path,
          fmt::format("differs from '{}' in Unicode form only: some systems hold only one of them",
                      escape_for_display(*first->second)));
  }
}

void BagCheck::match_names() {
  for (const auto& [path, listed] : payload_.listing) {
    if (stop_.requested()) return;
    if (seen_.contains(path)) continue;
    if (match_other_spelling(path, listed) || match_listed_twin(path, listed)) continue;
    tell_missing(path);
  }
  for (const auto& [path, listed] : tags_.listing)
    if (!seen_.contains(path)) add(Finding::Weight::error, path, "is missing");
  for (const std::string& path : unlisted_) {
    const bool harmless = is_system_file(path) && !report_.declaration->is_1_0();
    system_files_differ_ = system_files_differ_ || harmless;
    add(harmless ? Finding::Weight::warning : Finding::Weight::error, path,
        is_system_file(path) ? "is in no manifest: a file that operating systems make" : "is in no manifest");
  }
  tell_twins();
}

}  // namespace dalil::formats::bagit
