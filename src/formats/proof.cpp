#include "dalil/formats/proof.hpp"

#include <nlohmann/json.hpp>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"

namespace dalil::formats {

using archive::Proof;
using archive::ProofCheckpoint;
using archive::ProofKey;
using archive::ProofTimestamp;

namespace {

using OrderedJson = nlohmann::ordered_json;
constexpr const char* kFormat = "dalil-proof-1";
constexpr int kMaxDepth = 8;
constexpr int kIndent = 2;

OrderedJson lines_of(std::string_view text) {
  OrderedJson lines = OrderedJson::array();
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(std::string(text.substr(0, end)));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

OrderedJson json_of(const ProofTimestamp& stamp) {
  OrderedJson chain = OrderedJson::array();
  for (const Bytes& certificate : stamp.chain) chain.push_back(to_base64(certificate));
  return {{"stamped", lines_of(stamp.stamped)}, {"token", to_base64(stamp.token)}, {"chain", chain}};
}

OrderedJson json_of(const ProofCheckpoint& checkpoint) {
  OrderedJson stamps = OrderedJson::array();
  for (const ProofTimestamp& stamp : checkpoint.timestamps) stamps.push_back(json_of(stamp));
  return {{"proof", lines_of(checkpoint.proof.encode())}, {"timestamps", stamps}};
}

OrderedJson json_of(const Proof& proof) {
  OrderedJson checkpoints = OrderedJson::array();
  for (const ProofCheckpoint& checkpoint : proof.checkpoints) checkpoints.push_back(json_of(checkpoint));
  OrderedJson keys = OrderedJson::array();
  for (const ProofKey& key : proof.keys)
    keys.push_back({{"key", key.key.encode()}, {"name", key.name}, {"role", key.role}});
  return {{"format", kFormat},
          {"kind", proof.kind},
          {"states", proof.states},
          {"entry",
           {{"line", proof.line}, {"salt", to_base64(proof.salt)}, {"content", to_base64(proof.content)}}},
          {"checkpoints", checkpoints},
          {"keys", keys}};
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::invalid, "not a proof: " + why,
              "a proof is the file that 'dalil prove' wrote, byte for byte; ask for it again");
}

/// Reads members of the parsed tree; everything that is not there, or of another type, is refused by its
/// name.
const OrderedJson& member(const OrderedJson& object, const char* name) {
  if (!object.is_object()) refuse("a part of it is no object");
  const auto found = object.find(name);
  if (found == object.end()) refuse(std::string("it has no '") + name + "'");
  return *found;
}
const std::string& text_member(const OrderedJson& object, const char* name) {
  const OrderedJson& value = member(object, name);
  if (!value.is_string()) refuse(std::string("its '") + name + "' is no text");
  return value.get_ref<const std::string&>();
}
const OrderedJson& list_member(const OrderedJson& object, const char* name, std::size_t limit) {
  const OrderedJson& value = member(object, name);
  if (!value.is_array()) refuse(std::string("its '") + name + "' is no list");
  if (value.size() > limit) refuse(std::string("its '") + name + "' is too long");
  return value;
}

Bytes bytes_from(const OrderedJson& value, const char* name) {
  if (!value.is_string()) refuse(std::string("its '") + name + "' is no text");
  auto bytes = from_base64(value.get_ref<const std::string&>());
  if (!bytes) refuse(std::string("its '") + name + "' is no base64");
  return std::move(*bytes);
}

std::string text_of_lines(const OrderedJson& object, const char* name) {
  constexpr std::size_t kMostLines = 1024;
  std::string text;
  for (const OrderedJson& line : list_member(object, name, kMostLines)) {
    if (!line.is_string()) refuse(std::string("a line of its '") + name + "' is no text");
    text.append(line.get_ref<const std::string&>()).append("\n");
  }
  return text;
}

ProofTimestamp timestamp_from(const OrderedJson& json) {
  constexpr std::size_t kLongestChain = 16;
  ProofTimestamp stamp;
  stamp.stamped = text_of_lines(json, "stamped");
  stamp.token = bytes_from(member(json, "token"), "token");
  for (const OrderedJson& certificate : list_member(json, "chain", kLongestChain))
    stamp.chain.push_back(bytes_from(certificate, "chain"));
  return stamp;
}

ProofCheckpoint checkpoint_from(const OrderedJson& json) {
  auto proof = merkle::LogProof::parse(text_of_lines(json, "proof"));
  // The extra part of a proof is not authenticated by anything: it could say whatever it likes.
  if (!proof || proof->extra) refuse("its 'proof' is ill-formed");
  ProofCheckpoint checkpoint{std::move(*proof), {}};
  for (const OrderedJson& stamp : list_member(json, "timestamps", kMaxProofTimestamps))
    checkpoint.timestamps.push_back(timestamp_from(stamp));
  return checkpoint;
}

ProofKey key_from(const OrderedJson& json) {
  const auto key = merkle::NoteKey::parse(text_member(json, "key"));
  if (!key) refuse("a key is ill-formed");
  return {*key, text_member(json, "name"), text_member(json, "role")};
}

Proof proof_from(const OrderedJson& json) {
  if (text_member(json, "format") != kFormat)
    throw Error(ErrorCode::unsupported, "the proof is of another format than " + std::string(kFormat),
                "use a newer Dalil");
  Proof proof;
  proof.kind = text_member(json, "kind");
  proof.states = text_member(json, "states");
  const OrderedJson& entry = member(json, "entry");
  proof.line = text_member(entry, "line");
  const Bytes salt = bytes_from(member(entry, "salt"), "salt");
  if (salt.size() != proof.salt.size()) refuse("its 'salt' has not 32 bytes");
  std::copy(salt.begin(), salt.end(), proof.salt.begin());
  proof.content = bytes_from(member(entry, "content"), "content");
  for (const OrderedJson& one : list_member(json, "checkpoints", kMaxProofCheckpoints))
    proof.checkpoints.push_back(checkpoint_from(one));
  for (const OrderedJson& one : list_member(json, "keys", kMaxProofKeys)) proof.keys.push_back(key_from(one));
  return proof;
}

OrderedJson parse_json(std::string_view text) {
  const auto shallow = [](int depth, OrderedJson::parse_event_t, OrderedJson&) {
    if (depth > kMaxDepth) refuse("it is nested too deeply");
    return true;
  };
  try {
    return OrderedJson::parse(text.begin(), text.end(), shallow);
  } catch (const nlohmann::detail::exception&) {
    refuse("it is no JSON");
  }
}

}  // namespace

std::string encode_proof(const Proof& proof) {
  return json_of(proof).dump(kIndent, ' ', false, OrderedJson::error_handler_t::strict) + '\n';
}

Proof decode_proof(std::string_view text) {
  if (text.size() > kMaxProofBytes) refuse("it is larger than 16 MiB");
  Proof proof = proof_from(parse_json(text));
  // One form only: no reader can see another proof in the same bytes (members given twice, for instance).
  if (encode_proof(proof) != text) refuse("it was edited, or saved by another program");
  return proof;
}

}  // namespace dalil::formats
