#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dalil/archive/condition.hpp"

namespace dalil::archive {

/// `differs` is the opposite of `equals`: the reader of queries denies what make_test returns.
enum class Comparison : std::uint8_t { contains, equals, differs, at_least, at_most, above, below };

/// What a field's value means. Error(invalid) tells what the field takes.
Test make_test(const FieldInfo& info, Comparison comparison, const std::string& text,
               const std::vector<std::string>& tolerances, const LocalClock& local);

}  // namespace dalil::archive
