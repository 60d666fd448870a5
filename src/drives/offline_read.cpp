#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "dalil/files/walk.hpp"
#include "offline_parts.hpp"

/// The readers of a check without an archive.
namespace dalil::drives::offline {

using archive::Verdict;

namespace {

using Exception = archive::RunSummary::Exception;
constexpr std::size_t kDigitsShown = 12;

/// Something other than a file is in its place, or nothing.
bool is_absent(int error_number) {
  return error_number == ENOENT || error_number == ENXIO || error_number == ELOOP;
}

/// May be the medium's fault, or that of what lies between.
bool may_pass(Verdict verdict) {
  return verdict == Verdict::corrupt || verdict == Verdict::unreadable || verdict == Verdict::changed;
}

Exception judge(const Task& task, const jobs::Content& content) {
  Exception exception;
  exception.path = files::join_path(task.file.directory, task.file.name);
  exception.digest = task.digest;
  exception.error_number = content.error_number == ENOENT ? 0 : content.error_number;
  if (content.error_number != 0) {
    exception.verdict = is_absent(content.error_number) ? Verdict::missing : Verdict::unreadable;
    if (content.error_number == ENXIO || content.error_number == ELOOP)
      exception.detail = "something that is no file is in its place";
    else if (content.error_number != ENOENT)
      exception.detail = std::strerror(content.error_number);
  } else if (!content.bad.empty()) {
    exception.verdict = Verdict::unreadable;
    exception.error_number = content.bad.front().error_number;
    exception.detail = std::strerror(exception.error_number);
    for (const files::BadRange& bad : content.bad) exception.ranges.emplace_back(bad.offset, bad.size_bytes);
  } else if (content.changing) {
    exception.verdict = Verdict::changed;
    exception.detail = "somebody writes to it";
  } else if (content.digest != task.digest) {
    exception.verdict = Verdict::corrupt;
    exception.detail = fmt::format("{} bytes, SHA-256 {}...", content.size_bytes,
                                   content.digest.hex().substr(0, kDigitsShown));
  } else {
    exception.verdict = Verdict::intact;
  }
  return exception;
}

std::vector<jobs::FileTask> files_of(const std::vector<Task>& tasks) {
  std::vector<jobs::FileTask> files;
  for (const Task& task : tasks) files.push_back(task.file);
  return files;
}

}  // namespace

jobs::ContentNeeds Check::needs(files::ReadFrom from, bool spinning) const {
  return {.digest = true, .tags = false, .sniff = false, .from = from, .physical_order = spinning};
}

void Check::read_tasks() {
  using From = files::ReadFrom;
  jobs::ContentReader large({}, needs(options_.from_medium ? From::medium : From::anywhere, spinning_));
  jobs::ContentReader small({},
                            needs(options_.from_medium ? From::dropped_pages : From::anywhere, spinning_));
  const auto reader_of = [&](const Batch& batch) -> jobs::ContentReader& {
    return batch.small ? small : large;
  };
  const auto open = [&](const std::optional<Batch>& batch) {
    if (!batch) return std::vector<jobs::Content>();
    const std::vector<jobs::FileTask> files = files_of(batch->tasks);
    std::vector<jobs::Content> contents = reader_of(*batch).open(files);
    for (std::size_t i = 0; batch->small && options_.from_medium && i < files.size(); ++i)
      if (contents[i].error_number == 0 && contents[i].path == files::ReadPath::cache_allowed)
        contents[i] = std::move(large.open({files[i]})[0]);  // its pages would not go
    return contents;
  };
  auto batch = tasks_->pop();
  std::vector<jobs::Content> contents = open(batch);
  while (batch && !stop_.requested()) {
    auto next = tasks_->try_pop();  // on its way from the disk while this one is hashed
    std::vector<jobs::Content> next_contents = open(next);
    jobs::ContentReader& reader = reader_of(*batch);
    reader.read(files_of(batch->tasks), contents, std::vector<crypto::TagNonce>(batch->tasks.size()),
                progress_, stop_);
    if (reader.stopped()) return;  // nothing of this batch counts as checked
    judge_batch(batch->tasks, std::move(contents));
    if (!next) {
      next = tasks_->pop();
      next_contents = open(next);
    }
    batch = std::move(next);
    contents = std::move(next_contents);
  }
}

void Check::judge_batch(const std::vector<Task>& tasks, std::vector<jobs::Content> contents) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Exception exception = judge(tasks[i], contents[i]);
    contents[i].fd.reset();
    if (may_pass(exception.verdict)) {
      auto again = look_again(tasks[i], exception);
      if (!again) continue;  // interrupted: it has no verdict
      exception = std::move(*again);
    }
    take(std::move(exception), tasks[i].own, &contents[i]);
  }
}

/// Before damage is called so, the file is read once more, from the medium: memory and cables fail, too.
std::optional<Check::Exception> Check::look_again(const Task& task, const Exception& first) {
  jobs::ContentReader again({}, needs(files::ReadFrom::medium, false));
  const std::vector<jobs::FileTask> one{task.file};
  std::vector<jobs::Content> contents = again.open(one);
  jobs::Progress uncounted;
  again.read(one, contents, {crypto::TagNonce{}}, uncounted, stop_);
  if (again.stopped()) return std::nullopt;
  Exception second = judge(task, contents[0]);
  if (second.verdict == Verdict::intact)
    second.detail = fmt::format("was {} at first and intact when read again: check the drive and its cable",
                                archive::name_of(first.verdict));
  return second;
}

void Check::take(Exception exception, bool own, const jobs::Content* content) {
  const std::lock_guard lock(mutex_);
  auto& check = report_.check;
  const bool intact = exception.verdict == Verdict::intact;
  ++progress_.files_done;
  if (content != nullptr && content->error_number == 0) {
    check.bytes += content->size_bytes;
    ++read_paths_[content->path];
  }
  if (own) {
    ++(intact ? check.lists_right : check.lists_wrong);
  } else {
    ++check.checked;
    ++check.verdicts[exception.verdict];
    if (intact && content != nullptr) intact_bytes_ += content->size_bytes;
  }
  if (intact && exception.detail.empty()) return;
  if (intact) ++report_.read_twice;
  if (!intact) ++progress_.problems;
  check.exceptions.push_back(std::move(exception));
}

}  // namespace dalil::drives::offline
