#include "dalil/archive/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "evidence_only.hpp"
#include "schema.hpp"
#include "suggest_parts.hpp"

namespace dalil::archive {

using namespace schema;

namespace {

constexpr int kHighest = 100;
constexpr std::size_t kShortDigits = 12;

class Suggester {
 public:
  Suggester(View& view, const SuggestQuestion& question)
      : view_(view),
        question_(question),
        items_(view),
        incidents_(view, question),
        wanted_(wanted()),
        batches_(view, items_, incidents_, wanted_) {}

  std::uint64_t run(const std::function<void(const std::vector<Suggestion>&)>& visit) {
    std::uint64_t looked_at = 0;
    for (Row item = 0; item < items_.count(); ++item) {
      if (!wanted_[item]) continue;
      if (question_.stopped && question_.stopped()) break;
      ++looked_at;
      const auto suggestions = of(item);
      if (!suggestions.empty()) visit(suggestions);
    }
    return looked_at;
  }

 private:
  std::vector<bool> wanted() const {
    std::vector<bool> wanted(items_.count());
    for (const Row item : question_.items) wanted.at(item) = true;
    if (question_.items.empty())
      for (Row item = 0; item < items_.count(); ++item) wanted[item] = !items_.is_linked(item);
    return wanted;
  }

  /// Reasons by incident; times and places are added to whatever else speaks for it.
  std::vector<Suggestion> of(Row item) {
    const ItemClue clue = items_.clue(item);
    std::map<Row, std::vector<Reason>> found;
    for (const Row incident : incidents_.near(clue)) found.try_emplace(incident);
    for (const BatchSign& sign : batches_.of(item)) found[sign.incident].push_back(reason_of(sign));
    add_likeness(item, found);
    std::vector<Suggestion> suggestions;
    for (auto& [incident, reasons] : found) {
      if (question_.incident && *question_.incident != incident) continue;
      if (items_.was_tied(item, incident)) continue;
      if (auto reason = time_reason(clue, incidents_.clue(incident))) reasons.push_back(std::move(*reason));
      if (auto reason = place_reason(clue, incidents_.clue(incident))) reasons.push_back(std::move(*reason));
      Suggestion suggestion{item, incident, 0, std::move(reasons)};
      for (const Reason& reason : suggestion.reasons) suggestion.score += reason.points;
      suggestion.score = std::min(suggestion.score, kHighest);
      if (suggestion.score < std::max(question_.least_score, 1)) continue;
      std::ranges::stable_sort(suggestion.reasons, std::greater{}, &Reason::points);
      suggestions.push_back(std::move(suggestion));
    }
    std::ranges::stable_sort(suggestions, std::greater{}, &Suggestion::score);
    if (suggestions.size() > question_.per_item) suggestions.resize(question_.per_item);
    return suggestions;
  }

  Reason reason_of(const BatchSign& sign) {
    switch (sign.ground) {
      case Ground::folder:
        return folder_reason(static_cast<std::uint32_t>(sign.a), sign.b);
      case Ground::camera:
        return *camera_reason(sign.a, std::string(as_chars(view_.reader().cell(kCameraText, sign.b - 1))));
      case Ground::source:
        return *source_reason(sign.a, view_.source(sign.b).alias);
      default:
        return path_reason(static_cast<Named>(sign.a));
    }
  }

  void add_likeness(Row item, std::map<Row, std::vector<Reason>>& found) {
    if (!question_.alike) return;
    for (const Alike& alike : question_.alike(item)) {
      const std::vector<Row>* evidence = alike.item == item ? nullptr : items_.evidence_of(alike.item);
      if (evidence == nullptr) continue;
      const std::string digest = view_.item(alike.item).digest.hex().substr(0, kShortDigits);
      for (const Row incident : *evidence) {
        std::vector<Reason>& reasons = found[incident];
        if (std::ranges::find(reasons, Ground::likeness, &Reason::ground) == reasons.end())
          reasons.push_back(likeness_reason(digest, alike.how));
      }
    }
  }

  View& view_;
  const SuggestQuestion& question_;
  ItemTable items_;
  IncidentTable incidents_;
  std::vector<bool> wanted_;
  Batches batches_;
};

}  // namespace

std::uint64_t suggest(View& view, const SuggestQuestion& question,
                      const std::function<void(const std::vector<Suggestion>&)>& visit) {
  require_evidence(view, "incidents and links");
  return Suggester(view, question).run(visit);
}

std::string why_of(const Suggestion& suggestion) {
  std::string text = fmt::format("suggested (score {}): ", suggestion.score);
  const char* separator = "";
  for (const Reason& reason : suggestion.reasons) {
    text += separator + reason.text;
    separator = "; ";
  }
  return text;
}

}  // namespace dalil::archive
