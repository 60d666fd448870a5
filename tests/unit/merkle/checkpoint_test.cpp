#include <catch2/catch.hpp>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/merkle/note.hpp"
#include "dalil/merkle/tree.hpp"

using namespace dalil;
using namespace dalil::merkle;

namespace {

crypto::SigningKey key_of(std::uint8_t seed) {
  return crypto::SigningKey::from_seed(Bytes(32, seed));
}

Checkpoint sample() {
  return {"dalil.example/archive", 123, empty_root()};
}

const std::string kRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

LogProof sample_proof() {
  LogProof proof;
  proof.extra = Bytes{1, 2, 3};
  proof.index = 42;
  proof.hashes = {empty_root(), leaf_hash({})};
  proof.checkpoint = sign_checkpoint(sample(), key_of(1)).encode();
  return proof;
}

}  // namespace

TEST_CASE("a checkpoint's body is three lines") {
  CHECK(sample().body() == "dalil.example/archive\n123\n" + kRoot + "\n");
  CHECK(Checkpoint::parse(sample().body()) == sample());
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    const Checkpoint checkpoint{"o", size, leaf_hash({})};
    CHECK(Checkpoint::parse(checkpoint.body()) == checkpoint);
  }
}

TEST_CASE("extension lines are accepted and ignored") {
  CHECK(Checkpoint::parse(sample().body() + "extension 1\nextension 2\n") == sample());
  CHECK_FALSE(Checkpoint::parse(sample().body() + "\n"));
  CHECK_FALSE(Checkpoint::parse(sample().body() + "unfinished"));
}

TEST_CASE("ill-formed checkpoints are absent") {
  const std::string end = "\n" + kRoot + "\n";
  REQUIRE(Checkpoint::parse("origin\n5" + end));
  for (const std::string& bad :
       std::vector<std::string>{"\n5" + end,
                                "origin\n" + end,
                                "origin\n05" + end,
                                "origin\n00" + end,
                                "origin\n+5" + end,
                                "origin\n-5" + end,
                                "origin\n 5" + end,
                                "origin\n5 " + end,
                                "origin\n0x5" + end,
                                "origin\n18446744073709551616" + end,
                                "origin\n5\n" + kRoot,
                                std::string("origin\n5\n"),
                                std::string("origin\n5\n\n"),
                                std::string("origin\n5\nAAAA\n"),
                                "origin\n5\n" + kRoot.substr(0, 43) + "\n",
                                "origin\n5\n" + kRoot + "=\n",
                                "origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
                                "ori\tgin\n5" + end,
                                "ori\xffgin\n5" + end,
                                "origin\r\n5" + end}) {
    INFO(escape_for_display(bad));
    CHECK_FALSE(Checkpoint::parse(bad));
  }
}

TEST_CASE("a checkpoint cut short is absent, one with a byte changed is absent or another") {
  const std::string body = sample().body();
  for (std::size_t size = 0; size < body.size(); ++size)
    REQUIRE_FALSE(Checkpoint::parse(body.substr(0, size)));
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = body;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      const auto read = Checkpoint::parse(damaged);
      REQUIRE((!read || *read != sample()));
    }
  }
}

TEST_CASE("a signed checkpoint is a note whose key is named as the origin") {
  const auto key = key_of(1);
  const Note note = sign_checkpoint(sample(), key);
  const NoteKey verifier{"dalil.example/archive", NoteKeyType::ed25519, key.public_key()};
  const auto read = Note::parse(note.encode());
  REQUIRE(read);
  CHECK(check(*read, {verifier}).verified.size() == 1);
  CHECK(Checkpoint::parse(read->text) == sample());
  CHECK_THROWS_AS(sign_checkpoint({"two words", 1, {}}, key), Error);
  CHECK_THROWS_AS(sign_checkpoint({"", 1, {}}, key), Error);
}

TEST_CASE("a cosignature tells its time, and only with the right key") {
  const auto log = key_of(1);
  const auto auditor = key_of(2);
  const NoteKey log_key{"dalil.example/archive", NoteKeyType::ed25519, log.public_key()};
  const NoteKey auditor_key{"auditor", NoteKeyType::cosignature, auditor.public_key()};
  Note note = sign_checkpoint(sample(), log);
  CHECK_FALSE(cosignature_time(note, auditor_key));
  cosign(note, "auditor", auditor, 1'700'000'000);
  const auto read = Note::parse(note.encode());
  REQUIRE(read);
  CHECK(check(*read, {log_key, auditor_key}).verified.size() == 2);
  CHECK(cosignature_time(*read, auditor_key) == 1'700'000'000);
  CHECK_FALSE(cosignature_time(*read, log_key));
  CHECK_FALSE(cosignature_time(*read, {"auditor", NoteKeyType::ed25519, auditor.public_key()}));
  CHECK_FALSE(cosignature_time(*read, {"auditor", NoteKeyType::cosignature, log.public_key()}));
  cosign(note, "auditor", auditor, 1'800'000'000);
  CHECK(cosignature_time(note, auditor_key) == 1'800'000'000);
}

TEST_CASE("a cosignature with any bit changed, its time included, rejects the note") {
  const auto auditor = key_of(2);
  const NoteKey auditor_key{"auditor", NoteKeyType::cosignature, auditor.public_key()};
  Note note = sign_checkpoint(sample(), key_of(1));
  cosign(note, "auditor", auditor, 1'700'000'000);
  for (std::size_t bit = 0; bit < note.signatures[1].bytes.size() * 8; ++bit) {
    Note damaged = note;
    damaged.signatures[1].bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    REQUIRE(check(damaged, {auditor_key}).rejected);
    REQUIRE_FALSE(cosignature_time(damaged, auditor_key));
  }
  note.signatures[1].bytes.resize(7);
  CHECK(check(note, {auditor_key}).rejected);
}

TEST_CASE("only a checkpoint can be cosigned") {
  Note note{"some text\n", {}};
  CHECK_THROWS_AS(cosign(note, "auditor", key_of(2), 1), Error);
  Note checkpoint{sample().body(), {}};
  CHECK_THROWS_AS(cosign(checkpoint, "two words", key_of(2), 1), Error);
  CHECK(checkpoint.signatures.empty());
}

TEST_CASE("a proof survives the round trip, with and without its parts") {
  const LogProof proof = sample_proof();
  CHECK(proof.encode().starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 42\n" + kRoot + "\n"));
  for (const bool with_extra : {true, false}) {
    for (const std::size_t hashes : {0U, 1U, 64U}) {
      LogProof changed = proof;
      if (!with_extra) changed.extra.reset();
      changed.hashes.assign(hashes, empty_root());
      const auto read = LogProof::parse(changed.encode());
      REQUIRE(read);
      CHECK(read->extra == changed.extra);
      CHECK(read->index == 42);
      CHECK(read->hashes == changed.hashes);
      CHECK(read->checkpoint == changed.checkpoint);
    }
  }
  LogProof too_long = proof;
  too_long.hashes.assign(65, empty_root());
  CHECK_FALSE(LogProof::parse(too_long.encode()));
}

TEST_CASE("a proof cut short is absent, one with a byte changed encodes as it was read") {
  const std::string text = sample_proof().encode();
  for (std::size_t size = 0; size < text.size(); ++size) REQUIRE_FALSE(LogProof::parse(text.substr(0, size)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      const auto read = LogProof::parse(damaged);
      REQUIRE((!read || read->encode() == damaged));
    }
  }
}

TEST_CASE("ill-formed proofs are absent") {
  const std::string tail = "\n" + sample_proof().checkpoint;
  const std::string header = "c2sp.org/tlog-proof@v1\n";
  REQUIRE(LogProof::parse(header + "index 0\n" + tail));
  for (const std::string& bad : std::vector<std::string>{
           std::string(), header, header + tail, "c2sp.org/tlog-proof@v2\nindex 0\n" + tail,
           "index 0\n" + tail, header + "index 00\n" + tail, header + "index -1\n" + tail,
           header + "index\n" + tail, header + "index 18446744073709551616\n" + tail,
           header + "extra ?\nindex 0\n" + tail, header + "index 0\nextra AQID\n" + tail,
           header + "index 0\nAAAA\n" + tail, header + "index 0\n\n" + tail,
           header + "index 0\n\nnot a checkpoint\n"}) {
    INFO(escape_for_display(bad));
    CHECK_FALSE(LogProof::parse(bad));
  }
}
