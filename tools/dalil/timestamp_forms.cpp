#include "timestamp_forms.hpp"

#include <fmt/format.h>

#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"

namespace dalil::cli {
namespace {

std::string accuracy_text(std::uint64_t us) {
  return fmt::format("to within {} s", static_cast<double>(us) / 1e6);
}

}  // namespace

TimestampView look_at(archive::View& view, archive::Timestamp timestamp) {
  TimestampView one;
  one.fault = archive::fault_of(view, timestamp);
  if (auto token = crypto::timestamp::read_token(timestamp.token)) one.token = std::move(*token);
  one.timestamp = std::move(timestamp);
  return one;
}

std::string verdict_text(const TimestampView& one) {
  if (!one.fault.empty()) return "DOES NOT HOLD";
  return one.timestamp.trusted ? "valid" : "valid, root not checked";
}

Style verdict_style(const TimestampView& one) {
  if (!one.fault.empty()) return Style::bad;
  return one.timestamp.trusted ? Style::good : Style::warning;
}

void print_timestamp(Printer& out, const TimestampView& one) {
  const archive::Timestamp& stamp = one.timestamp;
  const auto field = [&out](const char* name, const std::string& text) {
    out.line(fmt::format("  {:<11} {}", name, text));
  };
  field("covers", fmt::format("the first {} of the ledger",
                              count_text(stamp.checkpoint.tree_size, "entry", "entries")));
  field("time", time_text(stamp.time) +
                    (one.token.accuracy_us ? ", " + accuracy_text(*one.token.accuracy_us) : std::string()));
  field("authority", escape_for_display(stamp.authority));
  if (!stamp.chain.empty())
    field(stamp.trusted ? "trusted" : "leads to",
          escape_for_display(crypto::timestamp::subject_of(stamp.chain.back())));
  field("serial", one.token.serial + ", policy " + one.token.policy);
  field("checked", out.styled(verdict_style(one), verdict_text(one)) +
                       (one.fault.empty() ? "" : ": " + escape_for_display(one.fault)));
}

Json json_of(const TimestampView& one) {
  const archive::Timestamp& stamp = one.timestamp;
  Json fields = {{"seq", stamp.seq},
                 {"size", stamp.checkpoint.tree_size},
                 {"time", stamp.time.rfc3339_ms()},
                 {"authority", stamp.authority},
                 {"result", one.fault.empty() ? "valid" : "invalid"},
                 {"chain_trusted", stamp.trusted},
                 {"serial", one.token.serial},
                 {"policy", one.token.policy}};
  put_text(fields, "fault", one.fault);
  if (one.token.accuracy_us) fields["accuracy_us"] = *one.token.accuracy_us;
  if (!stamp.chain.empty()) fields["root"] = crypto::timestamp::subject_of(stamp.chain.back());
  fields["imprint"] = stamp.checkpoint.imprint().hex();
  return fields;
}

}  // namespace dalil::cli
