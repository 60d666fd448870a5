#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dalil/base/bytes.hpp"

namespace dalil::crypto {

/// Bytes that must not leave memory: locked against swapping, excluded from core dumps and forked children,
/// wiped when freed. Move-only. Locking is best effort (RLIMIT_MEMLOCK); wiping is not. A forked child reads
/// zeros. Up to 64 bytes share locked pages (30 ns); larger ones have pages of their own.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size);
  explicit Secret(ByteView copy_of);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret clone() const { return Secret(view()); }
  ByteView view() const { return {data_, size_}; }
  MutableByteView mutable_view() { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Overwrites memory in a way that the compiler keeps.
void wipe(MutableByteView bytes);
void wipe(std::string& text);

/// Turns off core dumps and ptrace attachment for this process (PR_SET_DUMPABLE, RLIMIT_CORE), and makes sure
/// that OpenSSL is there. std::bad_alloc if it is not.
void harden_process();

/// Cryptographically strong random bytes. Cheap for small requests (a buffer per thread, reset by fork).
void random_bytes(MutableByteView out);
template <std::size_t N>
std::array<std::uint8_t, N> random_array() {
  std::array<std::uint8_t, N> out;
  random_bytes(out);
  return out;
}
Secret random_secret(std::size_t size);

/// HKDF-SHA256 (RFC 5869) with an empty salt unless given.
Secret hkdf_sha256(ByteView key, std::string_view info, std::size_t size, ByteView salt = {});

/// True if equal; takes the same time wherever they differ.
bool equal_constant_time(ByteView a, ByteView b);

/// A keyed name for a value: HMAC-SHA256 (RFC 2104) under one key, computed often. One per thread.
class KeyedToken {
 public:
  explicit KeyedToken(ByteView key);
  ~KeyedToken();
  KeyedToken(KeyedToken&&) noexcept;
  std::array<std::uint8_t, 32> of(ByteView first, ByteView second = {}) const;

 private:
  struct State;
  State* state_;
};

}  // namespace dalil::crypto
