#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "dalil/base/text.hpp"
#include "verify_parts.hpp"

namespace dalil::jobs {

using archive::Verdict;

namespace {

/// Equal but for Unicode form or case: what passing through other systems does to names.
bool same_name_in_other_form(const std::string& a, const std::string& b) {
  const auto na = to_nfc(a), nb = to_nfc(b);
  if (na && nb && *na == *nb) return true;
  return fold_for_search(a) == fold_for_search(b);
}

/// SHA-256 of the extra files that could be what is missing, by size.
class ExtraDigests {
 public:
  ExtraDigests(const archive::Archive& archive, const VerifyOptions& options, const files::Fd& root,
               std::vector<Extra>& extras, Progress& progress, const StopFlag& stop)
      : options_(options),
        root_(root),
        extras_(extras),
        progress_(progress),
        stop_(stop),
        reader_(archive.tag_key().view(), {.digest = true, .tags = false, .sniff = false}),
        digests_(extras.size()) {
    for (std::size_t i = 0; i < extras.size(); ++i) by_size_[extras[i].size_bytes].push_back(i);
  }

  std::vector<std::size_t> with_content(const Digest& digest, std::uint64_t size) {
    std::vector<std::size_t> found;
    for (const std::size_t i : of_size(size)) {
      if (stop_.requested()) break;
      if (!digests_[i]) digests_[i] = read(i);
      if (*digests_[i] == digest) found.push_back(i);
    }
    return found;
  }
  const std::vector<std::size_t>& of_size(std::uint64_t size) { return by_size_[size]; }

 private:
  Digest read(std::size_t i) {
    const Extra& extra = extras_[i];
    const std::string& prefix = options_.path_prefix;
    const std::string& directory = *extra.directory;
    const std::string below =
        prefix.empty() ? directory : directory.substr(std::min(prefix.size() + 1, directory.size()));
    const auto fd = files::open_again(root_.get(), below);
    if (!fd) return Digest{};
    const std::vector<FileTask> one{{fd, directory, extra.name, {}}};
    std::vector<Content> contents = reader_.open(one);
    reader_.read(one, contents, {crypto::TagNonce{}}, progress_, stop_);
    refuse_if_out_of_descriptors(contents[0].error_number);
    return contents[0].ok() && !reader_.stopped() ? contents[0].digest : Digest{};
  }
  const VerifyOptions& options_;
  const files::Fd& root_;
  std::vector<Extra>& extras_;
  Progress& progress_;
  const StopFlag& stop_;
  ContentReader reader_;
  std::vector<std::optional<Digest>> digests_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_size_;
};

std::string path_of(const Extra& extra) {
  return files::join_path(*extra.directory, extra.name);
}

/// What two names differ in that may look alike.
std::string difference(const std::string& now, const std::string& before) {
  const auto now_nfc = to_nfc(now), before_nfc = to_nfc(before);
  return now_nfc && now_nfc == before_nfc ? " (another Unicode form of the name)" : " (upper and lower case)";
}

}  // namespace

std::vector<Exception> match_absent(const archive::Archive& archive, const VerifyOptions& options,
                                    const files::Fd& root, const std::vector<Absent>& absent,
                                    std::vector<Extra>& extras, Progress& progress, const StopFlag& stop) {
  archive::View view = archive.view();
  ExtraDigests digests(archive, options, root, extras, progress, stop);
  std::vector<Exception> exceptions;
  const bool sealed = view.volume(options.volume).sealed;
  for (const Absent& one : absent) {
    Exception exception;
    exception.path = files::join_path(one.directory, one.row.name);
    exception.verdict = Verdict::missing;
    exception.digest = view.item(one.row.item).digest;
    const Digest lies_there = sealed ? view.copy(one.row.seq).digest_on_volume() : exception.digest;
    // A quick check reads nothing: only the name in another form can tell.
    std::vector<std::size_t> fitting = options.mode == VerifyMode::quick
                                           ? digests.of_size(one.row.size_bytes)
                                           : digests.with_content(lies_there, one.row.size_bytes);
    std::erase_if(fitting, [&](std::size_t i) { return extras[i].matched; });
    const auto renamed = [&](std::size_t i) {
      return *extras[i].directory == one.directory && same_name_in_other_form(extras[i].name, one.row.name);
    };
    std::vector<std::size_t> in_place;
    std::ranges::copy_if(fitting, std::back_inserter(in_place), renamed);
    if (!in_place.empty()) {
      exception.verdict = Verdict::renamed;
      fitting = in_place;
    } else if (options.mode == VerifyMode::quick) {
      fitting.clear();
    } else if (!fitting.empty()) {
      exception.verdict = Verdict::moved;
    }
    if (!fitting.empty()) {
      extras[fitting.front()].matched = true;
      exception.detail = "now " + escape_for_display(path_of(extras[fitting.front()]));
      if (exception.verdict == Verdict::renamed)
        exception.detail += difference(extras[fitting.front()].name, one.row.name);
      else if (const auto now = to_nfc(path_of(extras[fitting.front()]));
               now && now == to_nfc(exception.path))
        exception.detail += " (another Unicode form of a folder's name)";
      for (std::size_t i = 1; i < fitting.size(); ++i)
        exception.detail += fmt::format(", or {}", escape_for_display(path_of(extras[fitting[i]])));
    }
    exceptions.push_back(std::move(exception));
  }
  return exceptions;
}

}  // namespace dalil::jobs
