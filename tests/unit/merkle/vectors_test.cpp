// The published proofs of transparency-dev/merkle, good and bad.
#include <bit>
#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/merkle/tree.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::merkle;

namespace {

using Json = nlohmann::json;

std::vector<std::pair<std::string, Json>> vectors(const std::string& kind) {
  std::vector<std::pair<std::string, Json>> all;
  const auto directory = dalil::testing::shared_dir("vectors/merkle/testdata/" + kind);
  if (!directory) return all;
  for (const auto& entry : boost::filesystem::recursive_directory_iterator(*directory)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path().string());
    all.emplace_back(entry.path().string(), Json::parse(in));
  }
  return all;
}

/// Some vectors have texts where hashes belong, which a Digest cannot hold. Hashing those keeps apart what
/// differs.
Digest digest(const Json& base64) {
  const Bytes bytes = from_base64(base64.get<std::string>()).value();
  return bytes.size() == Digest::kSize ? Digest::from_bytes(bytes) : crypto::sha256(bytes);
}

std::vector<Digest> digests(const Json& list) {
  std::vector<Digest> all;
  if (list.is_null()) return all;
  for (const Json& item : list) all.push_back(digest(item));
  return all;
}

/// A leaf or a root of another length than a hash is refused by the type alone.
bool fits(const Json& base64) {
  return from_base64(base64.get<std::string>()).value().size() == Digest::kSize;
}

bool includes(const Json& vector, const Json& index, const Json& size) {
  return fits(vector["leafHash"]) && fits(vector["root"]) &&
         verify_inclusion(digest(vector["leafHash"]), index, size, digests(vector["proof"]),
                          digest(vector["root"]));
}

bool is_consistent(const Json& vector, const Json& from, const Json& to) {
  return verify_consistency(from, to, digests(vector["proof"]), digest(vector["root1"]),
                            digest(vector["root2"]));
}

}  // namespace

TEST_CASE("published inclusion proofs are judged as published") {
  for (const auto& [path, vector] : vectors("inclusion")) {
    INFO(path);
    CHECK(includes(vector, vector["leafIdx"], vector["treeSize"]) == !vector["wantErr"].get<bool>());
  }
}

TEST_CASE("published consistency proofs are judged as published") {
  for (const auto& [path, vector] : vectors("consistency")) {
    INFO(path);
    CHECK(is_consistent(vector, vector["size1"], vector["size2"]) == !vector["wantErr"].get<bool>());
  }
}

TEST_CASE("published proofs about subtrees that begin at leaf 0 are judged as published") {
  for (const auto& [path, vector] : vectors("subtreeconsistency")) {
    INFO(path);
    if (vector["start"] != 0 || vector["end"] == 0) continue;
    CHECK(is_consistent(vector, vector["end"], vector["size"]) == !vector["wantErr"].get<bool>());
  }
}

TEST_CASE("published proofs of leaves in subtrees are judged as published") {
  for (const auto& [path, vector] : vectors("subtreeinclusion")) {
    INFO(path);
    const std::uint64_t start = vector["start"];
    const std::uint64_t end = vector["end"];
    const std::uint64_t leaf = vector["leafIdx"];
    // A subtree proper begins at a multiple of a power of two not below its size.
    const bool is_subtree =
        start < end &&
        (start == 0 || std::countr_zero(start) >= static_cast<int>(std::bit_width(end - start - 1)));
    const bool good = is_subtree && leaf >= start && includes(vector, leaf - start, end - start);
    CHECK(good == !vector["wantErr"].get<bool>());
  }
}
