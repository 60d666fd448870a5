#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dalil::files {

/// An extended attribute: its name, with the class in front ("user.comment"), and its value.
using Attribute = std::pair<std::string, std::string>;

/// Those of class "user" of an open file; the other classes are the system's own. What cannot be read is left
/// out.
std::vector<Attribute> user_attributes(int fd);
/// Whether an open folder's file system holds such; true if that cannot be told.
bool holds_attributes(int fd);
/// With commas between them.
std::string names_of(const std::vector<Attribute>& attributes);
/// Names of those that could not be set, with commas between them.
std::string set_attributes(int fd, const std::vector<Attribute>& attributes);

}  // namespace dalil::files
