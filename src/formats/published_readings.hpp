#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "dalil/formats/register.hpp"

namespace dalil::formats {

/// One way to read a report's list of incidents.
struct PublishedReading {
  archive::StatsQuestion question;
  ShareOf shares_of = ShareOf::incidents;
};

/// The incidents of a report under every set of assumptions.
class ReportIncidents {
 public:
  using Compare =
      std::function<PublishedComparison(std::span<const archive::Incident>, const PublishedReading&)>;

  ReportIncidents(std::span<const archive::Incident> incidents, std::optional<DateSpan> period);

  /// Takes the reading under which most figures follow, and says of each figure which assumptions it needs.
  PublishedComparison compare(const Compare& compare) const;

 private:
  using Key = std::pair<unsigned, ShareOf>;  ///< assumptions, as bits
  std::map<Key, PublishedComparison> all(const Compare& compare) const;
  PublishedComparison under(unsigned assumptions, ShareOf shares_of, const Compare& compare) const;
  /// Assumptions without which something would be counted otherwise.
  unsigned effective() const;

  std::span<const archive::Incident> listed_;
  std::vector<archive::Incident> by_paragraph_;  ///< the same with party and governorate of the paragraph
  std::optional<DateSpan> period_;
  unsigned choices_ = 0;  ///< assumptions that can be dropped: each changes some incident
};

}  // namespace dalil::formats
