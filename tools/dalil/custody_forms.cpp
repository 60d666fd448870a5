#include "custody_forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "forms.hpp"

namespace dalil::cli {

Checkpoints::Checkpoints(archive::View& view)
    : view_(view), keys_(archive::custody_keys(view)), anchors_(view.anchors()) {
  for (archive::Cosignature& one : archive::cosignatures(view)) {
    if (one.fault.empty()) cosignatures_.push_back(std::move(one));
  }
}

CheckpointView Checkpoints::of(std::uint64_t tree_size) const {
  const auto stored = view_.reader().checkpoint_at(tree_size);
  if (!stored) {
    throw Error(ErrorCode::not_found, fmt::format("there is no checkpoint of {} entries", tree_size),
                "sizes are listed by: dalil checkpoint list");
  }
  auto note = merkle::Note::parse(*stored);
  const auto checkpoint = note ? merkle::Checkpoint::parse(note->text) : std::nullopt;
  if (!checkpoint) {
    throw Error(ErrorCode::corrupt, fmt::format("the checkpoint of {} entries is ill-formed", tree_size),
                "run: dalil check");
  }
  CheckpointView result;
  result.checkpoint = *checkpoint;
  if (tree_size > 0) result.time = view_.reader().line(tree_size - 1).time;
  std::vector<merkle::NoteKey> known;
  for (const archive::CustodyKey& one : keys_) known.push_back(one.key);
  const merkle::NoteCheck check = merkle::check(*note, known);
  for (const archive::CustodyKey& one : keys_) {
    if (std::ranges::find(check.verified, one.key) != check.verified.end()) result.signers.push_back(one);
  }
  for (const archive::Cosignature& one : cosignatures_) {
    if (one.tree_size != tree_size) continue;
    note->signatures.push_back(one.signature);
    result.cosignatures.push_back(one);
  }
  result.timestamps = static_cast<std::uint64_t>(std::ranges::count_if(anchors_, [&](const auto& anchor) {
    return anchor.kind == archive::AnchorKind::timestamp && anchor.tree_size == tree_size;
  }));
  result.note = note->encode();
  return result;
}

const archive::Cosignature* Checkpoints::newest_cosigned() const {
  const auto newest = std::ranges::max_element(cosignatures_, {}, &archive::Cosignature::tree_size);
  return newest == cosignatures_.end() ? nullptr : &*newest;
}

Json json_of(const CheckpointView& checkpoint) {
  Json signers = Json::array(), cosignatures = Json::array();
  for (const archive::CustodyKey& one : checkpoint.signers) signers.push_back(json_of(one));
  for (const archive::Cosignature& one : checkpoint.cosignatures) {
    cosignatures.push_back({{"actor", one.actor_name},
                            {"actor_id", to_hex(one.actor)},
                            {"time", one.signed_at.rfc3339()},
                            {"seq", one.seq},
                            {"key", one.key.encode()}});
  }
  return {{"size", checkpoint.checkpoint.size},
          {"root", checkpoint.checkpoint.root.hex()},
          {"origin", checkpoint.checkpoint.origin},
          {"time", checkpoint.time.rfc3339_ms()},
          {"signed_by", signers},
          {"cosignatures", cosignatures},
          {"timestamps", checkpoint.timestamps},
          {"note", checkpoint.note}};
}

void print_checkpoint(Printer& out, const CheckpointView& checkpoint) {
  const auto field = [&](const char* name, const std::string& text) {
    out.line(fmt::format("  {:<12} {}", name, text));
  };
  out.line(
      out.styled(Style::bold, "checkpoint of " + count_text(checkpoint.checkpoint.size, "entry", "entries")));
  field("root", checkpoint.checkpoint.root.hex());
  field("last entry", time_text(checkpoint.time));
  for (const archive::CustodyKey& one : checkpoint.signers) field("signed by", signer_text(one));
  if (checkpoint.signers.empty()) field("signed by", out.styled(Style::bad, "nobody who may"));
  for (const archive::Cosignature& one : checkpoint.cosignatures) {
    field("cosigned by", escape_for_display(one.actor_name) + ", " + time_text(one.signed_at));
  }
  if (checkpoint.timestamps > 0) field("time-stamps", number_text(checkpoint.timestamps));
}

std::string signer_text(const archive::CustodyKey& key) {
  return fmt::format("{} ({})", escape_for_display(key.actor_name), ledger::name_of(key.role));
}

Json json_of(const archive::CustodyKey& key) {
  return {{"actor", key.actor_name},
          {"role", ledger::name_of(key.role)},
          {"use", key.key.type == merkle::NoteKeyType::cosignature ? "cosign" : "sign"},
          {"key", key.key.encode()}};
}

}  // namespace dalil::cli
