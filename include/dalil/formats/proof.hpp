#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/proof.hpp"

/// Proofs of one entry as files (docs/formats/proof.md), and what they prove.
namespace dalil::formats {

inline constexpr std::size_t kMaxProofBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxProofCheckpoints = 16;
inline constexpr std::size_t kMaxProofKeys = 64;
inline constexpr std::size_t kMaxProofTimestamps = 16;

/// The one form that a proof has as a file.
std::string encode_proof(const archive::Proof& proof);
/// Error(invalid), saying what is wrong, for anything that `encode_proof` would not write.
archive::Proof decode_proof(std::string_view text);

/// What the file that is said to be the evidence is like.
struct EvidenceFile {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

struct ProofQuestion {
  std::vector<merkle::NoteKey> trusted;  ///< keys that were compared with their owners
  std::optional<EvidenceFile> evidence;
  /// DER root certificates of time-stamping authorities that are trusted: one of them must have stamped.
  std::vector<Bytes> authorities{};
};

/// One step of a check.
struct ProofStep {
  enum class Result : std::uint8_t { right, wrong, not_compared } result = Result::right;
  std::string name;    ///< "inclusion"
  std::string detail;  ///< for people, safe for a terminal
};
const char* name_of(ProofStep::Result result);

/// What a proof comes to.
struct ProofCheck {
  std::vector<ProofStep> steps;
  archive::Statement statement;
  std::optional<ledger::PublicLine> line;
  std::vector<std::string> proven, not_proven;  ///< in plain words
  bool trusted = false;  ///< every trusted key that was asked for has signed, and there is one
  /// The earliest time at which a trusted authority stamped a tree with this entry. Absent if none did.
  std::optional<UtcTime> stamped_at;
  bool right() const;  ///< no step is wrong
};
/// Pure: asks neither an archive, nor a network, nor the time. Never throws for a bad proof.
ProofCheck check_proof(const archive::Proof& proof, const ProofQuestion& question = {});

}  // namespace dalil::formats
