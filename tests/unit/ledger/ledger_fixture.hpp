#pragma once

#include <catch2/catch.hpp>
#include <functional>

#include "dalil/base/error.hpp"
#include "dalil/ledger/ledger.hpp"
#include "testing.hpp"

namespace dalil::ledger::testing {

inline constexpr Column kNumber{1, 1, SealClass::inventory, 8, 16, "test.number"};
inline constexpr Column kText{1, 2, SealClass::evidence, 0, 4, "test.text"};
inline constexpr Column kSecret{2, 1, SealClass::source, 0, 4, "test.secret"};
inline constexpr Column kColumns[] = {kNumber, kText, kSecret};
inline constexpr RecordTable kNotes{9, SealClass::inventory, "notes"};

struct FixedClock : Clock {
  mutable std::int64_t ms = 1505118600000;
  UtcTime now() const override { return {ms += 7}; }
};

struct Fixture {
  dalil::testing::TempDir dir;
  FixedClock clock;
  Keyring ring = Keyring::generate("Amal");
  std::string path = dir / "archive";
  Fixture() { Ledger::create(path, ring, kColumns, {{"a.age", Bytes{1, 2, 3}}}, {}, clock); }
  Ledger open() { return Ledger::open(path, ring.clone(), kColumns, clock); }
  Ledger open_as(Role role) { return Ledger::open(path, ring.derive(role, "Sami"), kColumns, clock); }
};

inline Bytes text(std::string_view chars) {
  return {as_bytes(chars).begin(), as_bytes(chars).end()};
}
inline Bytes number(std::uint64_t value) {
  Bytes out;
  append_u64(out, value);
  return out;
}
/// The code of the Error that `act` throws; absent if it throws none.
inline std::optional<ErrorCode> code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace dalil::ledger::testing
