#pragma once

#include "dalil/base/bytes.hpp"
#include "dalil/base/digest.hpp"

// The EVP interface spends 450 ns on dispatch and allocation for each message, and the compression of a short
// message takes 40 to 80. These functions run the same code underneath. OpenSSL 3 deprecates them, and keeps
// them.
#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>

namespace dalil::crypto {

/// SHA-256 in progress. Copying it forks the computation.
class Sha256Core {
 public:
  Sha256Core() { restart(); }
  void restart() { SHA256_Init(&context_); }
  void update(ByteView piece) { SHA256_Update(&context_, piece.data(), piece.size()); }
  /// To be followed by `restart`, or by nothing.
  Digest finish() {
    Digest digest;
    SHA256_Final(digest.bytes.data(), &context_);
    return digest;
  }

  /// The state's eight words, for a compression from outside; only between whole blocks.
  std::uint32_t* words() { return context_.h; }
  /// Blocks that were compressed from outside.
  void count_blocks(std::size_t blocks) {
    const std::uint64_t bits = (std::uint64_t{context_.Nh} << 32 | context_.Nl) + blocks * 512;
    context_.Nl = static_cast<SHA_LONG>(bits);
    context_.Nh = static_cast<SHA_LONG>(bits >> 32);
  }

 private:
  SHA256_CTX context_;
};

}  // namespace dalil::crypto
