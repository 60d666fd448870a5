#include <fmt/format.h>

#include "command.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/timestamp.hpp"
#include "dalil/files/handle.hpp"
#include "dalil/formats/proof.hpp"
#include "forms.hpp"
#include "proof_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

struct CheckProofOptions {
  std::string file, evidence, authorities;
  std::vector<std::string> trusted;
};

constexpr const char* kHelp =
    "The first word is the answer:\n"
    "  PROVEN      all is right, and the keys given with --trust have signed\n"
    "  CONSISTENT  all is right, but nobody compared a key: whoever writes a proof\n"
    "              can also make the keys in it\n"
    "  WRONG       a step is wrong, and nothing is proven (exit code 1)\n\n"
    "Whether a certificate was revoked is not looked up: no network is used. The same\n"
    "is done without Dalil by tools/check-proof.py.\n\n";

formats::ProofQuestion question_from(const CheckProofOptions& options) {
  formats::ProofQuestion question;
  for (const std::string& text : options.trusted) {
    const auto key = merkle::NoteKey::parse(text);
    if (!key)
      throw Error(ErrorCode::usage, in_quotes(text) + " is no verifier key for --trust",
                  "NAME+8 HEXADECIMAL DIGITS+BASE64, in one piece and in quotes");
    question.trusted.push_back(*key);
  }
  if (!options.evidence.empty()) {
    const FileContent content = content_of_file(options.evidence);
    question.evidence = {content.digest, content.size_bytes};
  }
  if (!options.authorities.empty())
    question.authorities = crypto::timestamp::read_certificates(files::read_small_file(options.authorities));
  return question;
}

const char* answer_of(const formats::ProofCheck& check) {
  return !check.right() ? "WRONG" : check.trusted ? "PROVEN" : "CONSISTENT";
}

std::string headline(const formats::ProofCheck& check) {
  if (!check.right()) return "the proof does not hold";
  return check.trusted ? "signed with a key that you trust" : "it fits together; but nobody compared a key";
}

void print_steps(Printer& out, const formats::ProofCheck& check) {
  for (const formats::ProofStep& step : check.steps) {
    const bool wrong = step.result == formats::ProofStep::Result::wrong;
    const char* result = wrong ? "WRONG" : step.result == formats::ProofStep::Result::right ? "right" : "-";
    print_wrapped(out, fmt::format("  {:<5}  {:<11}  ", result, step.name), step.detail);
    out.object("step", {{"step", step.name}, {"result", name_of(step.result)}, {"detail", step.detail}});
  }
}

void print_list(Printer& out, std::string_view heading, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  out.line();
  out.line(heading);
  for (const std::string& sentence : sentences) print_wrapped(out, "  - ", sentence);
}

void print_keys(Printer& out, const archive::Proof& proof) {
  out.line();
  out.line("the keys that signed, and whose they are by the archive's own account");
  for (const archive::ProofKey& key : proof.keys) {
    out.line(fmt::format("  {} ({})", escape_for_display(key.name), escape_for_display(key.role)));
    out.line("    " + escape_for_display(key.key.encode()));
    out.object("key", {{"key", key.key.encode()}, {"name", key.name}, {"role", key.role}});
  }
}

int run_check_proof(Session& session, const CheckProofOptions& options) {
  const Bytes text = files::read_small_file(options.file, formats::kMaxProofBytes);
  const archive::Proof proof = formats::decode_proof(as_chars(text));
  const formats::ProofCheck check = formats::check_proof(proof, question_from(options));
  Printer& out = session.out();
  const Style style = !check.right() ? Style::bad : check.trusted ? Style::good : Style::warning;
  out.line(fmt::format("{}  {}", out.styled(style, answer_of(check)), headline(check)));
  print_steps(out, check);
  if (check.right() && check.line) {
    out.line();
    out.line(fmt::format("entry {} says", check.line->seq));
    print_entry(out, *check.line, check.statement);
    Json said = json_of(check.statement);
    said["seq"] = check.line->seq;
    said["time"] = check.line->time.rfc3339_ms();
    said["actor_id"] = to_hex(check.line->actor);
    said["class"] = ledger::name_of(check.line->seal_class);
    out.object("statement", said);
    print_keys(out, proof);
  }
  print_list(out, "this proves", check.proven);
  print_list(out, "this does not prove", check.not_proven);
  out.object("summary", {{"command", "check-proof"},
                         {"result", answer_of(check)},
                         {"right", check.right()},
                         {"trusted", check.trusted},
                         {"stamped_at", check.stamped_at ? Json(check.stamped_at->rfc3339_ms()) : Json()},
                         {"proven", check.proven},
                         {"not_proven", check.not_proven}});
  return check.right() ? kExitOk : kExitNo;
}

}  // namespace

Runner declare_check_proof(Options& app) {
  const auto options = std::make_shared<CheckProofOptions>();
  app.add_option("FILE", options->file, "the proof")->required()->type_name("");
  app.add_option("--file", options->evidence, "the evidence: is it what the entry speaks of?")
      ->type_name("EVIDENCE");
  app.add_option("--trust", options->trusted,
                 "a key that you got from its owner: it must have signed; may be repeated")
      ->type_name("VKEY")
      ->allow_extra_args(false);
  app.add_option("--ca", options->authorities,
                 "root certificates (PEM) of authorities that you trust: one of them must have stamped")
      ->type_name("FILE");
  app.explain(kHelp);
  return [options](Session& session) { return run_check_proof(session, *options); };
}

}  // namespace dalil::cli
