#pragma once

#include <string>

#include "dalil/base/bytes.hpp"

namespace dalil::files {

/// Writes a file that did not exist before: whole and durable, or not at all. What has this name already,
/// whatever it is (a link that leads nowhere, too), is left as it is and is Error(conflict), also if it came
/// to be while this was at work. Error(io).
///
/// While it is written it is beside `path`, as `path`.partial-XXXX-XXXX: what a kill may leave is in sight.
///
/// Where the file system cannot rename without replacing, the name is taken by an empty file first, which
/// the whole one then replaces.
void write_new_file(const std::string& path, ByteView content, unsigned mode = 0600);

}  // namespace dalil::files
