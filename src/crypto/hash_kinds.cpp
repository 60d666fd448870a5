#include <algorithm>
#include <array>

#include "dalil/crypto/hash.hpp"
#include "openssl.hpp"

namespace dalil::crypto {

namespace {

struct KindRow {
  HashKind kind;
  const char* name;
  std::size_t digest_size;
  const char* openssl_name;
};
constexpr std::array kKinds{
    KindRow{HashKind::md5, "md5", 16, "MD5"},          KindRow{HashKind::sha1, "sha1", 20, "SHA1"},
    KindRow{HashKind::sha224, "sha224", 28, "SHA224"}, KindRow{HashKind::sha256, "sha256", 32, "SHA256"},
    KindRow{HashKind::sha384, "sha384", 48, "SHA384"}, KindRow{HashKind::sha512, "sha512", 64, "SHA512"},
};

const KindRow& row_of(HashKind kind) {
  return *std::ranges::find(kKinds, kind, &KindRow::kind);
}

}  // namespace

const char* name_of(HashKind kind) {
  return row_of(kind).name;
}

std::optional<HashKind> hash_kind_from(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &KindRow::name);
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

std::size_t digest_size(HashKind kind) {
  return row_of(kind).digest_size;
}

struct HashStream::State {
  explicit State(HashKind kind) : algorithm(EVP_MD_fetch(nullptr, row_of(kind).openssl_name, nullptr)) {
    require(algorithm != nullptr && context != nullptr, "set up a hash");
    begin();
  }
  void begin() { require(EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1, "begin a hash"); }
  std::unique_ptr<EVP_MD, OpensslDeleter<EVP_MD_free>> algorithm;
  DigestContext context{EVP_MD_CTX_new()};
};

HashStream::HashStream(HashKind kind) : state_(std::make_unique<State>(kind)) {}
HashStream::~HashStream() = default;
HashStream::HashStream(HashStream&&) noexcept = default;
HashStream& HashStream::operator=(HashStream&&) noexcept = default;

void HashStream::update(ByteView piece) {
  require(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1, "hash");
}

Bytes HashStream::finish() {
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1, "finish a hash");
  digest.resize(size);
  state_->begin();
  return digest;
}

}  // namespace dalil::crypto
