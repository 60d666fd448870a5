#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "testing.hpp"

namespace dalil::testing {

/// A register of the repository's fixtures; absent where they are not at hand.
inline std::optional<std::string> fixture_register(const std::string& name) {
  const char* fixtures = std::getenv("DALIL_FIXTURES");
  if (fixtures == nullptr) return std::nullopt;
  std::ifstream in(std::string(fixtures) + "/incidents/" + name, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline const std::vector<std::string>& register_names() {
  static const std::vector<std::string> names = {"snhr-2017-09.json", "snhr-other-incidents.json"};
  return names;
}

}  // namespace dalil::testing
