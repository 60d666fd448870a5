#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

#include "dalil/base/text.hpp"
#include "dalil/crypto/timestamp.hpp"
#include "dalil/files/handle.hpp"
#include "proof_fixture.hpp"
#include "time_authority.hpp"

using namespace dalil;
using namespace dalil::formats;
using namespace dalil::testing;
using archive::Proof;

namespace {

/// Nothing, if the text is refused as no proof; else whether all of it is right.
std::optional<bool> verdict_on(std::string_view text, const ProofQuestion& question = {}) {
  try {
    return check_proof(decode_proof(text), question).right();
  } catch (const Error& error) {
    const bool refused = error.code() == ErrorCode::invalid || error.code() == ErrorCode::unsupported;
    if (!refused) throw;
    return std::nullopt;
  }
}

bool is_wrong(const Proof& proof, const std::string& step, const ProofQuestion& question = {}) {
  const ProofCheck check = check_proof(proof, question);
  INFO(steps_of(check));
  CHECK(check.proven.empty());
  return !check.right() && std::any_of(check.steps.begin(), check.steps.end(), [&](const ProofStep& one) {
    return one.name == step && one.result == ProofStep::Result::wrong;
  });
}

bool said(const std::vector<std::string>& sentences, const std::string& part) {
  return std::ranges::any_of(sentences, [&](const std::string& one) { return one.find(part) != one.npos; });
}

/// The places of the values that nothing authenticates (docs/formats/proof.md).
std::vector<bool> unauthenticated(const std::string& text) {
  std::vector<bool> marked(text.size());
  for (const std::string member : {"\"states\": \"", "\"name\": \"", "\"role\": \""})
    for (std::size_t at = text.find(member); at != text.npos; at = text.find(member, at + 1))
      for (std::size_t i = at + member.size(); text[i] != '"'; ++i) marked[i] = true;
  return marked;
}

Proof stamped(Proof proof, TimeAuthority& authority) {
  const std::string& note = proof.checkpoints[0].proof.checkpoint;
  const Bytes request = crypto::timestamp::make_request(crypto::sha256(as_bytes(note)));
  const auto reply = crypto::timestamp::read_reply(authority.reply(request));
  proof.checkpoints[0].timestamps.push_back({note, reply.token, {authority.signer(), authority.root()}});
  return proof;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a proof is read back as it was written") {
  const std::string text = encode_proof(sample_proof());
  const Proof read = decode_proof(text);
  CHECK(encode_proof(read) == text);
  CHECK(read.line == sample_proof().line);
  CHECK(read.content == sample_proof().content);
  CHECK(read.keys == sample_proof().keys);
  CHECK(text.find("— ") != text.npos);
}

TEST_CASE("a proof of an entry is right, and says what nobody compared") {
  const ProofCheck check = check_proof(sample_proof());
  INFO(steps_of(check));
  CHECK(check.right());
  CHECK_FALSE(check.trusted);
  CHECK(check.statement.kind == "scan_note");
  CHECK(check.line->seq == 6);
  REQUIRE(check.proven.size() == 1);
  REQUIRE(check.not_proven.size() > 2);
  CHECK(check.not_proven[0].find("who made it") == 0);
  CHECK(
      check.not_proven[1] ==
      "that Omar (auditor) vouched for the tree of 11 entries at 2017-09-12T07:06:40Z: nobody compared that "
      "key (--trust)");
}

TEST_CASE("a proof is right at every place of a tree of any size") {
  for (std::uint64_t size = 7; size < 40; ++size) CHECK(check_proof(sample_proof(size)).right());
}

TEST_CASE("a key is trusted if it has signed, and a trusted key that has not signed is an error") {
  const Proof proof = sample_proof();
  for (const archive::ProofKey& key : proof.keys) {
    const ProofCheck check = check_proof(proof, {{key.key}, std::nullopt});
    CHECK(check.right());
    CHECK(check.trusted);
    CHECK(said(check.proven, "a key that you trust, that of " + key.name));
    CHECK(check.proven.size() == 2);
    CHECK(check.not_proven.front().find("who made it") == std::string::npos);
  }
  const merkle::NoteKey stranger{kSampleOrigin, merkle::NoteKeyType::ed25519, key_from(9).public_key()};
  CHECK_FALSE(check_proof(proof, {{stranger}, std::nullopt}).right());
  CHECK_FALSE(check_proof(proof, {{proof.keys[0].key, stranger}, std::nullopt}).right());
  // The cosignature was taken out together with its key: only who asks for it notices.
  CHECK(check_proof(sample_proof(11, false)).right());
  CHECK_FALSE(check_proof(sample_proof(11, false), {{proof.keys[1].key}, std::nullopt}).right());
}

TEST_CASE("whatever is altered is wrong, and named") {
  Proof proof = sample_proof();
  SECTION("content") {
    proof.content.back() ^= 1;
    CHECK(is_wrong(proof, "commitment"));
  }
  SECTION("salt") {
    proof.salt[31] ^= 1;
    CHECK(is_wrong(proof, "commitment"));
  }
  SECTION("a time in the public line") {
    proof.line = replaced(proof.line, "08:30:00.123", "08:30:00.124");
    CHECK(is_wrong(proof, "inclusion"));
  }
  SECTION("public line of no form") {
    proof.line += " ";
    CHECK(is_wrong(proof, "public line"));
  }
  SECTION("kind") {
    proof.kind = "copy_seen";
    CHECK(is_wrong(proof, "kind"));
  }
  SECTION("place in the tree") {
    proof.checkpoints[0].proof.index = 5;
    CHECK(is_wrong(proof, "inclusion"));
  }
  SECTION("a step of the path") {
    proof.checkpoints[0].proof.hashes[1].bytes[0] ^= 1;
    CHECK(is_wrong(proof, "inclusion"));
  }
  SECTION("path too short, too long") {
    proof.checkpoints[0].proof.hashes.pop_back();
    CHECK(is_wrong(proof, "inclusion"));
    proof.checkpoints[0].proof.hashes.resize(9);
    CHECK(is_wrong(proof, "inclusion"));
  }
  SECTION("root") {
    auto& note = proof.checkpoints[0].proof.checkpoint;
    note = replaced(note, "\n11\n", "\n12\n");
    CHECK(is_wrong(proof, "signature"));
    CHECK(is_wrong(proof, "cosignature"));
  }
  SECTION("a signature of somebody else") {
    proof.keys[0].key.key = key_from(3).public_key();
    CHECK(is_wrong(proof, "signature"));
  }
  SECTION("a cosignature that was taken out") {
    auto& note = proof.checkpoints[0].proof.checkpoint;
    note.resize(note.rfind("— "));
    CHECK(is_wrong(proof, "keys"));
  }
  SECTION("a cosignature alone") {
    proof.keys.erase(proof.keys.begin());
    CHECK(is_wrong(proof, "signature"));
  }
  SECTION("a key that signed another ledger's name") {
    proof.keys[0].key.name = "dalil/another";
    CHECK(is_wrong(proof, "signature"));
  }
  SECTION("no checkpoint") {
    proof.checkpoints.clear();
    CHECK(is_wrong(proof, "checkpoint"));
  }
  SECTION("a checkpoint of another ledger") {
    Proof other = sample_proof();
    auto note = merkle::Note{
        "dalil/other" + merkle::Note::parse(other.checkpoints[0].proof.checkpoint)->text.substr(38), {}};
    merkle::sign(note, "dalil/other", key_from(1));
    other.checkpoints[0].proof.checkpoint = note.encode();
    proof.checkpoints.push_back(other.checkpoints[0]);
    proof.keys.push_back(
        {{"dalil/other", merkle::NoteKeyType::ed25519, key_from(1).public_key()}, "Amal", "x"});
    CHECK(is_wrong(proof, "checkpoint"));
  }
}

TEST_CASE("a file is compared with what the entry states") {
  ArchiveFixture fixture;
  auto archive = fixture.open();
  auto editor = archive.edit();
  const auto volume = editor.add_volume(volume_named("disk"));
  const auto copy = copy_of(volume, "a", "x.jpg", "content");
  const auto seq = editor.add_copy(copy).seq;
  editor.commit();
  auto view = archive.view();
  const Proof proof = archive::prove(view, seq);
  CHECK(check_proof(proof, {{}, EvidenceFile{copy.digest, 7}}).right());
  CHECK_FALSE(check_proof(proof, {{}, EvidenceFile{copy.digest, 8}}).right());
  CHECK_FALSE(check_proof(proof, {{}, EvidenceFile{crypto::sha256(as_bytes("Content")), 7}}).right());
  // An entry that speaks of no file vouches for none.
  CHECK_FALSE(check_proof(archive::prove(view, 0), {{}, EvidenceFile{copy.digest, 7}}).right());
}

TEST_CASE("a proof cut short is refused") {
  const std::string text = encode_proof(sample_proof());
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(verdict_on(text.substr(0, size)));
}

TEST_CASE("a proof with any byte changed is refused, or wrong, or says the same under another name") {
  const std::string text = encode_proof(sample_proof());
  const std::vector<bool> free = unauthenticated(text);
  CHECK(std::count(free.begin(), free.end(), true) == 20 + 4 + 9 + 4 + 7);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const int flip : {1, 2, 32}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto verdict = verdict_on(changed);
      INFO(i << " " << flip << " "
             << escape_for_display(changed.substr(i - std::min<std::size_t>(i, 20), 40)));
      if (!free[i]) CHECK_FALSE((verdict && *verdict));
    }
  }
}

TEST_CASE("a proof has one form only") {
  const std::string text = encode_proof(sample_proof());
  REQUIRE(verdict_on(text) == true);
  for (const std::string& other :
       {text + "\n", text.substr(0, text.size() - 1), "\xEF\xBB\xBF" + text,
        replaced(text, "\"kind\":", "\"kind\": \"x\",\n  \"kind\":"),
        replaced(text, "{\n", "{\n  \"more\": 1,\n"), replaced(text, "  \"kind\"", "   \"kind\""),
        replaced(text, "— ", "\\u2014 "),
        replaced(text, "\"index 6\"", "\"extra AAAA\",\n        \"index 6\""),
        replaced(text, "dalil-proof-1", "dalil-proof-2"), std::string(100000, '['), std::string("null"),
        std::string("{}"), std::string()})
    CHECK_FALSE(verdict_on(other));
  CHECK_FALSE(verdict_on(std::string(kMaxProofBytes + 1, ' ')));
}

TEST_CASE("a time-stamp has to be about the proof's own checkpoint, and by whom one trusts") {
  TimeAuthority authority, other;
  Proof proof = stamped(sample_proof(), authority);
  const ProofCheck check = check_proof(proof);
  INFO(steps_of(check));
  CHECK(check.right());
  CHECK_FALSE(check.stamped_at);
  CHECK(said(check.not_proven, "that it existed at 2017-09-11T08:30:00Z, as "));
  CHECK_FALSE(said(check.proven, "2017-09-11"));

  ProofQuestion trusting;
  trusting.authorities = {authority.root()};
  const ProofCheck trusted = check_proof(proof, trusting);
  CHECK(trusted.right());
  CHECK(trusted.stamped_at == UtcTime{1505118600000});
  CHECK(said(trusted.proven, "it existed at 2017-09-11T08:30:00Z: "));
  CHECK_FALSE(said(trusted.not_proven, "that it existed"));
  CHECK(said(trusted.not_proven, "when exactly it was written, before 2017-09-11T08:30:00Z: "));
  trusting.authorities = {other.root()};
  CHECK(is_wrong(proof, "authority", trusting));
  CHECK_FALSE(check_proof(proof, trusting).stamped_at);

  // Two authorities: who trusts one of them need not know the other.
  Proof both = stamped(proof, other);
  CHECK(check_proof(both, trusting).right());
  CHECK(said(check_proof(both, trusting).not_proven, "that it existed at"));
  both.checkpoints[0].timestamps.clear();
  CHECK(is_wrong(both, "authority", trusting));

  auto& stamp = proof.checkpoints[0].timestamps[0];
  SECTION("of another checkpoint") {
    stamp = stamped(sample_proof(12), authority).checkpoints[0].timestamps[0];
    CHECK(is_wrong(proof, "time-stamp"));
  }
  SECTION("of a note with a signature that the proof lacks") {
    proof.checkpoints[0].proof.checkpoint = sample_proof(11, false).checkpoints[0].proof.checkpoint;
    proof.keys.pop_back();
    CHECK(is_wrong(proof, "time-stamp"));
  }
  SECTION("of the note before it was cosigned") {
    stamp = stamped(sample_proof(11, false), authority).checkpoints[0].timestamps[0];
    CHECK(check_proof(proof).right());
  }
  SECTION("of other bytes") {
    stamp.stamped += "\n";
    CHECK(is_wrong(proof, "time-stamp"));
  }
  SECTION("with a chain that ends elsewhere, though the token carries its signer's certificate") {
    stamp.chain = {other.signer(), other.root()};
    CHECK(is_wrong(proof, "time-stamp"));
    stamp.chain = {authority.signer(), other.root()};
    CHECK(is_wrong(proof, "time-stamp"));
    stamp.chain.clear();
    CHECK(is_wrong(proof, "time-stamp"));
    trusting.authorities = {authority.root()};
    CHECK(is_wrong(proof, "time-stamp", trusting));
    stamp.chain = {Bytes(10, 1)};
    CHECK(is_wrong(proof, "time-stamp"));
  }
}

TEST_CASE("a proof with a time-stamp and any byte changed is refused, or wrong, or lacks a certificate") {
  TimeAuthority authority;
  const Proof proof = stamped(sample_proof(), authority);
  const std::string text = encode_proof(proof);
  std::vector<bool> free = unauthenticated(text);
  // Certificates only show the way to an authority: one that is not needed may say anything.
  const std::size_t chain = text.find("\"chain\"");
  std::fill(free.begin() + static_cast<std::ptrdiff_t>(chain),
            free.begin() + static_cast<std::ptrdiff_t>(text.find(']', chain)), true);
  const Bytes& token = proof.checkpoints[0].timestamps[0].token;
  const Bytes signer = authority.signer();
  const auto carried = std::search(token.begin(), token.end(), signer.begin(), signer.end());
  REQUIRE(carried != token.end());
  const std::size_t at = text.find("\"token\": \"") + 10;
  const auto first = static_cast<std::size_t>(carried - token.begin());
  for (std::size_t i = first / 3 * 4; i < (first + signer.size() + 2) / 3 * 4; ++i) free[at + i] = true;

  for (std::size_t i = 0; i < text.size(); ++i) {
    if (free[i]) continue;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto verdict = verdict_on(changed);
    INFO(i << " " << escape_for_display(changed.substr(i - std::min<std::size_t>(i, 20), 40)));
    CHECK_FALSE((verdict && *verdict));
  }
}

TEST_CASE("the seed of the fuzz target and the example of the format's page are this proof") {
  const char* fixtures = std::getenv("DALIL_FIXTURES");
  if (fixtures == nullptr) return;
  const std::string text = encode_proof(sample_proof());
  for (const char* path : {"/fuzz/bundle/scan_note.json", "/../docs/formats/proof.md"}) {
    const Bytes file = files::read_small_file(std::string(fixtures) + path);
    INFO(path << " should hold:\n" << text);
    CHECK(as_chars(file).find(text) != std::string_view::npos);
  }
}

TEST_CASE("a proof with witnesses that an earlier version wrote is still right") {
  const char* fixtures = std::getenv("DALIL_FIXTURES");
  if (fixtures == nullptr) return;
  const Bytes file = files::read_small_file(std::string(fixtures) + "/fuzz/bundle/witnessed.json");
  const Proof proof = decode_proof(as_chars(file));
  REQUIRE(proof.checkpoints.size() == 3);
  REQUIRE(proof.keys.size() == 3);
  REQUIRE(proof.checkpoints[1].timestamps.size() == 1);
  ProofQuestion question;
  for (const archive::ProofKey& key : proof.keys) question.trusted.push_back(key.key);
  question.authorities = {proof.checkpoints[1].timestamps[0].chain.back()};
  const ProofCheck check = check_proof(proof, question);
  INFO(steps_of(check));
  CHECK(check.right());
  CHECK(check.trusted);
  REQUIRE(check.stamped_at);
  CHECK(check.stamped_at->rfc3339() == "2026-11-25T13:21:37Z");
}
