#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dalil/base/error.hpp"
#include "verify_parts.hpp"

namespace dalil::jobs {

using archive::Verdict;

ContentNeeds needs_of(const VerifyOptions& options, bool spinning) {
  return {.digest = options.mode == VerifyMode::sha256,
          .tags = true,
          .sniff = false,
          .from = options.from_medium ? files::ReadFrom::medium : files::ReadFrom::anywhere,
          .physical_order = spinning};
}

void refuse_if_out_of_descriptors(int error_number) {
  if (error_number != EMFILE && error_number != ENFILE) return;
  throw Error(ErrorCode::io, fmt::format("cannot open a file: {}", std::strerror(error_number)),
              "allow more open files (ulimit -n), or use fewer --threads");
}

VerifyChecker::VerifyChecker(const archive::Archive& archive, const VerifyPlan& plan, Progress& progress,
                             const StopFlag& stop)
    : plan_(plan),
      options_(plan.options),
      progress_(progress),
      view_(archive.view()),
      archive_(archive),
      needs_(needs_of(plan.options, plan.spinning)),
      stop_([this, &stop] {
        return stop.requested() || (judged_ > 0 && options_.out_of_time && options_.out_of_time());
      }) {
  view_.rest();
}

ContentReader& VerifyChecker::reader_for(std::uint32_t tag_epoch) {
  auto found = readers_.find(tag_epoch);
  if (found == readers_.end()) {
    const crypto::Secret key = archive_.tag_key(tag_epoch);
    found = readers_.try_emplace(tag_epoch, key.view(), needs_).first;
  }
  return found->second;
}

std::vector<Content> VerifyChecker::open(const std::vector<CheckTask>& tasks) {
  if (options_.mode == VerifyMode::sample) return std::vector<Content>(tasks.size());
  files_.clear();
  for (const CheckTask& task : tasks) files_.push_back(task.file);
  return reader_for(archive_.keyring().epoch()).open(files_);
}

void VerifyChecker::run(CheckQueue& tasks, NewsQueue& news) {
  std::optional<std::vector<CheckTask>> batch = tasks.pop();
  std::vector<Content> contents;
  if (batch) contents = open(*batch);
  while (batch && !stop_.requested()) {
    std::optional<std::vector<CheckTask>> next = tasks.try_pop();
    std::vector<Content> next_contents;
    if (next) next_contents = open(*next);
    if (!news.push(check(*batch, std::move(contents)))) return;
    if (!next) {
      next = tasks.pop();
      if (next) next_contents = open(*next);
    }
    batch = std::move(next);
    contents = std::move(next_contents);
  }
}

/// Reads those of a batch whose tags one epoch's key made; what the stop flag ended is not complete.
void VerifyChecker::read(std::uint32_t tag_epoch, const std::vector<std::size_t>& which,
                         const std::vector<CheckTask>& tasks, const std::vector<archive::Copy>& copies,
                         std::vector<Content>& contents) {
  std::vector<crypto::TagNonce> nonces;
  std::vector<Content> part;
  files_.clear();
  for (const std::size_t i : which) {
    files_.push_back(tasks[i].file);
    nonces.push_back(copies[i].tag_nonce);
    part.push_back(std::move(contents[i]));
  }
  reader_for(tag_epoch).read(files_, part, nonces, progress_, stop_);
  for (std::size_t i = 0; i < which.size(); ++i) contents[which[i]] = std::move(part[i]);
}

VerifyNews VerifyChecker::check(const std::vector<CheckTask>& tasks, std::vector<Content> contents) {
  view_.renew();
  std::vector<archive::Copy> copies;
  std::map<std::uint32_t, std::vector<std::size_t>> by_epoch;  // nearly always one
  for (const CheckTask& task : tasks) {
    copies.push_back(view_.copy(task.row.seq));
    by_epoch[copies.back().tag_epoch].push_back(copies.size() - 1);
  }
  view_.rest();
  VerifyNews news;
  const bool sampled = options_.mode == VerifyMode::sample;
  if (!sampled)
    for (const auto& [epoch, which] : by_epoch) read(epoch, which, tasks, copies, contents);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (sampled && stop_.requested()) break;
    if (!sampled && !contents[i].complete) continue;  // does not count as checked
    Judged judged = sampled ? sample(tasks[i], copies[i]) : judge(tasks[i], copies[i], contents[i]);
    contents[i].fd.reset();
    const Verdict verdict = judged.exception.verdict;
    if (!sampled && (verdict == Verdict::corrupt || verdict == Verdict::unreadable))
      judged = look_again(tasks[i], copies[i], std::move(judged));
    news.judged.push_back(std::move(judged));
  }
  judged_ += news.judged.size();
  return news;
}

Judged VerifyChecker::sample(const CheckTask& task, const archive::Copy& copy) {
  const crypto::Secret key = archive_.tag_key(copy.tag_epoch);
  return check_sample(task, copy, crypto::ChunkTagger(key.view()), options_.from_medium, progress_);
}

Judged judged_for(const CheckTask& task, const archive::Copy& copy) {
  if (copy.directory != task.file.directory || copy.name != task.file.name)
    throw Error(ErrorCode::corrupt,
                fmt::format("entry {} is of another copy than its row says", task.row.seq),
                "run 'dalil check', then 'dalil rebuild'");
  Judged judged;
  judged.directory = task.directory;
  judged.name = task.file.name;
  judged.damaged_before = task.damaged_before;
  judged.drawn = task.chunks.size();
  judged.exception.path = files::join_path(task.file.directory, task.file.name);
  judged.exception.digest = copy.digest;
  return judged;
}

namespace {

/// Joins damaged chunks that follow one another.
void add_range(std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges, std::uint64_t offset,
               std::uint64_t size) {
  if (!ranges.empty() && ranges.back().first + ranges.back().second == offset)
    ranges.back().second += size;
  else
    ranges.emplace_back(offset, size);
}

/// Chunks that were read whole and do not have the tag that the ledger says.
std::vector<std::pair<std::uint64_t, std::uint64_t>> wrong_chunks(const archive::Copy& copy,
                                                                  const Content& content) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  const std::uint64_t end = std::max(copy.size_on_volume(), content.size_bytes);
  for (std::size_t i = 0; i < std::max(copy.tags.size(), content.tags.size()); ++i) {
    const std::uint64_t offset = i * crypto::kTagChunkSize;
    const std::uint64_t size = std::min<std::uint64_t>(crypto::kTagChunkSize, end - offset);
    const bool both = i < copy.tags.size() && i < content.tags.size();
    if (both && content.readable[i] == 0) continue;
    if (!both || copy.tags[i] != content.tags[i]) add_range(ranges, offset, size);
  }
  return ranges;
}

void set_unreadable(Exception& exception, const std::vector<files::BadRange>& bad) {
  exception.unreadable = bad;
  exception.error_number = bad.front().error_number;
  exception.detail = std::strerror(exception.error_number);
}

void set_ranges(Exception& exception, const std::vector<files::BadRange>& bad) {
  for (const files::BadRange& one : bad) exception.ranges.emplace_back(one.offset, one.size_bytes);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> all_ranges(const Exception& exception) {
  auto ranges = exception.ranges;
  for (const files::BadRange& bad : exception.unreadable) ranges.emplace_back(bad.offset, bad.size_bytes);
  return ranges;
}

/// Whether a range of `first` lies in none of `second`.
bool something_went_away(const Exception& first, const Exception& second) {
  const auto left = all_ranges(second);
  return std::ranges::any_of(all_ranges(first), [&](const auto& range) {
    return std::ranges::none_of(left, [&](const auto& other) {
      return other.first <= range.first && range.first + range.second <= other.first + other.second;
    });
  });
}

}  // namespace

Judged VerifyChecker::judge(const CheckTask& task, const archive::Copy& copy, const Content& content) const {
  Judged judged = judged_for(task, copy);
  judged.bytes = content.size_bytes;
  judged.was_read = content.error_number == 0;
  judged.read_path = content.path;
  Exception& e = judged.exception;
  if (content.error_number != 0) {
    refuse_if_out_of_descriptors(content.error_number);
    e.verdict = content.error_number == ENOENT ? Verdict::missing : Verdict::unreadable;
    e.error_number = content.error_number;
    e.detail = fmt::format("cannot be opened: {}", std::strerror(content.error_number));
    return judged;
  }
  e.ranges = wrong_chunks(copy, content);
  const bool digest_differs =
      options_.mode == VerifyMode::sha256 && content.bad.empty() && content.digest != copy.digest_on_volume();
  if (e.ranges.empty() && content.bad.empty() && !digest_differs &&
      content.size_bytes == copy.size_on_volume()) {
    e.verdict = Verdict::intact;
    if (content.recovered.empty()) return judged;
    e.at_first = Verdict::unreadable;
    set_unreadable(e, content.recovered);
    set_ranges(e, content.recovered);
    return judged;
  }
  if (!content.bad.empty()) set_unreadable(e, content.bad);
  if (e.ranges.empty() && !content.bad.empty()) {
    e.verdict = Verdict::unreadable;
    set_ranges(e, content.bad);
    return judged;
  }
  e.detail.clear();
  e.verdict = content.stat.mtime_ns > copy.mtime_ns ? Verdict::changed : Verdict::corrupt;
  if (content.size_bytes != copy.size_on_volume())
    e.detail = fmt::format("{} bytes where {} are expected", content.size_bytes, copy.size_on_volume());
  else if (e.ranges.empty())
    e.detail = "SHA-256 differs although every tag is right: the tags were forged";
  for (const files::BadRange& bad : content.bad)
    e.detail += fmt::format("{}unreadable besides: {} bytes at {} ({})", e.detail.empty() ? "" : "; ",
                            bad.size_bytes, bad.offset, std::strerror(bad.error_number));
  if (options_.mode == VerifyMode::sha256 && content.bad.empty() && !digest_differs) {
    e.verdict = Verdict::intact;  // the check that trusts no key has the last word
    e.detail = "SHA-256 is right, but tags of the archive are not";
  }
  return judged;
}

void compare_readings(const Exception& first, Exception& second) {
  const bool right_now = second.verdict == Verdict::intact;
  if (!right_now && !something_went_away(first, second)) return;
  second.at_first = first.verdict;
  if (!right_now) {
    second.detail += fmt::format("{}the first reading found other places wrong than the second",
                                 second.detail.empty() ? "" : "; ");
    return;
  }
  second.ranges = first.ranges;
  second.unreadable = first.unreadable;
  second.error_number = first.error_number;
  if (second.detail.empty()) second.detail = first.detail;
}

/// Before damage is called so, the file is read once more, from the medium: memory and cables fail, too.
Judged VerifyChecker::look_again(const CheckTask& task, const archive::Copy& copy, Judged first) {
  ContentNeeds needs = needs_of(options_, false);
  needs.from = files::ReadFrom::medium;
  const crypto::Secret key = archive_.tag_key(copy.tag_epoch);
  ContentReader again(key.view(), needs);
  const std::vector<FileTask> one{task.file};
  std::vector<Content> contents = again.open(one);
  Progress uncounted;
  again.read(one, contents, {copy.tag_nonce}, uncounted, stop_);
  if (!contents[0].complete) {
    first.exception.detail += fmt::format("{}not read a second time: the run was ended",
                                          first.exception.detail.empty() ? "" : "; ");
    return first;
  }
  Judged second = judge(task, copy, contents[0]);
  compare_readings(first.exception, second.exception);
  return second;
}

}  // namespace dalil::jobs
