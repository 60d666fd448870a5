#pragma once

#include <string>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/archive/gazetteer.hpp"
#include "dalil/archive/vocabulary.hpp"
#include "dalil/formats/vocabulary.hpp"

/// What names mean in this archive: by the group's own vocabularies, or by those that came with the program.
namespace dalil::cli {

/// Names of the vocabularies that came with the program, in alphabetical order.
std::vector<std::string> shipped_vocabularies();
/// The file that came with the program. Error(not_found) if there is none of this name, or none at all.
std::string shipped_vocabulary(const std::string& name);

/// The group's own, if this role can see that there is one; else the one that came with the program. As JSON.
std::string vocabulary_text(archive::View& view, const std::string& name);
// The same, read.
archive::Vocabulary vocabulary_of(archive::View& view, const std::string& name);
archive::Gazetteer gazetteer_of(archive::View& view);
/// Outlines of the governorates; they cannot be replaced.
std::vector<formats::Outline> shipped_outlines();

}  // namespace dalil::cli
