// File names are bytes: any of them give a bounded list of plausible claims.

#include <cstdlib>

#include "dalil/base/text.hpp"
#include "dalil/media/facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil;
  const auto name = as_chars({data, size});
  const auto claims = media::times_in_name(name);
  if (claims.size() > 8) std::abort();
  media::MediaFacts facts;
  facts.times = claims;
  if (media::decode(media::encode(facts)).times.size() != claims.size()) std::abort();
  for (const auto& claim : claims) {
    if (claim.origin != media::TimeOrigin::file_name || name.find(claim.raw) == std::string_view::npos)
      std::abort();
  }
  return 0;
}
