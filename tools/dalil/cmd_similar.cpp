#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "command.hpp"
#include "dalil/archive/similar.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "item_forms.hpp"
#include "json_forms.hpp"
#include "looks_forms.hpp"
#include "refs.hpp"
#include "table.hpp"

namespace dalil::cli {
namespace {

struct SimilarArguments {
  std::vector<std::string> subjects;
  unsigned narrow = 31, wide = 80;
  std::size_t limit = SIZE_MAX;
  bool no_flips = false, no_sound = false;
};

/// What is asked for, and the item that it is, if it is one.
struct Subject {
  std::string text;
  media::Fingerprints looks;
  std::optional<archive::Row> item;
  media::Fingerprints other_guess = {};  ///< of a file: its looks by another guess of its borders
};

/// A file of the disk, and not the first digits of an item.
bool is_file(archive::View& view, const std::string& text) {
  const bool digits =
      text.size() >= 4 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (digits) return false;
  const auto colon = text.find(':');
  if (colon != std::string::npos && colon > 0 && view.find_volume(text.substr(0, colon))) return false;
  return access(text.c_str(), F_OK) == 0;
}

files::Fd open_file(const std::string& path) {
  files::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) throw system_error("open", path, errno);
  if (files::stat_fd(fd.get()).stat.kind != files::FileKind::regular)
    throw Error(ErrorCode::invalid, in_quotes(path) + " is no regular file");
  return fd;
}

/// By the sandboxed worker; nothing of it is kept.
media::Looks look_at_file(media::ParserClient& parser, const std::string& path) {
  const files::Fd fd = open_file(path);
  std::array<std::uint8_t, 4096> head{};
  const ssize_t size = pread(fd.get(), head.data(), head.size(), 0);
  if (size < 0) throw system_error("read", path, errno);
  const media::Sniffed sniffed = media::sniff(ByteView(head).first(static_cast<std::size_t>(size)));
  if (sniffed.kind != media::MediaKind::photo && sniffed.kind != media::MediaKind::video &&
      sniffed.kind != media::MediaKind::audio)
    throw Error(ErrorCode::invalid, in_quotes(path) + " is neither a picture nor a video nor a sound");
  parser.submit(fd.get(), sniffed);
  return parser.collect_looks();
}

std::string why_nothing(const media::Fingerprints& looks) {
  if (!looks.problem.empty()) return looks.problem;
  return looks.sound.problem.empty() ? "it shows nothing: dark or flat" : looks.sound.problem;
}

/// Its bytes come first: an item that is the very same file is found whatever its looks.
Subject subject_from_file(archive::View& view, std::unique_ptr<media::ParserClient>& parser,
                          const std::string& path, bool sound) {
  Subject subject{path, {}, view.find_item(content_of_file(path).digest)};
  if (!parser) {
    media::ParserOptions options;
    options.wall_limit = media::kDecodingLimit;
    options.work = media::ParserWork::question;
    options.sound = sound;
    parser = std::make_unique<media::ParserClient>(options);
  }
  try {
    media::Looks looks = look_at_file(*parser, path);
    subject.looks = std::move(looks.fingerprints);
    subject.other_guess = std::move(looks.other_guess);
  } catch (const Error& error) {
    if (!subject.item || error.code() != ErrorCode::invalid) throw;
    subject.looks.problem = error.what();
  }
  if (!subject.looks.empty()) return subject;
  const std::string why = why_nothing(subject.looks);
  if (!subject.item) throw Error(ErrorCode::invalid, in_quotes(path) + " has no looks to compare", why);
  subject.looks.problem = "has no looks to compare, so only the very same file is found (" + why + ")";
  subject.looks.sound.problem.clear();
  return subject;
}

Subject subject_from(archive::View& view, std::unique_ptr<media::ParserClient>& parser,
                     const std::string& text, bool sound) {
  if (is_file(view, text)) return subject_from_file(view, parser, text, sound);
  Subject subject{text, {}, item_named(view, text)};
  auto looks = archive::fingerprints_of(view, *subject.item);
  if (!looks)
    throw Error(ErrorCode::not_found, "item " + in_quotes(text) + " has no fingerprints on record",
                "'dalil fingerprint' makes them; a file of its content can be given instead");
  subject.looks = std::move(*looks);
  if (!sound) subject.looks.sound = {};
  if (subject.looks.empty())
    throw Error(ErrorCode::invalid, in_quotes(text) + " has no looks to compare", why_nothing(subject.looks));
  return subject;
}

Json json_of(archive::View& view, const Subject& subject, const archive::Likeness& likeness) {
  Json fields;
  put_path(fields, "question", subject.text);
  fields["digest"] = view.item(likeness.item).digest.hex();
  fields["same_content"] = subject.item == likeness.item;
  fields["distance"] = likeness.distance;
  fields["changes"] = changes_json(likeness.changes, likeness.pose);
  fields["pose"] = media::name_of(likeness.pose);
  fields["question_part"] = media::name_of(likeness.question_part);
  fields["part"] = media::name_of(likeness.part);
  if (likeness.alignment) {
    const media::Alignment& at = *likeness.alignment;
    fields["alignment"] = {{"across", at.across}, {"down", at.down},       {"right", at.right},
                           {"below", at.below},   {"degrees", at.degrees}, {"likeness", at.likeness},
                           {"detail", at.detail}, {"altered", at.altered}};
  }
  fields["by"] = subject.item == likeness.item ? Json::array({"bytes"}) : grounds_json(likeness);
  fields["frames"] = likeness.frames;
  fields["stretches"] = stretches_json(likeness.stretches);
  if (likeness.sound)
    fields["sound"] = {{"windows", likeness.sound->windows},
                       {"distance", likeness.sound->distance},
                       {"stretches", stretches_json(likeness.sound->stretches)}};
  fields["copies"] = Json::array();
  for (const archive::CopyInfo& copy : view.copies_of(likeness.item))
    fields["copies"].push_back(cli::json_of(copy));
  return fields;
}

const char* nothing_text(const Subject& subject) {
  if (subject.looks.sound.empty()) return "nothing looks like ";
  return subject.looks.prints.empty() ? "nothing sounds like " : "nothing looks or sounds like ";
}

void print_table(Printer& out, archive::View& view, const Subject& subject,
                 const std::vector<archive::Likeness>& found) {
  const bool times = std::ranges::any_of(found, [](const auto& one) { return !stretches_text(one).empty(); });
  std::vector<Table::Column> columns{
      {"item"}, {"bits", Align::right}, {"how", Align::left, Table::Fit::shortened}};
  if (times) columns.push_back({"at"});
  columns.push_back({"size", Align::right});
  columns.push_back({"path", Align::left, Table::Fit::shortened});
  Table table(std::move(columns));
  for (const archive::Likeness& one : found) {
    const ItemLine item = item_line(view, one.item);
    const std::string how =
        subject.item == one.item ? "the very same file" : changes_text(one.changes, one.pose);
    std::vector<Cell> cells{item.short_id, std::to_string(one.distance), how};
    if (times) cells.emplace_back(stretches_text(one));
    cells.emplace_back(item.size);
    cells.emplace_back(item.path);
    table.add(std::move(cells));
  }
  table.print(out);
}

/// Items that look like it. The item itself is left out, or where a file was asked for is the first.
std::vector<archive::Likeness> matches_of(archive::View& view, const archive::Looks& looks,
                                          const Subject& subject, bool is_item,
                                          const archive::SimilarOptions& options) {
  std::vector<archive::Likeness> found =
      looks.find_any(view, std::array{subject.looks, subject.other_guess}, options);
  if (!subject.item) return found;
  archive::Likeness same;
  same.item = *subject.item;
  std::erase_if(found, [&](const archive::Likeness& one) {
    if (one.item == same.item) same = one;
    return one.item == same.item;
  });
  same.distance = 0;  // whatever the fingerprints on record were made with
  if (!is_item) found.insert(found.begin(), std::move(same));
  return found;
}

archive::SimilarOptions options_from(const SimilarArguments& arguments) {
  constexpr unsigned kWidest = 100;
  if (arguments.narrow > kWidest || arguments.wide > kWidest)
    throw Error(ErrorCode::usage, fmt::format("distances are 0 to {} bits", kWidest),
                "pictures that have nothing to do with each other differ in about 128");
  archive::SimilarOptions options;
  options.narrow = static_cast<int>(arguments.narrow);
  options.wide = static_cast<int>(std::max(arguments.narrow, arguments.wide));
  options.flips = !arguments.no_flips;
  options.sound = !arguments.no_sound;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  return options;
}

int run_similar(Session& session, const SimilarArguments& arguments) {
  const archive::SimilarOptions options = options_from(arguments);
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Looks looks = archive::Looks::load(archive, options.threads);
  Printer& out = session.out();
  std::unique_ptr<media::ParserClient> parser;
  std::size_t matched = 0;
  for (const std::string& text : arguments.subjects) {
    const bool item = !is_file(view, text);
    const Subject subject = subject_from(view, parser, text, options.sound);
    auto found = matches_of(view, looks, subject, item, options);
    if (found.size() > arguments.limit) found.resize(arguments.limit);
    matched += found.size();
    if (arguments.subjects.size() > 1) out.line(fitting_path(out, text, 1) + ":");
    if (found.empty()) out.line(nothing_text(subject) + in_quotes(text));
    if (!found.empty()) print_table(out, view, subject, found);
    if (arguments.subjects.size() > 1) out.line();
    for (const archive::Likeness& one : found) out.object("likeness", json_of(view, subject, one));
    for (const std::string& problem : {subject.looks.problem, subject.looks.sound.problem})
      if (!problem.empty()) out.note(in_quotes(text) + ": " + problem);
  }
  note_coverage(out, view);
  out.object("summary", {{"command", "similar"},
                         {"questions", arguments.subjects.size()},
                         {"matched", matched},
                         {"fingerprints", looks.size()}});
  return matched == 0 ? kExitNo : kExitOk;
}

}  // namespace

Runner declare_similar(Options& app) {
  const auto options = std::make_shared<SimilarArguments>();
  app.add_option("FILE|ITEM", options->subjects,
                 "a picture, video or sound, taken in or not; or an item's digits, VOLUME:PATH")
      ->required()
      ->type_name("");
  app.add_option("--near", options->narrow, "bits that may differ where hashes decide (default: 31)")
      ->type_name("BITS");
  app.add_option("--wide", options->wide, "bits up to which a closer look is taken (default: 80)")
      ->type_name("BITS");
  app.add_flag("--no-flips", options->no_flips, "do not look for flipped and turned versions");
  app.add_flag("--no-sound", options->no_sound, "compare pictures and frames only");
  app.add_option("--limit", options->limit, "show the nearest so many of each")
      ->type_name("N")
      ->at_least_one();
  return [options](Session& session) { return run_similar(session, *options); };
}

}  // namespace dalil::cli
