#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/crypto/timestamp.hpp"
#include "dalil/formats/proof.hpp"
#include "dalil/merkle/tree.hpp"

namespace dalil::formats {

using archive::Proof;
using archive::ProofCheckpoint;
using archive::ProofKey;
using archive::ProofTimestamp;
using merkle::NoteKey;
using merkle::NoteKeyType;
using Result = ProofStep::Result;

namespace {

std::string entries_text(std::uint64_t size) {
  return fmt::format("{} {}", size, size == 1 ? "entry" : "entries");
}

std::string person_text(const ProofKey& key) {
  return fmt::format("{} ({})", escape_for_display(key.name), escape_for_display(key.role));
}

/// A right signature under one of the checkpoints.
struct Signed {
  const ProofKey* by;
  std::uint64_t size;
  std::string when;  ///< of a cosignature; empty for others
};

/// A time-stamp that holds by itself.
struct Stamped {
  UtcTime time;
  std::uint64_t size;
  std::string by;
  bool trusted;
};

class Checker {
 public:
  Checker(const Proof& proof, const ProofQuestion& question) : proof_(proof), question_(question) {}

  ProofCheck run() {
    out_.statement = archive::read_statement(proof_.content);
    out_.line = ledger::PublicLine::parse(proof_.line);
    if (!out_.line) {
      step(Result::wrong, "public line", "it is ill-formed");
      return std::move(out_);
    }
    check_entry();
    check_checkpoints();
    check_keys();
    check_trust();
    check_authorities();
    check_evidence();
    if (out_.right()) conclude();
    return std::move(out_);
  }

 private:
  void step(Result result, std::string name, std::string detail) {
    out_.steps.push_back({result, std::move(name), std::move(detail)});
  }
  void step(bool right, std::string name, std::string if_right, std::string if_wrong) {
    step(right ? Result::right : Result::wrong, std::move(name),
         right ? std::move(if_right) : std::move(if_wrong));
  }

  void check_entry() {
    step(ledger::commit(proof_.salt, proof_.content) == out_.line->commitment, "commitment",
         "salt and content are those that the public line commits to",
         "salt and content are not those that the public line commits to");
    if (proof_.kind != out_.statement.kind)
      step(Result::wrong, "kind",
           fmt::format("the proof says '{}', the content is '{}'", escape_for_display(proof_.kind),
                       out_.statement.kind));
  }

  void check_checkpoints() {
    if (proof_.checkpoints.empty()) step(Result::wrong, "checkpoint", "the proof leads to none");
    for (const ProofCheckpoint& one : proof_.checkpoints) {
      const auto note = merkle::Note::parse(one.proof.checkpoint);
      const auto checkpoint = note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
      if (!checkpoint) {
        step(Result::wrong, "checkpoint", "it is ill-formed");
        continue;
      }
      if (origin_.empty()) origin_ = checkpoint->origin;
      if (checkpoint->origin != origin_)
        step(Result::wrong, "checkpoint", "the checkpoints are of different ledgers");
      check_inclusion(one, *checkpoint);
      check_signatures(*note, *checkpoint);
      for (const ProofTimestamp& stamp : one.timestamps) check_timestamp(*note, *checkpoint, stamp);
    }
  }

  void check_inclusion(const ProofCheckpoint& one, const merkle::Checkpoint& checkpoint) {
    const bool right = one.proof.index == out_.line->seq &&
                       merkle::verify_inclusion(merkle::leaf_hash(as_bytes(proof_.line)), one.proof.index,
                                                checkpoint.size, one.proof.hashes, checkpoint.root);
    step(right, "inclusion",
         fmt::format("entry {} is in the tree of {}", out_.line->seq, entries_text(checkpoint.size)),
         fmt::format("entry {} is not in the tree of {} with this root", out_.line->seq,
                     entries_text(checkpoint.size)));
  }

  /// Every signature counts: one by a key that the proof does not name could say anything.
  void check_signatures(const merkle::Note& note, const merkle::Checkpoint& checkpoint) {
    bool log_signed = false;
    for (const merkle::NoteSignature& signature : note.signatures) {
      const auto key = std::ranges::find_if(proof_.keys, [&](const ProofKey& one) {
        return one.key.name == signature.name && one.key.id() == signature.key_id;
      });
      if (key == proof_.keys.end()) {
        step(Result::wrong, "signature",
             fmt::format("by '{}', a key that the proof does not hold", escape_for_display(signature.name)));
        continue;
      }
      const merkle::Note alone{note.text, {signature}};
      const bool right = !merkle::check(alone, {key->key}).verified.empty();
      const bool by_log = key->key.type == NoteKeyType::ed25519 && key->key.name == checkpoint.origin;
      log_signed = log_signed || (right && by_log);
      add_signature(alone, *key, checkpoint, right);
    }
    if (!log_signed)
      step(Result::wrong, "signature",
           fmt::format("nobody of the ledger signed the tree of {}", entries_text(checkpoint.size)));
  }

  void add_signature(const merkle::Note& alone, const ProofKey& key, const merkle::Checkpoint& checkpoint,
                     bool right) {
    const std::string who = person_text(key), tree = entries_text(checkpoint.size);
    const std::string not_so = fmt::format("not {}'s over the tree of {}", who, tree);
    std::string when;
    if (key.key.type == NoteKeyType::ed25519) {
      step(right, "signature", fmt::format("{} signed the tree of {}", who, tree), not_so);
    } else {
      when = time_of(alone, key.key);
      step(right, "cosignature", fmt::format("{} cosigned the tree of {} at {}", who, tree, when), not_so);
    }
    if (right) signed_.push_back({&key, checkpoint.size, when});
  }

  static std::string time_of(const merkle::Note& cosigned, const NoteKey& key) {
    const auto seconds = merkle::cosignature_time(cosigned, key);
    return seconds && *seconds < kYear10000 ? UtcTime{static_cast<std::int64_t>(*seconds) * 1000}.rfc3339()
                                            : "a time beyond the calendar";
  }

  void check_timestamp(const merkle::Note& note, const merkle::Checkpoint& checkpoint,
                       const ProofTimestamp& stamp) {
    const auto stamped = merkle::Note::parse(stamp.stamped);
    if (!stamped || stamped->text != note.text)
      return step(Result::wrong, "time-stamp", "it is about another checkpoint");
    const bool all_known = std::ranges::all_of(stamped->signatures, [&](const auto& one) {
      return std::ranges::find(note.signatures, one) != note.signatures.end();
    });
    if (!all_known)
      return step(Result::wrong, "time-stamp", "the stamped note holds a signature that the proof does not");
    if (stamp.chain.empty()) return step(Result::wrong, "time-stamp", "it has no certificates");
    crypto::timestamp::Expected expected{
        crypto::sha256(as_bytes(stamp.stamped)), std::nullopt, {}, stamp.chain, stamp.chain.back()};
    const crypto::timestamp::Check check = crypto::timestamp::check_token(stamp.token, expected);
    if (!check.valid()) return step(Result::wrong, "time-stamp", check.problem);
    if (check.chain != stamp.chain)
      return step(Result::wrong, "time-stamp", "its certificates are not those that lead to its authority");
    expected.trusted = question_.authorities;
    const bool trusted =
        !expected.trusted.empty() && crypto::timestamp::check_token(stamp.token, expected).valid();
    add_timestamp(*check.token, checkpoint, trusted);
  }

  void add_timestamp(const crypto::timestamp::Token& token, const merkle::Checkpoint& checkpoint,
                     bool trusted) {
    const std::string who = token.authority.empty() ? "an authority without a name"
                                                    : "'" + escape_for_display(token.authority) + "'";
    step(Result::right, "time-stamp",
         fmt::format("{}{} stamped the tree of {} at {}", who, trusted ? ", whom you trust," : "",
                     entries_text(checkpoint.size), token.time.rfc3339()));
    stamps_.push_back({token.time, checkpoint.size, who, trusted});
    if (trusted && (!out_.stamped_at || token.time < *out_.stamped_at)) out_.stamped_at = token.time;
  }

  /// A key without a signature: the signature was taken out.
  void check_keys() {
    for (const ProofKey& key : proof_.keys)
      if (!has_signed(key.key))
        step(Result::wrong, "keys",
             fmt::format("the key of {} signed nothing here", escape_for_display(key.name)));
  }

  void check_trust() {
    for (const NoteKey& key : question_.trusted)
      step(has_signed(key), "trust",
           fmt::format("the key that you trust has signed: {}", escape_for_display(key.encode())),
           fmt::format("the key that you trust has signed nothing here: {}",
                       escape_for_display(key.encode())));
    out_.trusted = !question_.trusted.empty() &&
                   std::ranges::all_of(question_.trusted, [&](const auto& key) { return has_signed(key); });
    if (question_.trusted.empty()) step(Result::not_compared, "trust", "no key was compared with its owner");
  }

  void check_authorities() {
    if (!question_.authorities.empty())
      step(out_.stamped_at.has_value(), "authority", "an authority that you trust has stamped",
           "no authority that you trust has stamped this");
    else if (!stamps_.empty())
      step(Result::not_compared, "authority", "no certificate of an authority was compared");
  }

  void check_evidence() {
    const archive::Statement& said = out_.statement;
    if (!question_.evidence) {
      if (said.digest) step(Result::not_compared, "file", "no file was compared");
      return;
    }
    const EvidenceFile& file = *question_.evidence;
    if (!said.digest) return step(Result::wrong, "file", "the entry does not speak of one file");
    const bool same_size = !said.size_bytes || *said.size_bytes == file.size_bytes;
    step(file.digest == *said.digest && same_size, "file",
         fmt::format("{} bytes with the SHA-256 that the entry states", file.size_bytes),
         fmt::format("another one: {} bytes, SHA-256 {}", file.size_bytes, file.digest.hex()));
  }

  void conclude() {
    out_.proven.push_back(fmt::format(
        "entry {} of the ledger '{}' says what is shown above, word for word, and stood there when the "
        "tree had {}",
        out_.line->seq, escape_for_display(origin_), entries_text(largest_size())));
    if (!out_.trusted)
      out_.not_proven.emplace_back(
          "who made it. Nobody compared a key: whoever writes a proof can also make the keys in it. Ask the "
          "group for its keys in another way, and give them with --trust");
    for (const Signed& one : signed_)
      if (!one.when.empty() || is_last(one)) conclude_from(one);
    std::ranges::stable_sort(stamps_, {}, &Stamped::time);
    for (const Stamped& one : stamps_) conclude_from(one);
    if (question_.evidence)
      out_.proven.emplace_back("the file that you gave is, byte for byte, the one that it speaks of");

    out_.not_proven.push_back(fmt::format(
        "when {}it was written{}: {} is what the clock of that machine showed",
        out_.stamped_at ? "exactly " : "", out_.stamped_at ? ", before " + out_.stamped_at->rfc3339() : "",
        out_.line->time.rfc3339_ms()));
    out_.not_proven.emplace_back("that it is true: only that it was stated, and not changed since");
    out_.not_proven.emplace_back("that nothing was stated later which corrects or withdraws it");
    if (out_.statement.digest && !question_.evidence)
      out_.not_proven.emplace_back("that a file which you hold is meant: give it with --file");
  }

  /// Of the trees that somebody trusted has signed, should there be any.
  std::uint64_t largest_size() const {
    std::uint64_t largest = 0;
    for (const Signed& one : signed_)
      if (!out_.trusted || is_trusted(one)) largest = std::max(largest, one.size);
    return largest;
  }

  /// Of those by the same key: the largest tree says what the smaller ones do.
  bool is_last(const Signed& one) const {
    return std::ranges::none_of(
        signed_, [&](const Signed& other) { return other.by == one.by && other.size > one.size; });
  }

  void conclude_from(const Signed& one) {
    const std::string tree = "the tree of " + entries_text(one.size);
    if (is_trusted(one))
      out_.proven.push_back(
          fmt::format("a key that you trust, that of {} by the archive's account, {} {}{}",
                      person_text(*one.by), one.when.empty() ? "signed" : "vouched for", tree,
                      one.when.empty() ? "" : " at " + one.when + ", by its owner's clock"));
    else if (!one.when.empty())
      out_.not_proven.push_back(
          fmt::format("that {} vouched for {} at {}: nobody compared that key (--trust)",
                      person_text(*one.by), tree, one.when));
  }

  void conclude_from(const Stamped& one) {
    const std::string when = one.time.rfc3339();
    if (one.trusted)
      out_.proven.push_back(fmt::format("it existed at {}: {}, whom you trust, stamped the tree of {} then",
                                        when, one.by, entries_text(one.size)));
    else
      out_.not_proven.push_back(fmt::format(
          "that it existed at {}, as {} states: nobody compared the certificate of that authority. "
          "Get it from there, and give it with --ca",
          when, one.by));
  }

  bool is_trusted(const Signed& one) const {
    return std::ranges::find(question_.trusted, one.by->key) != question_.trusted.end();
  }
  bool has_signed(const NoteKey& key) const {
    return std::ranges::any_of(signed_, [&](const Signed& one) { return one.by->key == key; });
  }

  static constexpr std::uint64_t kYear10000 = 253'402'300'800;
  const Proof& proof_;
  const ProofQuestion& question_;
  ProofCheck out_;
  std::string origin_;
  std::vector<Signed> signed_;
  std::vector<Stamped> stamps_;
};

}  // namespace

const char* name_of(ProofStep::Result result) {
  switch (result) {
    case Result::right:
      return "right";
    case Result::wrong:
      return "wrong";
    case Result::not_compared:
      return "not_compared";
  }
  return "unknown";
}

bool ProofCheck::right() const {
  return !steps.empty() &&
         std::ranges::none_of(steps, [](const ProofStep& step) { return step.result == Result::wrong; });
}

ProofCheck check_proof(const Proof& proof, const ProofQuestion& question) {
  return Checker(proof, question).run();
}

}  // namespace dalil::formats
