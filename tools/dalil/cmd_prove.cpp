#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "dalil/base/shell.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/new_file.hpp"
#include "dalil/formats/proof.hpp"
#include "forms.hpp"
#include "output_file.hpp"
#include "proof_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct ProveOptions {
  std::string what, copy, incident, out;
  std::optional<std::uint64_t> link, run, entry, checkpoint;
  bool facts = false, names_source = false;
};

constexpr const char* kHelp =
    "The file holds that one entry, whole, and the way from it to checkpoints: the\n"
    "first that each authority stamped, the first that each auditor cosigned, and the\n"
    "newest. So stamp and cosign first ('dalil help timestamp', 'dalil help cosign').\n\n"
    "An entry that names an item leaves only if the item's sources consent to courts\n"
    "or more ('dalil show ITEM'); what left cannot be called back.\n\n";

void require_one_question(const ProveOptions& options) {
  const int questions = int{!options.what.empty()} + int{!options.incident.empty()} +
                        int{options.link.has_value()} + int{options.run.has_value()} +
                        int{options.entry.has_value()};
  if (questions != 1)
    throw Error(ErrorCode::usage, "one thing has to be named that is to be proven",
                "ITEM, ITEM@VOLUME, --link N, --run N, --incident ID or --entry N");
  if (options.what.empty() && (options.facts || !options.copy.empty()))
    throw Error(ErrorCode::usage, "--facts and --copy go with an ITEM");
  if (options.facts && !options.copy.empty())
    throw Error(ErrorCode::usage, "--facts and --copy exclude each other");
}

/// ITEM@VOLUME, where both are known; a path may have an "@" as well.
std::optional<std::pair<archive::Row, archive::Volume>> verdict_question(archive::View& view,
                                                                         const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos || at == 0) return std::nullopt;
  auto volume = view.find_volume(text.substr(at + 1));
  if (!volume) return std::nullopt;
  return std::pair(item_named(view, text.substr(0, at)), std::move(*volume));
}

archive::Seq verdict_on(archive::View& view, archive::Row item, const archive::Volume& volume) {
  if (const auto seq = archive::verdict_entry(view, item, volume.row)) return *seq;
  throw Error(ErrorCode::not_found,
              "the ledger holds no verdict on a copy of the item on volume " + in_quotes(volume.label),
              "verify it first: dalil verify FOLDER --volume " + shell_word(volume.label));
}

archive::Seq copy_of_item(archive::View& view, archive::Row item, const std::string& text) {
  const auto colon = text.find(':');
  const auto volume = colon == std::string::npos ? std::nullopt : view.find_volume(text.substr(0, colon));
  if (!volume)
    throw Error(ErrorCode::usage, in_quotes(text) + " is no copy", "VOLUME:PATH, as 'show' lists it");
  const archive::Seq seq = archive::copy_entry(view, volume->row, path_within(text.substr(colon + 1)));
  if (view.copy(seq).digest != view.item(item).digest)
    throw Error(ErrorCode::not_found, in_quotes(text) + " is a copy of another item");
  return seq;
}

archive::Seq entry_about_item(archive::View& view, const ProveOptions& options) {
  if (const auto question = verdict_question(view, options.what)) {
    archive::require_consent(view, question->first);  // an intact copy is not named in the entry
    return verdict_on(view, question->first, question->second);
  }
  const archive::Row item = item_named(view, options.what);
  if (!options.copy.empty()) return copy_of_item(view, item, options.copy);
  if (!options.facts) return archive::first_entry_of(view, item);
  if (const auto seq = archive::facts_entry(view, item)) return *seq;
  throw Error(ErrorCode::not_found, "the ledger holds no media facts of " + in_quotes(options.what));
}

archive::Seq entry_to_prove(archive::View& view, const ProveOptions& options) {
  if (!options.what.empty()) return entry_about_item(view, options);
  if (!options.incident.empty()) return view.incident(incident_named(view, options.incident)).seq;
  return options.link ? *options.link : options.run ? *options.run : *options.entry;
}

/// A number that was given as a link's or a run's is one.
void require_kind(const ProveOptions& options, const archive::Proof& proof) {
  if (options.link && proof.kind != "link_made")
    throw Error(ErrorCode::not_found, fmt::format("entry {} made no link", *options.link),
                "the entries of an item's links are listed by: dalil show ITEM");
  if (options.run && proof.kind != "run")
    throw Error(ErrorCode::not_found, fmt::format("entry {} is no scan or verification", *options.run),
                "the entries of a volume's runs are listed by: dalil volume show VOLUME");
}

/// Entries of class source may tell who a source is: nobody gives that away by a number mistyped.
void require_intent(archive::View& view, const ProveOptions& options, archive::Seq seq) {
  if (options.names_source || seq >= view.reader().size()) return;
  if (view.reader().line(seq).seal_class != ledger::SealClass::source) return;
  throw Error(ErrorCode::usage, fmt::format("entry {} is of class source: it may tell who a source is", seq),
              "if that is meant, and the source allows it: --names-source");
}

/// No source, no consent on record: for people to decide.
void note_missing_consent(Printer& out, archive::View& view, const archive::Statement& statement) {
  const auto item = statement.digest ? view.find_item(*statement.digest) : std::nullopt;
  if (item && !view.consent_of_item(*item))
    out.note("no source is assigned to this item: nobody's consent is on record");
}

/// What is handed to a court is looked at as the court will.
void require_sound(const formats::ProofCheck& check) {
  for (const formats::ProofStep& step : check.steps)
    if (step.result == formats::ProofStep::Result::wrong)
      throw Error(ErrorCode::corrupt, "the proof would not hold: " + step.name + ": " + step.detail,
                  "nothing was written; run 'dalil check'");
}

std::string encoded(const archive::Proof& proof) {
  std::string text = formats::encode_proof(proof);
  if (text.size() > formats::kMaxProofBytes)
    throw Error(
        ErrorCode::unsupported, "the entry is too large for a proof: " + bytes_text(text.size()),
        "at most 16 MiB; the file's size, or the list of exceptions of a run, is what makes it so large");
  return text;
}

bool by_others(const archive::Proof& proof) {
  return std::ranges::any_of(proof.checkpoints, [](const auto& one) { return !one.timestamps.empty(); }) ||
         std::ranges::any_of(proof.keys, [](const archive::ProofKey& one) {
           return one.key.type == merkle::NoteKeyType::cosignature;
         });
}

/// Whose word stands behind the entry. They are named in the file, so whoever gets it learns of them.
void print_witnesses(Printer& out, const archive::Proof& proof, const formats::ProofCheck& check) {
  out.line("  who speaks for it, with name and role");
  for (const formats::ProofStep& step : check.steps)
    if (step.name == "signature" || step.name == "cosignature" || step.name == "time-stamp")
      print_wrapped(out, "    - ", step.detail);
  if (!by_others(proof))
    out.note(
        "nobody but the archive's own keys speaks for it: see 'dalil help cosign' and 'dalil help "
        "timestamp'");
}

void print_disclosed(Printer& out, const ProveOptions& options, const archive::Proof& proof,
                     const formats::ProofCheck& check) {
  const archive::Statement& statement = check.statement;
  const ledger::PublicLine& line = *check.line;
  out.line(fmt::format("wrote {}: a proof of entry {}", in_quotes(options.out), line.seq));
  out.line();
  out.line("whoever gets it learns this, and nothing else of the archive");
  print_entry(out, line, statement);
  if (statement.kind == "directories_verified" || statement.kind == "run")
    print_wrapped(out,
                  "  note: ", "an entry cannot be shown in part: all paths that are listed above are in it.");
  print_witnesses(out, proof, check);
  out.line();
  out.line("it is checked by: dalil check-proof " + shell_word(options.out) +
           (statement.digest ? " --file EVIDENCE" : ""));
}

Json sizes_of(const archive::Proof& proof) {
  Json sizes = Json::array();
  for (const archive::ProofCheckpoint& one : proof.checkpoints)
    sizes.push_back(merkle::Checkpoint::parse(merkle::Note::parse(one.proof.checkpoint)->text)->size);
  return sizes;
}

std::size_t timestamps_in(const archive::Proof& proof) {
  std::size_t count = 0;
  for (const archive::ProofCheckpoint& one : proof.checkpoints) count += one.timestamps.size();
  return count;
}

int run_prove(Session& session, const ProveOptions& options) {
  require_one_question(options);
  refuse_existing(options.out, "the file");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Seq seq = entry_to_prove(view, options);
  require_intent(view, options, seq);
  const archive::Proof proof = archive::prove(view, seq, options.checkpoint);
  require_kind(options, proof);
  const formats::ProofCheck check = formats::check_proof(proof);
  require_sound(check);
  const std::string text = encoded(proof);
  files::write_new_file(options.out, as_bytes(text));
  note_missing_consent(session.out(), view, check.statement);
  print_disclosed(session.out(), options, proof, check);
  Json entry = json_of(check.statement);
  entry["seq"] = seq;
  session.out().object("statement", entry);
  session.out().object("summary", {{"command", "prove"},
                                   {"entry", seq},
                                   {"kind", proof.kind},
                                   {"checkpoints", sizes_of(proof)},
                                   {"timestamps", timestamps_in(proof)},
                                   {"keys", proof.keys.size()},
                                   {"bytes", text.size()}});
  return kExitOk;
}

}  // namespace

Runner declare_prove(Options& app) {
  const auto options = std::make_shared<ProveOptions>();
  app.add_option(
         "ITEM", options->what,
         "that it was seen: digest or its first digits, VOLUME:PATH, or a file; ITEM@VOLUME: the newest "
         "verdict on its copy there")
      ->type_name("");
  app.add_option("--copy", options->copy, "this copy of the item instead of the first")
      ->type_name("VOLUME:PATH");
  app.add_flag("--facts", options->facts, "what the item says of itself");
  app.add_option("--link", options->link, "a link, by its entry as 'show' lists it")->type_name("N");
  app.add_option("--run", options->run, "a scan or verification, by its entry as 'volume show' lists it")
      ->type_name("N");
  app.add_option("--incident", options->incident, "the newest revision of an incident")->type_name("ID");
  app.add_option("--entry", options->entry, "any entry, as 'log' lists it")->type_name("N");
  app.add_flag("--names-source", options->names_source, "also an entry that may tell who a source is");
  app.add_option(
         "--checkpoint", options->checkpoint,
         "lead to this checkpoint only, by its number of entries, and not to those that speak for the "
         "entry best")
      ->type_name("SIZE");
  app.add_option("--out", options->out, "a new file for the proof")->required()->type_name("FILE");
  app.explain(kHelp);
  return [options](Session& session) { return run_prove(session, *options); };
}

}  // namespace dalil::cli
