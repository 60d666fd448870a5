#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <thread>

#include "bagit_check.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/volume.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/crew.hpp"

namespace dalil::formats::bagit {

namespace {

constexpr std::uint64_t kMostTagFileBytes = std::uint64_t{4} << 30;
constexpr std::string_view kPayloadFolder = "data";

bool in_payload(std::string_view path) {
  return path.starts_with("data/");
}

/// "sha256" of "manifest-sha256.txt"; absent if it is no such name.
std::optional<std::string> algorithm_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(".txt") || name.size() <= prefix.size() + 4)
    return std::nullopt;
  return std::string(name.substr(prefix.size(), name.size() - prefix.size() - 4));
}

}  // namespace

std::size_t Report::count(Finding::Weight weight) const {
  return static_cast<std::size_t>(std::ranges::count(findings, weight, &Finding::weight));
}

std::string Report::result() const {
  if (count(Finding::Weight::error) > 0) return "INVALID";
  return interrupted || !declaration || checked == 0 ? "INCOMPLETE" : "VALID";
}

BagCheck::BagCheck(const std::string& directory, const ValidateOptions& options, jobs::Progress& progress,
                   const jobs::StopFlag& stop)
    : directory_(directory), options_(options), progress_(progress), stop_(stop), walker_(directory) {
  root_ = std::make_shared<const files::Fd>(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!*root_) throw system_error("open directory", directory, errno);
}

void BagCheck::add(Finding::Weight weight, std::string path, std::string text) {
  const std::lock_guard lock(mutex_);
  report_.findings.push_back({weight, std::move(path), std::move(text)});
}

std::optional<std::string> BagCheck::tag_file(const std::string& name) {
  const files::Opened opened = files::open_regular(root_->get(), name.c_str());
  if (opened.error_number == ENOENT) return std::nullopt;
  if (opened.error_number == 0 && opened.stat.size_bytes <= kMostTagFileBytes) {
    std::string bytes(static_cast<std::size_t>(opened.stat.size_bytes), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t got =
          ::pread(opened.fd.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    if (have == bytes.size()) return bytes;
    add(Finding::Weight::error, name, fmt::format("cannot be read: {}", std::strerror(EIO)));
    return std::nullopt;
  }
  add(Finding::Weight::error, name,
      opened.error_number == 0 ? "is larger than any tag file"
      : opened.error_number == ELOOP
          ? "is a symbolic link, and those are not followed"
          : fmt::format("cannot be opened: {}", std::strerror(opened.error_number)));
  return std::nullopt;
}

std::optional<std::string> BagCheck::text_of(const std::string& name) {
  const auto bytes = tag_file(name);
  if (!bytes) return std::nullopt;
  auto text = decode_tag_file(*bytes, report_.declaration->encoding);
  if (!text) add(Finding::Weight::error, name, "is not in the encoding that bagit.txt names");
  return text;
}

bool BagCheck::read_lists(const std::vector<std::string>& names) {
  const auto declaration = tag_file("bagit.txt");
  if (!declaration) {
    add(Finding::Weight::error, "bagit.txt", "is missing: this is no bag");
    return false;
  }
  report_.declaration = read_declaration(*declaration, report_.findings);
  if (!report_.declaration) return false;
  for (const std::string& name : names) {
    if (const auto algorithm = algorithm_of(name, "manifest-"))
      read_list(name, *algorithm, ManifestOf::payload);
    if (const auto algorithm = algorithm_of(name, "tagmanifest-"))
      read_list(name, *algorithm, ManifestOf::tag_files);
  }
  if (payload_.kinds.empty() && !unknown_kind_)
    add(Finding::Weight::error, "manifest-*.txt", "there is no manifest of the payload");
  report_.kinds = payload_.kinds;
  report_.listed = payload_.listing.size();
  if (const auto text = text_of("fetch.txt"))
    for (FetchLine& line : read_fetch(*text, *report_.declaration, report_.findings)) {
      if (!payload_.listing.contains(line.path))
        add(Finding::Weight::error, line.path, "is to be fetched, and is in no manifest");
      fetch_.emplace(line.path, line.url);
    }
  check_manifests();
  return true;
}

void BagCheck::read_list(const std::string& name, const std::string& algorithm, ManifestOf of) {
  const auto kind = crypto::hash_kind_from(algorithm);
  if (!kind) {
    unknown_kind_ = true;
    add(Finding::Weight::error, name, "is of an algorithm that is not known here: it was not checked");
    return;
  }
  const auto text = text_of(name);
  if (!text) return;
  Findings found;
  auto lines = read_manifest(*text, name, of, *kind, *report_.declaration, found);
  add_manifest(of == ManifestOf::payload ? payload_ : tags_, *kind, name, std::move(lines),
               *report_.declaration, found);
  std::ranges::move(found, std::back_inserter(report_.findings));
}

/// What the lists owe each other.
void BagCheck::check_manifests() {
  const bool strict = report_.declaration->is_1_0();
  const auto weight = strict ? Finding::Weight::error : Finding::Weight::warning;
  for (const auto& [path, listed] : payload_.listing)
    for (std::size_t i = 0; strict && i < listed.digests.size(); ++i)
      if (listed.digests[i].empty())
        add(Finding::Weight::error, path, "is not listed in " + payload_.files[i] + ", as it is in another");
  for (const auto& [path, listed] : tags_.listing)
    if (algorithm_of(path, "tagmanifest-"))
      add(weight, path, "is a list of tag files that another one lists");
  if (tags_.kinds.empty()) return;
  for (const std::string& file : payload_.files)
    if (!tags_.listing.contains(file))
      add(Finding::Weight::warning, file, "is in no list of tag files: nothing says that it is unchanged");
}

void BagCheck::walk() {
  std::vector<jobs::FileTask> batch;
  std::uint64_t bytes = 0;
  while (!stop_.requested()) {
    const auto directory = walker_.next();
    if (!directory) break;
    if (directory->error_number != 0)
      add(Finding::Weight::error, directory->path.empty() ? "." : directory->path,
          fmt::format("cannot be listed: {}", std::strerror(directory->error_number)));
    for (const files::DirectoryEntry& entry : directory->entries) {
      const std::string path = files::join_path(directory->path, entry.name);
      if (!expect(path, entry)) continue;
      batch.push_back({directory->fd, directory->path, entry.name, entry.stat});
      bytes += entry.stat.size_bytes;
      if (batch.size() < jobs::kBatchFiles && bytes < jobs::kBatchBytes) continue;
      if (!tasks_.push(std::exchange(batch, {}))) return;
      bytes = 0;
    }
  }
  if (!batch.empty()) tasks_.push(std::move(batch));
  progress_.walk_finished = true;
}

/// Whether this is a listed file that is to be read; what is not listed is remembered.
bool BagCheck::expect(const std::string& path, const files::DirectoryEntry& entry) {
  const bool payload = in_payload(path);
  if (path == kPayloadFolder && entry.stat.kind == files::FileKind::directory) has_payload_folder_ = true;
  if (entry.stat.kind == files::FileKind::directory) return false;
  const Listing& listing = payload ? payload_.listing : tags_.listing;
  const bool listed = listing.contains(path);
  if (!listed && !payload) return false;  // a tag file that nobody vouches for: allowed
  if (entry.error_number != 0 || entry.stat.kind != files::FileKind::regular) {
    add(Finding::Weight::error, path,
        entry.error_number != 0 ? fmt::format("cannot be examined: {}", std::strerror(entry.error_number))
                                : fmt::format("is a {}, no file", files::name_of(entry.stat.kind)));
    seen_.insert(path);
    return false;
  }
  ++progress_.files_expected;
  progress_.bytes_expected += entry.stat.size_bytes;
  if (payload) {
    ++payload_files_;
    payload_bytes_ += entry.stat.size_bytes;
  }
  if (listed) {
    seen_.insert(path);
    return true;
  }
  unlisted_.insert(path);
  return false;
}

jobs::ContentNeeds BagCheck::needs(files::ReadFrom from, bool spinning) const {
  jobs::ContentNeeds needs{
      .digest = false, .tags = false, .sniff = false, .from = from, .physical_order = spinning};
  for (const crypto::HashKind kind : all_kinds_) {
    if (kind == crypto::HashKind::sha256)
      needs.digest = true;
    else
      needs.further.push_back(kind);
  }
  return needs;
}

/// What the manifests say that a file does not fulfil; empty if nothing.
std::string BagCheck::compare(const Manifests& manifests, const Listed& listed,
                              const jobs::Content& content) const {
  std::string wrong;
  for (std::size_t i = 0; i < listed.digests.size(); ++i) {
    if (listed.digests[i].empty()) continue;
    const crypto::HashKind kind = manifests.kinds[i];
    bool same = false;
    if (kind == crypto::HashKind::sha256) {
      same = std::ranges::equal(listed.digests[i], content.digest.bytes);
    } else {
      std::size_t index = 0;
      for (const crypto::HashKind other : all_kinds_) {
        if (other == kind) break;
        index += other != crypto::HashKind::sha256;
      }
      same = listed.digests[i] == content.further[index];
    }
    if (!same) wrong += fmt::format("{}{}", wrong.empty() ? "" : ", ", crypto::name_of(kind));
  }
  return wrong;
}

std::string BagCheck::judge(const std::string& path, const Listed& listed, const jobs::Content& content) {
  if (content.error_number != 0)
    return fmt::format("cannot be opened: {}", std::strerror(content.error_number));
  if (!content.bad.empty())
    return fmt::format("cannot be read from byte {}: {}", content.bad.front().offset,
                       std::strerror(content.bad.front().error_number));
  if (content.changing) return "changes while it is read";
  const std::string wrong = compare(in_payload(path) ? payload_ : tags_, listed, content);
  return wrong.empty() ? wrong : "has other content than is listed (" + wrong + ")";
}

bool BagCheck::check(const jobs::FileTask& task, const std::string& listed_as, const jobs::Content& content) {
  const std::string path = files::join_path(task.directory, task.name);
  const Listing& listing = in_payload(listed_as) ? payload_.listing : tags_.listing;
  const Listed& listed = listing.find(listed_as)->second;
  std::string wrong = judge(listed_as, listed, content);
  if (!wrong.empty() && content.error_number == 0) {
    // Before damage is called so, the file is read once more, from the medium: memory and cables fail, too.
    jobs::ContentReader again({}, needs(files::ReadFrom::medium, false));
    const std::vector<jobs::FileTask> one{task};
    std::vector<jobs::Content> second = again.open(one);
    jobs::Progress uncounted;
    again.read(one, second, {crypto::TagNonce{}}, uncounted, stop_);
    if (again.stopped()) return false;
    if (std::string still = judge(listed_as, listed, second[0]); !still.empty()) {
      wrong = std::move(still);
    } else {
      add(Finding::Weight::warning, path,
          "was wrong at first and right when read again: check the drive and its cable");
      wrong.clear();
    }
  }
  if (!wrong.empty()) add(Finding::Weight::error, path, wrong);
  const std::lock_guard lock(mutex_);
  ++progress_.files_done;
  report_.bytes += content.size_bytes;
  if (content.error_number == 0) ++read_paths_[content.path];
  if (!wrong.empty()) {
    ++progress_.problems;
    return false;
  }
  ++(in_payload(listed_as) ? report_.checked : report_.tag_files_checked);
  return true;
}

void BagCheck::read_tasks(bool spinning) {
  jobs::ContentReader reader({}, needs(options_.from, spinning));
  while (auto tasks = tasks_.pop()) {
    if (stop_.requested()) return;
    std::vector<jobs::Content> contents = reader.open(*tasks);
    reader.read(*tasks, contents, std::vector<crypto::TagNonce>(tasks->size()), progress_, stop_);
    if (reader.stopped()) return;
    for (std::size_t i = 0; i < tasks->size(); ++i)
      check((*tasks)[i], files::join_path((*tasks)[i].directory, (*tasks)[i].name), contents[i]);
  }
}

void BagCheck::check_oxum() {
  const std::string name = report_.declaration->minor <= 95 && !report_.declaration->is_1_0()
                               ? "package-info.txt"
                               : "bag-info.txt";
  const auto text = text_of(name);
  if (!text) return;
  std::size_t oxums = 0;
  for (const Tag& tag : read_tags(*text, name, report_.findings)) {
    if (fold_case(tag.label) != "payload-oxum") continue;
    ++oxums;
    const std::string found = fmt::format("{}.{}", payload_bytes_, payload_files_);
    if (tag.value != found)
      add(system_files_differ_ ? Finding::Weight::warning : Finding::Weight::error, name,
          fmt::format("says Payload-Oxum {}, and there are {} (bytes.files)", escape_for_display(tag.value),
                      found));
  }
  if (oxums > 1) add(Finding::Weight::warning, name, "has Payload-Oxum more than once");
}

Report BagCheck::run() {
  std::vector<std::string> names;
  {
    files::Walker top(directory_);
    if (const auto root = top.next())
      for (const auto& entry : root->entries) names.push_back(entry.name);
  }
  if (read_lists(names)) {
    all_kinds_.insert(payload_.kinds.begin(), payload_.kinds.end());
    all_kinds_.insert(tags_.kinds.begin(), tags_.kinds.end());
    read_all();
    report_.interrupted = stop_.requested();
    if (!report_.interrupted) {
      match_names();
      if (!has_payload_folder_) add(Finding::Weight::error, "data", "there is no payload folder");
      check_oxum();
    }
    report_.interrupted = stop_.requested();
  }
  report_.read_path = jobs::describe_read_paths(read_paths_);
  std::ranges::stable_sort(report_.findings, {}, &Finding::path);
  return std::move(report_);
}

void BagCheck::read_all() {
  const bool spinning = files::identify_volume(directory_).rotational.value_or(false);
  const unsigned readers = options_.threads > 0 ? options_.threads
                           : spinning           ? 1
                                                : std::max(1U, std::thread::hardware_concurrency());
  jobs::Crew crew([this] { tasks_.close(); });
  for (unsigned i = 0; i < readers; ++i) crew.start([this, spinning] { read_tasks(spinning); });
  crew.start([this] {
    walk();
    tasks_.close();
  });
  // A reader that was told to stop takes nothing any more, and the walk must not wait for it.
  crew.guard([this] {
    while (!progress_.walk_finished && !stop_.requested())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (stop_.requested()) tasks_.close();
  });
  crew.join();
}

Report validate(const std::string& directory, const ValidateOptions& options, jobs::Progress& progress,
                const jobs::StopFlag& stop) {
  files::raise_open_file_limit();
  return BagCheck(directory, options, progress, stop).run();
}

}  // namespace dalil::formats::bagit
