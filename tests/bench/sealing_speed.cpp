// What one core encrypts and decrypts as age files in a second, beside OpenSSL's own measure:
//
//   dalil_sealing_speed [MIB]       default: 2048
//   openssl speed -evp ChaCha20-Poly1305 -bytes 65536 -seconds 1

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "dalil/crypto/age_stream.hpp"

int main(int count, char** arguments) {
  using namespace dalil;
  namespace age = crypto::age;
  using Clock = std::chrono::steady_clock;
  const std::size_t mib = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 2048;
  const Bytes piece(std::size_t{1} << 20, 0x5a);
  std::vector<age::Identity> identities;
  identities.push_back(age::Identity::generate());

  // A file of 64 MiB, which is decrypted over and over.
  Bytes file;
  age::Encryptor sample({identities[0].recipient()}, [&](ByteView out) { append(file, out); });
  for (int i = 0; i < 64; ++i) sample.update(piece);
  sample.finish();

  std::uint64_t written = 0;
  const auto began = Clock::now();
  age::Encryptor encryptor({identities[0].recipient()}, [&](ByteView out) { written += out.size(); });
  for (std::size_t i = 0; i < mib; ++i) encryptor.update(piece);
  encryptor.finish();
  const auto middle = Clock::now();
  std::uint64_t read = 0;
  for (std::size_t i = 0; i < mib / 64; ++i) {
    age::Decryptor decryptor(identities, [&](ByteView out) { read += out.size(); });
    if (decryptor.update(file) != age::Failure::none || decryptor.finish() != age::Failure::none) return 1;
  }
  const auto end = Clock::now();
  const auto rate = [](std::uint64_t bytes, Clock::duration took) {
    return static_cast<double>(bytes) / 1e9 / std::chrono::duration<double>(took).count();
  };
  std::printf("encrypt %.2f GB/s, decrypt %.2f GB/s\n", rate(written, middle - began),
              rate(read, end - middle));
}
