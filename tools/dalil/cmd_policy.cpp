#include <fmt/format.h>

#include <charconv>
#include <map>

#include "command.hpp"
#include "dalil/archive/policy.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"
#include "json_forms.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::uint32_t kMost = 1000, kMostDays = 36'500, kDaysPerWeek = 7;

struct SetOptions {
  std::optional<std::uint64_t> copies, places;
  std::string verified_within, incident, reason;
};

/// "180d", "26w", "180"
std::uint32_t days_from(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool known = unit.empty() || unit == "d" || unit == "w";
  if (error != std::errc{} || !known || value > kMostDays)
    throw Error(ErrorCode::usage, "--verified-within " + in_quotes(text) + " is no number of days",
                "for instance 180d, or 26w; 0 for no matter when");
  return unit == "w" ? value * kDaysPerWeek : value;
}

std::uint32_t number_from(const char* option, std::uint64_t value) {
  if (value > kMost)
    throw Error(ErrorCode::usage, fmt::format("{} {} is too many", option, value),
                fmt::format("at most {}", kMost));
  return static_cast<std::uint32_t>(value);
}

archive::Policy changed(archive::Policy policy, const SetOptions& options) {
  if (options.copies) policy.copies = number_from("--copies", *options.copies);
  if (options.places) policy.places = number_from("--places", *options.places);
  if (!options.verified_within.empty()) policy.verified_within_days = days_from(options.verified_within);
  return policy;
}

Json json_of(const archive::Policy& policy) {
  return {{"copies", policy.copies},
          {"places", policy.places},
          {"verified_within_days", policy.verified_within_days}};
}

int run_set(Session& session, const SetOptions& options) {
  if (!options.copies && !options.places && options.verified_within.empty())
    throw Error(ErrorCode::usage, "what is the policy to ask for?",
                "give --copies, --places, --verified-within, or several of them");
  archive::Archive archive = session.open();
  archive::Editor editor = archive.edit();
  archive::View view = archive.view();
  std::optional<archive::Row> incident;
  if (!options.incident.empty()) incident = incident_named(view, options.incident);
  const archive::Policy policy =
      changed(incident ? archive::incident_policies(view)[*incident] : archive::policy_of(view), options);
  editor.state_policy(policy, incident, options.reason);
  editor.commit();
  Printer& out = session.out();
  out.line(fmt::format("policy {}: {}",
                       incident ? "for incident " + in_quotes(options.incident) : "for everything",
                       archive::text_of(policy)));
  out.line("'dalil status' compares the archive with it");
  Json summary = {{"command", "policy set"}};
  if (incident) summary["incident"] = options.incident;
  summary.update(json_of(policy));
  out.object("summary", summary);
  return kExitOk;
}

void print_stated(Printer& out, archive::View& view, const archive::StatedPolicy& stated) {
  const bool of_incident = stated.incident != ledger::kNoRow;
  const std::string id = of_incident ? view.incident(stated.incident).incident.id : "";
  out.line(fmt::format("{}: {}", of_incident ? "incident " + escape_for_display(id) : "everything",
                       archive::text_of(stated.policy)));
  out.line(fmt::format("  stated {} by {}, entry {}{}", time_text(stated.stated),
                       escape_for_display(stated.actor), stated.seq,
                       stated.reason.empty() ? "" : ": " + escape_for_display(stated.reason)));
  Json fields = json_of(stated.policy);
  if (of_incident) fields["incident"] = id;
  fields.update({{"seq", stated.seq}, {"actor", stated.actor}});
  put_time(fields, "stated", stated.stated);
  put_text(fields, "reason", stated.reason);
  out.object("policy", fields);
}

int run_show(Session& session, bool history) {
  const archive::Archive archive = session.open();
  archive::View view = archive.view();
  Printer& out = session.out();
  auto all = archive::policy_history(view);
  if (!history && all.size() > 1) all.erase(all.begin(), all.end() - 1);
  for (const archive::StatedPolicy& stated : all) print_stated(out, view, stated);
  if (all.empty()) out.line("no policy yet: dalil policy set --copies 3 --places 2 --verified-within 180d");
  const bool visible = view.can_read(ledger::SealClass::evidence);
  if (visible) {
    std::map<archive::Row, std::vector<archive::StatedPolicy>> of_incidents;
    for (archive::StatedPolicy& stated : archive::incident_policy_history(view)) {
      auto& known = of_incidents[stated.incident];
      if (!history) known.clear();
      known.push_back(std::move(stated));
    }
    for (const auto& [incident, stated] : of_incidents)
      for (const archive::StatedPolicy& one : stated) print_stated(out, view, one);
  } else {
    out.line("policies of incidents: not visible to this role");
  }
  out.object("summary", {{"command", "policy show"}, {"incident_policies_visible", visible}});
  return kExitOk;
}

}  // namespace

Runner declare_policy_set(Options& app) {
  const auto options = std::make_shared<SetOptions>();
  app.add_option("--copies", options->copies, "undamaged copies, on so many working or backup volumes")
      ->type_name("N");
  app.add_option("--places", options->places, "in so many places (dalil volume edit --at)")->type_name("N");
  app.add_option("--verified-within", options->verified_within, "read within so long: 180d, 26w")
      ->type_name("TIME");
  app.add_option("--incident", options->incident,
                 "for what is linked to this incident, besides the general one")
      ->type_name("ID");
  app.add_option("--reason", options->reason, "for the ledger")->type_name("TEXT");
  app.explain(
      "What is not given stays as it was; 0 asks for nothing. 'dalil status' compares.\n"
      "For evidence of several incidents the strictest policy holds.\n\n");
  return [options](Session& session) { return run_set(session, *options); };
}

Runner declare_policy_show(Options& app) {
  const auto history = std::make_shared<bool>(false);
  app.add_flag("--history", *history, "also what was stated before");
  return [history](Session& session) { return run_show(session, *history); };
}

}  // namespace dalil::cli
