#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "dalil/crypto/age.hpp"

namespace dalil::crypto::age {

/// age v1 for what is too large for memory: the same files as age.hpp, binary form only. Both ways take a few
/// hundred KiB, whatever passes through.

/// Takes what has been made so far, a chunk at a time. What it throws passes through.
using Output = std::function<void(ByteView)>;

/// Encrypts to X25519 recipients. Not for two threads at once.
class Encryptor {
 public:
  /// Writes the header at once. Error(invalid) for no recipients or a bad one.
  Encryptor(const std::vector<std::string>& recipients, Output out);
  ~Encryptor();
  Encryptor(Encryptor&&) noexcept;
  void update(ByteView piece);
  /// Writes the last chunk. What was written without it opens nowhere. Error(invalid) the second time, and
  /// for `update` afterwards.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Bytes of the file that `size` bytes become under a header of `header_size` bytes.
std::uint64_t encrypted_size(std::uint64_t header_size, std::uint64_t size);

/// Told of so many bytes of content that are lost: their chunk is not authentic.
using Hole = std::function<void(std::size_t size)>;

/// Decrypts with X25519 identities. Hands out whole chunks of 64 KiB that were authenticated, and nothing
/// after one that was not; only when `finish` answers Failure::none is the content complete. Bad input throws
/// nothing: the failure is the answer, from then on to every call. Not for two threads at once.
class Decryptor {
 public:
  /// An armored file is Failure::header here. A header beyond kLargestHeader is, too.
  static constexpr std::size_t kLargestHeader = std::size_t{1} << 20;
  Decryptor(const std::vector<Identity>& identities, Output out);
  /// For what is worth having in parts: goes on behind a chunk that is not authentic, and tells of each as a
  /// hole. Every other chunk is authentic at its place, since its number is part of its nonce; `finish` still
  /// answers Failure::payload.
  Decryptor(const std::vector<Identity>& identities, Output out, Hole hole);
  ~Decryptor();
  Decryptor(Decryptor&&) noexcept;
  Failure update(ByteView piece);
  /// Whoever cut the file, also between two chunks, gets Failure::payload.
  Failure finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dalil::crypto::age
