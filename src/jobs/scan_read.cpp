#include "scan_parts.hpp"

namespace dalil::jobs {

ScanReader::ScanReader(const archive::Archive& archive, const ScanOptions& options, bool spinning,
                       Progress& progress, const StopFlag& stop)
    : options_(options),
      progress_(progress),
      stop_(stop),
      view_(archive.view()),
      reader_(archive.tag_key().view(),
              {.digest = true, .tags = true, .sniff = true, .physical_order = spinning}) {}

/// While one batch is hashed the next one's files are already open and on their way from the disk, and the
/// parser works on the batch before.
void ScanReader::run(TaskQueue& tasks, FindingsQueue& findings) {
  std::optional<std::vector<FileTask>> batch = tasks.pop();
  std::vector<Content> contents;
  if (batch) contents = reader_.open(*batch);
  std::optional<Findings> before;  // its answers from the parser are awaited
  while (batch && !stop_.requested()) {
    std::optional<std::vector<FileTask>> next = tasks.try_pop();
    std::vector<Content> next_contents;
    if (next) next_contents = reader_.open(*next);
    Findings now = read(std::move(*batch), std::move(contents));
    if (before) {
      collect(*before);
      if (!findings.push(std::move(*before))) return;
      before.reset();
    }
    if (reader_.stopped()) return;
    parse(now);
    if (next) {
      before = std::move(now);
    } else {
      collect(now);
      if (!findings.push(std::move(now))) return;
      next = tasks.pop();
      if (next) next_contents = reader_.open(*next);
    }
    batch = std::move(next);
    contents = std::move(next_contents);
  }
  if (!before) return;
  collect(*before);
  findings.push(std::move(*before));
}

Findings ScanReader::read(std::vector<FileTask> tasks, std::vector<Content> contents) {
  std::vector<crypto::TagNonce> nonces(tasks.size());
  for (auto& nonce : nonces) crypto::random_bytes(nonce);
  reader_.read(tasks, contents, nonces, progress_, stop_);
  Findings findings;
  findings.files.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    findings.files.push_back({std::move(tasks[i]), std::move(contents[i]), nonces[i], std::nullopt});
  return findings;
}

/// Hands the media among new contents to the parser. What the archive holds already has its facts.
void ScanReader::parse(Findings& findings) {
  if (!options_.metadata) return;
  bool renewed = false;
  for (ReadFile& file : findings.files) {
    if (!file.content.ok() || file.content.sniffed.kind == media::MediaKind::other) continue;
    if (!renewed) {
      view_.renew();
      renewed = true;
    }
    if (view_.find_item(file.content.digest)) continue;
    if (!parser_)
      parser_ =
          std::make_unique<media::ParserClient>(media::ParserOptions{.program = options_.parser_program});
    parser_->submit(file.content.fd.get(), file.content.sniffed);
    file.facts.emplace();  // to be filled
  }
}

void ScanReader::collect(Findings& findings) {
  for (ReadFile& file : findings.files) {
    if (file.facts) {
      *file.facts = parser_->collect();
      for (media::TimeClaim& claim : media::times_in_name(file.task.name))
        file.facts->times.push_back(std::move(claim));
    }
    file.content.fd.reset();
    file.task.directory_fd.reset();
  }
}

}  // namespace dalil::jobs
