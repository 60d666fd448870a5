#include "dalil/ledger/entry.hpp"

#include <fmt/format.h>

#include <charconv>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::ledger {

namespace {
constexpr std::string_view kCommitmentTag = "dalil1 commitment\n";
constexpr std::string_view kLineTag = "dalil1";
}  // namespace

Digest commit(const Salt& salt, ByteView content) {
  return crypto::sha256(as_bytes(kCommitmentTag), salt, content);
}

std::string PublicLine::text() const {
  std::string out;
  out.reserve(128);
  fmt::format_to(std::back_inserter(out), "{} {} {} ", kLineTag, seq, time.rfc3339_ms());
  out += to_hex(actor);
  out += ' ';
  out += name_of(seal_class);
  out += ' ';
  out += to_base64(commitment.view());
  return out;
}

std::optional<PublicLine> PublicLine::parse(std::string_view text) {
  std::string_view fields[6];
  std::string_view rest = text;
  for (int i = 0; i < 6; ++i) {
    const auto blank = rest.find(' ');
    if ((blank == std::string_view::npos) != (i == 5)) return std::nullopt;
    fields[i] = rest.substr(0, blank);
    rest.remove_prefix(i == 5 ? rest.size() : blank + 1);
  }
  PublicLine line;
  const char* end = fields[1].data() + fields[1].size();
  const auto number = std::from_chars(fields[1].data(), end, line.seq);
  const auto time = UtcTime::from_rfc3339(fields[2]);
  const auto actor = from_hex(fields[3]);
  const auto seal_class = seal_class_from(fields[4]);
  const auto commitment = from_base64(fields[5]);
  if (fields[0] != kLineTag || number.ec != std::errc{} || number.ptr != end || !time || !actor ||
      actor->size() != line.actor.size() || !seal_class || !commitment || commitment->size() != Digest::kSize)
    return std::nullopt;
  line.time = *time;
  std::copy(actor->begin(), actor->end(), line.actor.begin());
  line.seal_class = *seal_class;
  line.commitment = Digest::from_bytes(*commitment);
  if (line.text() != text) return std::nullopt;  // one form only
  return line;
}

}  // namespace dalil::ledger
