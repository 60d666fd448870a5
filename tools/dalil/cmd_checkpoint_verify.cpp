#include <fmt/format.h>

#include "command.hpp"
#include "custody_forms.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

using Outcome = archive::Comparison::Outcome;
constexpr std::uint64_t kLargestNote = 1 << 20;

struct VerifyOptions {
  std::string file, proof_file;
};

const char* word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::consistent:
      return "CONSISTENT";
    case Outcome::newer:
      return "ROLLED BACK";
    case Outcome::inconsistent:
      return "INCONSISTENT";
    case Outcome::unknown_key:
      return "NOT SIGNED";
    case Outcome::bad_signature:
      return "BAD SIGNATURE";
  }
  return "UNKNOWN";
}

const char* json_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::consistent:
      return "consistent";
    case Outcome::newer:
      return "rolled_back";
    case Outcome::inconsistent:
      return "inconsistent";
    case Outcome::unknown_key:
      return "unknown_key";
    case Outcome::bad_signature:
      return "bad_signature";
  }
  return "unknown";
}

/// What it means, for a person who has to act on it.
std::vector<std::string> story_of(const archive::Comparison& one) {
  const std::string old = count_text(one.old.size, "entry", "entries");
  switch (one.outcome) {
    case Outcome::consistent:
      return {fmt::format("The first {} of the archive's {} are those that it was signed for.", old,
                          number_text(one.now.size)),
              "None of them was changed, removed or put elsewhere since."};
    case Outcome::newer:
      return {fmt::format("It was signed when the archive had {}; now there are {}.", old,
                          number_text(one.now.size)),
              "This archive is older than the checkpoint: an older copy, or one that was cut short.",
              "Look for the newer one; keep this one as it is."};
    case Outcome::inconsistent:
      return {fmt::format("The archive's first {} are not those that it was signed for.", old),
              "Somebody with a signing key wrote another history, or two copies of the archive",
              "were both written to. Keep the archive, this checkpoint and every other copy as",
              "they are: together they prove that the history was changed."};
    case Outcome::unknown_key:
      return {"No key signed it that this archive knows. It may be of a key that was added later",
              "than this archive's state, or not be the archive's at all."};
    case Outcome::bad_signature:
      return {"A known key's signature does not fit the text: the file was damaged or altered."};
  }
  return {};
}

int exit_code_of(Outcome outcome) {
  if (outcome == Outcome::consistent) return kExitOk;
  return outcome == Outcome::newer ? kExitDamaged : kExitNo;
}

void print(Printer& out, const archive::Comparison& one) {
  const bool good = one.outcome == Outcome::consistent;
  out.line(fmt::format("{}  checkpoint of {}, root {}",
                       out.styled(good ? Style::good : Style::bad, word_of(one.outcome)),
                       count_text(one.old.size, "entry", "entries"), one.old.root.hex().substr(0, 16)));
  for (const archive::CustodyKey& key : one.signed_by) {
    const bool cosigns = key.key.type == merkle::NoteKeyType::cosignature;
    out.line(fmt::format("  {:<12} {}", cosigns ? "cosigned by" : "signed by", signer_text(key)));
  }
  out.line(fmt::format("  {:<12} {}, root {}", "archive now", count_text(one.now.size, "entry", "entries"),
                       one.now.root.hex().substr(0, 16)));
  for (const std::string& line : story_of(one)) out.line("  " + line);
  if (!good) return;
  out.line(fmt::format("  {:<12} {}", "proof", count_text(one.proof.size(), "hash", "hashes")));
  for (const Digest& hash : one.proof) out.line("    " + hash.hex());
}

Json json_of(const archive::Comparison& one) {
  Json keys = Json::array(), proof = Json::array();
  for (const archive::CustodyKey& key : one.signed_by) keys.push_back(cli::json_of(key));
  for (const Digest& hash : one.proof) proof.push_back(hash.hex());
  return {{"result", json_word(one.outcome)},
          {"size", one.old.size},
          {"root", one.old.root.hex()},
          {"archive_size", one.now.size},
          {"archive_root", one.now.root.hex()},
          {"signed_by", keys},
          {"proof", proof}};
}

archive::Comparison compare_file(archive::View& view, const std::string& path) {
  const Bytes bytes = files::read_small_file(path, kLargestNote);
  const auto note = merkle::Note::parse(as_chars(bytes));
  if (!note) {
    throw Error(ErrorCode::invalid, in_quotes(path) + " is no signed checkpoint",
                "give a file that was written by 'dalil checkpoint export' or 'dalil cosign --out'");
  }
  try {
    return archive::compare(view, *note);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) throw;
    throw Error(error.code(), in_quotes(path) + " cannot be compared: " + error.what(), error.hint());
  }
}

int run_verify(Session& session, const VerifyOptions& options) {
  if (!options.proof_file.empty()) refuse_existing(options.proof_file, "the proof");
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  const archive::Comparison one = compare_file(view, options.file);
  Printer& out = session.out();
  if (!options.proof_file.empty() && one.outcome == Outcome::consistent) {
    files::write_new_file(options.proof_file, as_bytes(archive::encode_proof(one)), 0644);
  }
  print(out, one);
  out.object("comparison", json_of(one));
  out.object("summary", {{"command", "checkpoint verify"}, {"result", json_word(one.outcome)}});
  return exit_code_of(one.outcome);
}

}  // namespace

Runner declare_checkpoint_verify(Options& app) {
  const auto options = std::make_shared<VerifyOptions>();
  app.add_option("FILE", options->file, "a checkpoint that was kept elsewhere")->required()->type_name("");
  app.add_option("--proof", options->proof_file, "also write the proof, to a new file")->type_name("FILE");
  return [options](Session& session) { return run_verify(session, *options); };
}

}  // namespace dalil::cli
