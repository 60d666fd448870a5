#include <algorithm>
#include <iterator>

#include "dalil/archive/proof.hpp"
#include "scan_parts.hpp"

namespace dalil::jobs {

ScanReader::ScanReader(const archive::Archive& archive, const ScanOptions& options, bool spinning,
                       const Awaiting& awaiting, std::shared_ptr<media::Nursery> nursery, Progress& progress,
                       const StopFlag& stop)
    : options_(options),
      awaiting_(awaiting),
      progress_(progress),
      stop_(stop),
      view_(archive.view()),
      reader_(archive.tag_key().view(),
              {.digest = true, .tags = true, .sniff = true, .physical_order = spinning}),
      nursery_(std::move(nursery)) {
  view_.rest();
}

/// While one batch is hashed the files of the next ones are already open and on their way from the disk, and
/// the parser works on those before.
void ScanReader::run(ScanLookahead& ahead, FindingsQueue& findings) {
  const auto open = [this](const std::vector<FileTask>& tasks) { return reader_.open(tasks); };
  while (!stop_.requested()) {
    auto batch = ahead.next(open, false);
    if (!batch) {  // nothing to do at the moment but to pass on what was read and parsed
      const bool launching = parser_ && parser_->launching();  // that would be waited for too long
      if (!hand_over(findings, launching ? awaited_.size() : 0)) return;
      batch = ahead.next(open, true);
    }
    if (!batch) break;
    Findings now = read(std::move(batch->tasks), std::move(batch->contents));
    if (reader_.stopped()) break;
    parse(now);
    awaited_.push_back({std::move(now)});
    if (!hand_over(findings, most_awaited())) return;
  }
  hand_over(findings, 0);
}

/// The worker has told; a scan that stopped before it has started need not wait for it.
std::vector<std::string> ScanReader::missing_locks() const {
  std::vector<std::string> missing;
  if (!parser_ || parser_->launching() || stop_.requested()) return missing;
  for (const media::SandboxLock& lock : parser_->sandbox().locks)
    if (!lock.active()) missing.push_back(std::string(lock.title) + ": " + media::reason_of(lock));
  return missing;
}

std::size_t ScanReader::most_awaited() const {
  return parser_ && parser_->launching() ? awaiting_.batches_at_launch : awaiting_.batches;
}

/// Passes on what the parser has answered, in order, and waits for it as long as more batches than that are
/// held. False if nobody wants any more.
bool ScanReader::hand_over(FindingsQueue& findings, std::size_t most_held) {
  while (!awaited_.empty() && collect(awaited_.front(), awaited_.size() > most_held)) {
    Findings done = std::move(awaited_.front().findings);
    awaited_.pop_front();
    if (!findings.push(std::move(done))) return false;
  }
  return true;
}

Findings ScanReader::read(std::vector<FileTask> tasks, std::vector<Content> contents) {
  std::vector<crypto::TagNonce> nonces(tasks.size());
  for (auto& nonce : nonces) crypto::random_bytes(nonce);
  reader_.read(tasks, contents, nonces, progress_, stop_);
  Findings findings;
  findings.files.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    findings.files.push_back(
        {std::move(tasks[i]), std::move(contents[i]), nonces[i], std::nullopt, std::nullopt});
  return findings;
}

void add_times(std::vector<media::TimeClaim>& times, const std::vector<media::TimeClaim>& more) {
  for (const media::TimeClaim& claim : more)
    if (std::ranges::find(times, claim) == times.end()) times.push_back(claim);
}

bool wants_facts(archive::View& view, archive::Row item, LookAgain which) {
  if (which == LookAgain::all || !archive::facts_entry(view, item)) return true;
  return which == LookAgain::missing && !view.facts(item)->problem.empty();
}

/// Hands the media to the parser, but for contents that the archive holds with their facts.
void ScanReader::parse(Findings& findings) {
  if (!options_.metadata) return;
  bool renewed = false;
  for (ReadFile& file : findings.files) {
    if (!file.content.ok() || file.content.sniffed.kind == media::MediaKind::other) continue;
    if (!renewed) {
      view_.renew();
      renewed = true;
    }
    const auto held = view_.find_item(file.content.digest);
    // What was destroyed by redaction comes back only where somebody asks for it.
    if (held && (options_.look_again == LookAgain::none || !wants_facts(view_, *held, options_.look_again)))
      continue;
    file.held = held;
    if (!parser_) parser_ = std::make_unique<media::ParserClient>(media::ParserOptions{.nursery = nursery_});
    parser_->submit(file.content.fd.get(), file.content.sniffed);
    file.facts.emplace();  // to be filled
  }
  if (renewed) view_.rest();
}

/// Another name of the same content may have told a time, which stays. What was known is no news, and a
/// reading that failed takes nothing from one that did not.
void ScanReader::add_what_names_say(ReadFile& file) {
  std::optional<media::MediaFacts> known;
  if (file.held) {
    view_.renew();
    known = view_.facts(*file.held);
    view_.rest();
  }
  std::vector<media::TimeClaim> of_names;
  if (known)
    std::ranges::copy_if(known->times, std::back_inserter(of_names), [](const media::TimeClaim& claim) {
      return claim.origin == media::TimeOrigin::file_name;
    });
  add_times(file.facts->times, of_names);
  add_times(file.facts->times, media::times_in_name(file.task.name));
  const bool worse = known && known->problem.empty() && !file.facts->problem.empty();
  if (worse || known == file.facts) file.facts.reset();
}

/// True once all of the batch is answered; false if it is not and there was to be no waiting.
bool ScanReader::collect(Awaited& batch, bool wait) {
  for (; batch.collected < batch.findings.files.size(); ++batch.collected) {
    ReadFile& file = batch.findings.files[batch.collected];
    if (file.facts) {
      if (!wait && !parser_->ready()) return false;
      *file.facts = parser_->collect();
      add_what_names_say(file);
    }
    file.content.fd.reset();
    file.task.directory_fd.reset();
  }
  return true;
}

}  // namespace dalil::jobs
