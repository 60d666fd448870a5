// The published age test files (C2SP/CCTV), as their tests read them.
#pragma once

#include <dlfcn.h>

#include <boost/filesystem.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "dalil/crypto/age.hpp"

namespace dalil::testing {

struct Vector {
  std::string name;
  std::multimap<std::string, std::string> fields;
  std::string file;
  std::string field(const std::string& key) const {
    const auto found = fields.find(key);
    return found == fields.end() ? "" : found->second;
  }
};

inline std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

inline void write_whole(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// "key: value" lines, an empty line, then the file.
inline Vector read_vector(const boost::filesystem::path& path) {
  Vector vector{path.filename().string(), {}, read_whole(path.string())};
  for (;;) {
    const std::size_t end = vector.file.find('\n');
    const std::string line = vector.file.substr(0, end);
    vector.file.erase(0, end + 1);
    if (line.empty()) return vector;
    const std::size_t colon = line.find(": ");
    vector.fields.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
}

/// Some files are published deflated. zlib is on every Debian system; its header is not needed for one call.
inline std::optional<std::string> inflate(const std::string& deflated) {
  using Uncompress = int(unsigned char*, unsigned long*, const unsigned char*, unsigned long);
  static void* const library = dlopen("libz.so.1", RTLD_NOW);
  if (library == nullptr) return std::nullopt;
  auto* const uncompress = reinterpret_cast<Uncompress*>(dlsym(library, "uncompress"));
  std::string out(32 << 20, '\0');
  unsigned long size = out.size();
  const int status = uncompress(reinterpret_cast<unsigned char*>(out.data()), &size,
                                reinterpret_cast<const unsigned char*>(deflated.data()), deflated.size());
  if (status != 0) return std::nullopt;
  out.resize(size);
  return out;
}

inline crypto::age::Failure expected_failure(const std::string& text) {
  const std::map<std::string, crypto::age::Failure> kClasses = {
      {"success", crypto::age::Failure::none},
      {"header failure", crypto::age::Failure::header},
      {"HMAC failure", crypto::age::Failure::hmac},
      {"no match", crypto::age::Failure::no_match},
      {"payload failure", crypto::age::Failure::payload},
      {"armor failure", crypto::age::Failure::armor},
  };
  return kClasses.at(text);
}

/// Post-quantum recipients (ML-KEM-768 with X25519) are not supported: their identities are refused.
inline bool needs_post_quantum_identity(const Vector& vector) {
  return vector.field("identity").starts_with("AGE-SECRET-KEY-PQ-") && vector.fields.count("identity") == 1;
}

inline std::vector<crypto::age::Identity> identities_of(const Vector& vector) {
  std::vector<crypto::age::Identity> identities;
  const auto [begin, end] = vector.fields.equal_range("identity");
  for (auto it = begin; it != end; ++it) {
    if (!it->second.starts_with("AGE-SECRET-KEY-PQ-"))
      identities.push_back(crypto::age::Identity::parse(it->second));
  }
  return identities;
}

inline bool have_age() {
  return std::system("command -v age age-keygen >/dev/null 2>&1") == 0;
}

inline bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

}  // namespace dalil::testing
