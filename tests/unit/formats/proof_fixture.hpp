#pragma once

#include <string>

#include "archive/archive_fixture.hpp"
#include "dalil/formats/proof.hpp"
#include "merkle/reference.hpp"

namespace dalil::testing {

inline constexpr const char* kSampleOrigin = "dalil/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
inline constexpr std::uint64_t kSampleCosignedAt = 1'505'200'000;

inline crypto::SigningKey key_from(std::uint8_t seed) {
  return crypto::SigningKey::from_seed(Bytes(32, seed));
}

/// A remark as docs/formats/entry.md takes it apart, at sequence number 6 of a tree of `size` entries, signed
/// by an archivist and cosigned by an auditor.
inline archive::Proof sample_proof(std::uint64_t size = 11, bool cosigned = true) {
  archive::Proof proof;
  proof.content = *from_hex("5a0c080512086120667269656e64");
  for (std::size_t i = 0; i < proof.salt.size(); ++i) proof.salt[i] = static_cast<std::uint8_t>(i);
  proof.kind = "scan_note";
  proof.states = "provenance of a scan";
  const crypto::SigningKey signer = key_from(1), auditor = key_from(2);
  proof.line = ledger::PublicLine{6, UtcTime{1505118600123}, ledger::actor_id(signer.public_key()),
                                  ledger::SealClass::source, ledger::commit(proof.salt, proof.content)}
                   .text();
  merkle::testing::Leaves leaves = merkle::testing::make_leaves(size);
  leaves[6] = Bytes(proof.line.begin(), proof.line.end());
  const merkle::testing::NodeTable table(leaves);
  merkle::Note note =
      merkle::sign_checkpoint({kSampleOrigin, size, merkle::root_at(size, table.reader())}, signer);
  const std::string cosigner = std::string(kSampleOrigin) + "/cosigner/omar";
  if (cosigned) merkle::cosign(note, cosigner, auditor, kSampleCosignedAt);
  proof.checkpoints.push_back(
      {{std::nullopt, 6, merkle::inclusion_proof(6, size, table.reader()), note.encode()}, {}});
  proof.keys.push_back(
      {{kSampleOrigin, merkle::NoteKeyType::ed25519, signer.public_key()}, "Amal", "archivist"});
  if (cosigned)
    proof.keys.push_back(
        {{cosigner, merkle::NoteKeyType::cosignature, auditor.public_key()}, "Omar", "auditor"});
  return proof;
}

inline std::string steps_of(const formats::ProofCheck& check) {
  std::string text;
  for (const formats::ProofStep& step : check.steps)
    text += std::string(formats::name_of(step.result)) + " " + step.name + ": " + step.detail + "\n";
  return text;
}

}  // namespace dalil::testing
