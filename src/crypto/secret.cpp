#include "dalil/crypto/secret.hpp"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <new>
#include <utility>

#include "locked_memory.hpp"

namespace dalil::crypto {

Secret::Secret(std::size_t size) : data_(size == 0 ? nullptr : allocate_locked(size)), size_(size) {}

Secret::Secret(ByteView copy_of) : Secret(copy_of.size()) {
  std::copy(copy_of.begin(), copy_of.end(), data_);
}

Secret::~Secret() {
  if (data_ != nullptr) free_locked(data_, size_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  Secret taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

void wipe(MutableByteView bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void harden_process() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // OpenSSL sets itself up once; if that fails for want of memory, later calls use what is not there.
  if (OSSL_LIB_CTX_get0_global_default() == nullptr) throw std::bad_alloc();
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dalil::crypto
