// A register that is accepted survives a round trip; one that is not is refused without a crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dalil/formats/register.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dalil::formats;
  const Register read = read_register_json({reinterpret_cast<const char*>(data), size});
  for (const RegisterProblem& problem : read.problems) (void)problem.text();
  if (!read.problems.empty()) return 0;
  for (const dalil::archive::Incident& incident : read.incidents) {
    const Register again = read_register_json(incident_to_json(incident));
    if (!again.problems.empty() || again.incidents.size() != 1 || !(again.incidents[0] == incident))
      std::abort();
  }
  (void)compare_published(read.published_totals_json, read.incidents);
  return 0;
}
