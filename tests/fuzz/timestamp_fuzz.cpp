// What claims to be a time-stamp, a request for one, or a file of certificates: nothing that differs from the
// one valid sample says anything else and is valid.

#include <cstdlib>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"
#include "dalil/crypto/timestamp.hpp"
#include "edits.hpp"
#include "timestamp_samples.hpp"

namespace {

using namespace dalil;
using namespace dalil::crypto::timestamp;

struct Ground {
  std::vector<Bytes> samples{*from_base64(fuzz::kGranted), *from_base64(fuzz::kRequest),
                             *from_base64(fuzz::kRefused)};
  Expected expected{
      crypto::sha256(as_bytes("fuzz\n")), read_request(samples[1])->nonce, {*from_base64(fuzz::kRoot)}, {}};
  Token right;
  Ground() {
    samples.push_back(read_reply(samples[0]).token);
    const std::string pem = write_certificates(expected.trusted);
    samples.emplace_back(pem.begin(), pem.end());
    const Check check = check_token(samples[3], expected);
    if (!check.valid() || !check.trusted) std::abort();
    right = *check.token;
  }
};

void judge(const Bytes& token, const Ground& ground) {
  const Check check = check_token(token, ground.expected);
  if (check.trusted != check.valid() || check.valid() == check.chain.empty()) std::abort();
  if (check.valid() &&
      (check.token->time != ground.right.time || check.token->serial != ground.right.serial ||
       check.token->policy != ground.right.policy))
    std::abort();
  (void)check_token(token, {ground.expected.imprint, {}, {}, {}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Ground ground;
  const Bytes input = fuzz::input_from({data, size}, ground.samples);
  if (const auto request = read_request(input); request && request->nonce.size() > input.size()) std::abort();
  const Reply reply = read_reply(input);
  if (reply.token.empty() == reply.problem.empty()) std::abort();
  if (!is_utf8(reply.problem)) std::abort();
  if (!reply.token.empty()) judge(reply.token, ground);
  judge(input, ground);
  try {
    if (read_certificates(input).empty()) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid) std::abort();
  }
  return 0;
}
