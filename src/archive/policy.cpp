#include "dalil/archive/policy.hpp"

#include <fmt/format.h>

#include "convert.hpp"
#include "dalil/base/error.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

StatedPolicy read_stated(View& view, Seq seq) {
  const ledger::PublicLine line = view.reader().line(seq);
  const records::Record record = parse_record(view.reader().entry(seq).content, seq);
  StatedPolicy stated;
  stated.policy = from_record(record.policy_stated());
  stated.seq = seq;
  stated.stated = line.time;
  stated.actor = view.actor_name(line.actor);
  stated.reason = record.policy_stated().reason();
  return stated;
}

}  // namespace

std::vector<StatedPolicy> policy_history(View& view) {
  std::vector<StatedPolicy> all;
  for (Row row = 0; row < view.reader().rows(kPolicies); ++row)
    all.push_back(read_stated(view, load_u64(view.reader().cell(kPolicySeq, row).data())));
  return all;
}

std::vector<StatedPolicy> incident_policy_history(View& view) {
  if (!view.can_read(SealClass::evidence))
    throw Error(ErrorCode::wrong_key, "policies of incidents are not visible to this role",
                "open the archive with an investigator's or an archivist's key");
  std::vector<StatedPolicy> all;
  for (Row row = 0; row < view.reader().rows(kIncidentPolicies); ++row) {
    all.push_back(read_stated(view, load_u64(view.reader().cell(kIncidentPolicySeq, row).data())));
    all.back().incident = load_u32(view.reader().cell(kIncidentPolicyIncident, row).data());
  }
  return all;
}

std::map<Row, Policy> incident_policies(View& view) {
  std::map<Row, Policy> newest;
  for (const StatedPolicy& stated : incident_policy_history(view)) newest[stated.incident] = stated.policy;
  return newest;
}

std::string text_of(const Policy& policy) {
  if (!policy.asks_for_anything()) return "nothing";
  const std::string days = fmt::format("within {} days", policy.verified_within_days);
  if (policy.copies == 0) return "read " + days;
  std::string text = fmt::format("{} {}", policy.copies, policy.copies == 1 ? "copy" : "copies");
  if (policy.places > 0)
    text += fmt::format(" in {} {}", policy.places, policy.places == 1 ? "place" : "places");
  if (policy.verified_within_days > 0) text += ", read " + days;
  return text;
}

Policy policy_of(View& view) {
  const auto all = policy_history(view);
  return all.empty() ? Policy{} : all.back().policy;
}

}  // namespace dalil::archive
