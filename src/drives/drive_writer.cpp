#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>

#include "parts.hpp"

namespace dalil::drives {

namespace {
/// A batch ends by its size or its age, whichever comes first: a drive that is pulled, or a kill, costs what
/// was written since.
constexpr std::uint64_t kBatchBytes = 256 << 20;
constexpr std::size_t kBatchFiles = 4000;
constexpr auto kLeastAge = std::chrono::milliseconds(200), kMostAge = std::chrono::milliseconds(2000);
/// Where a sync takes long, batches are longer: it shall cost an eighth of the time at most.
constexpr int kSyncShare = 8;
}  // namespace

DriveReport::State state_of(DriveFailure::Kind kind) {
  switch (kind) {
    case DriveFailure::Kind::full:
      return DriveReport::State::full;
    case DriveFailure::Kind::gone:
      return DriveReport::State::gone;
    case DriveFailure::Kind::failed:
      break;
  }
  return DriveReport::State::failed;
}

DriveWriter::DriveWriter(std::size_t number, const std::vector<PlannedFile>& plan, bool rename_safe,
                         DriveJob& job, DriveStore& store, NewsQueue& news, jobs::Progress& progress)
    : number_(number),
      plan_(plan),
      rename_safe_(rename_safe),
      job_(job),
      store_(store),
      news_(news),
      progress_(progress) {}

void DriveWriter::end(DriveReport::State state, const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (ended_.exchange(true)) return;
  job_.report.state = state;
  job_.report.why = why;
}

void DriveWriter::guard(const std::function<void()>& work) {
  try {
    work();
  } catch (const DriveFailure& failure) {
    end(state_of(failure.kind), failure.what());
  } catch (const std::bad_alloc&) {
    end(DriveReport::State::failed, "out of memory");
  } catch (const std::exception& failure) {
    end(DriveReport::State::failed, failure.what());
  }
}

DriveReport::State DriveWriter::state() {
  const std::lock_guard lock(mutex_);
  return job_.report.state;
}

/// What a full drive holds is brought to its end; a drive that is gone or fails is left alone.
bool DriveWriter::usable() {
  const DriveReport::State now = state();
  return now == DriveReport::State::done || now == DriveReport::State::full;
}

void DriveWriter::write(ParcelQueue& parcels) {
  while (true) {
    auto popped = parcels.pop_within(kLeastAge);
    if (popped.closed) break;
    if (ended_) continue;  // the reader must not wait for a drive that is gone
    guard([&] {
      if (popped.value) take(**popped.value);
      hand_over_if_due();
    });
  }
  // What is written is brought to its end also on a full drive, and after Ctrl-C.
  if (usable()) {
    guard([&] {
      store_.abandon();
      hand_over();
    });
  }
  to_check_.close();
  while (!checked_all_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (usable()) guard([&] { publish_durable(); });
}

void DriveWriter::take(const Parcel& parcel) {
  if (parcel.given_up) {
    if (std::exchange(in_file_, false)) store_.abandon();
    return;
  }
  for (const Parcel::Whole& one : parcel.whole) {
    const Action action = job_.actions[one.file.index];
    if (action == Action::there || action == Action::leave_out) continue;
    store_.prepare();
    store_.write({parcel.buffer->data() + one.offset, static_cast<std::size_t>(one.file.size_bytes)});
    finish_file(one.file);
  }
  if (!parcel.whole.empty()) return;
  const Action action = job_.actions[parcel.index];
  if (action == Action::there || action == Action::leave_out) return;
  if (parcel.first) {
    store_.prepare();
    in_file_ = true;
  }
  store_.write({parcel.buffer->data(), parcel.bytes});
  if (!parcel.last) return;
  in_file_ = false;
  finish_file(*parcel.last);
}

void DriveWriter::finish_file(SourceFile file) {
  file.target = *job_.target_path(plan_[file.index], rename_safe_);
  std::string lost;
  batch_bytes_ += file.size_bytes;
  Pending pending = store_.seal(std::move(file), lost);
  if (!lost.empty()) {
    News news{number_, {}, {}, 0};
    // An object's random name tells nobody which file it is.
    const std::string& path = job_.sealed() ? plan_[pending.file.index].path : pending.file.target;
    news.problems.push_back({job_.report.label, path, "copied " + lost});
    news_.push(std::move(news));
  }
  batch_.push_back(std::move(pending));
  if (batch_.size() >= kBatchFiles || batch_bytes_ >= kBatchBytes) hand_over();
}

/// Also in the middle of a long file, and while the source keeps this drive waiting.
void DriveWriter::hand_over_if_due() {
  if (std::chrono::steady_clock::now() - last_hand_over_ < batch_age_) return;
  bool published = false;
  {
    const std::lock_guard lock(mutex_);
    published = !published_.empty();
  }
  if (!batch_.empty() || published) hand_over();
}

/// Makes what was written durable, and what was published before; the verifier goes on with the former.
void DriveWriter::hand_over() {
  store_.check_identity();
  const auto began = std::chrono::steady_clock::now();
  publish_durable();
  batch_age_ = std::clamp<std::chrono::steady_clock::duration>(
      kSyncShare * (std::chrono::steady_clock::now() - began), kLeastAge, kMostAge);
  if (!batch_.empty()) to_check_.push(std::exchange(batch_, {}));
  batch_bytes_ = 0;
  last_hand_over_ = std::chrono::steady_clock::now();
}

void DriveWriter::publish_durable() {
  std::vector<News::Copied> durable;
  {
    const std::lock_guard lock(mutex_);
    durable.swap(published_);
  }
  store_.sync();
  if (durable.empty()) return;
  news_.push(News{number_, std::move(durable), {}, 0});
}

void DriveWriter::verify() {
  while (auto batch = to_check_.pop()) {
    if (!usable()) continue;
    guard([&] { check(std::move(*batch)); });
  }
  checked_all_ = true;
}

void DriveWriter::check(std::vector<Pending> batch) {
  const std::vector<std::string> answers = store_.read_back(batch, never_);
  store_.check_identity();
  News news{number_, {}, {}, 0};
  std::vector<News::Copied> published;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Pending& pending = batch[i];
    std::string why = answers[i];
    if (why.empty()) {
      if (auto stored = store_.publish(pending, why)) {
        progress_.bytes_done += pending.file.size_bytes;
        ++progress_.files_done;
        published.push_back({std::move(pending.file), std::move(*stored)});
        continue;
      }
    }
    store_.discard(pending);
    news.problems.push_back({job_.report.label, pending.file.target, why});
    ++news.failed;
  }
  {
    const std::lock_guard lock(mutex_);
    std::move(published.begin(), published.end(), std::back_inserter(published_));
  }
  if (news.failed > 0) news_.push(std::move(news));
}

}  // namespace dalil::drives
