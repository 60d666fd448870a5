#include "convert.hpp"
#include "derive.hpp"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

void Deriver::apply(Seq seq, const records::PolicyStated& stated) {
  (void)from_record(stated);  // Error(corrupt) if later readers could not make sense of it
  if (stated.incident().empty()) {
    writer_->set(kPolicySeq, writer_->add_row(kPolicies), u64_value(seq));
    return;
  }
  const auto incident = find_incident(stated.incident());
  if (!incident) return pass_over(seq, "an incident");
  const Row row = writer_->add_row(kIncidentPolicies);
  writer_->set(kIncidentPolicyIncident, row, u32_value(*incident));
  writer_->set(kIncidentPolicySeq, row, u64_value(seq));
}

}  // namespace dalil::archive
