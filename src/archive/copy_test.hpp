#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/condition.hpp"

namespace dalil::archive {

/// A condition on one and the same copy, made ready: labels are rows, texts are folded.
class CopyTest {
 public:
  /// What is known of a copy.
  struct Copy {
    Row volume = 0;
    bool live = true;
    bool damaged = false;
    std::int64_t verified_at_s = 0;               ///< 0: never
    std::string_view directory{}, name{};         ///< only if the copy index was asked
    mutable std::optional<std::string> folded{};  ///< its path, made when it is first asked for
  };
  static Copy copy_of(Row volume, std::string_view directory, const CopyRow& row);

  /// Error(not_found) for a label that no volume has. `live_only`: of copies that have vanished no test
  /// holds.
  CopyTest(View& view, const Condition& condition, const LocalClock& local, bool live_only);
  bool passes(const Copy& copy) const;
  /// It asks for paths or for the time of the last check, which only the copy index has.
  bool needs_copy_index() const;
  /// The volume that the copy must be on; kNoRow: any.
  Row only_volume() const;

 private:
  CopyTest() = default;
  void prepare(View& view, const Condition& condition, const LocalClock& local);
  bool test(const Copy& copy) const;
  bool holds(const Copy& copy) const;
  bool has_in_path(const Copy& copy) const;

  Condition::Kind kind_ = Condition::Kind::all;
  bool live_only_ = false;
  std::vector<CopyTest> parts_;
  // of a test
  Field field_ = Field::path;
  Row volume_ = 0;
  std::vector<bool> on_;  ///< by volume: whether it is of the kind
  bool damaged_ = false;
  std::vector<std::string> path_;  ///< parts that follow each other, with anything between
  bool exact_ = false, negated_ = false;
  TimeSpan checked_;
  LocalClock local_;
};

}  // namespace dalil::archive
