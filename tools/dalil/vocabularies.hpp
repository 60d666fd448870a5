#pragma once

#include <memory>
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
/// Null if none came with the program, and the group has none of its own.
std::shared_ptr<const archive::Gazetteer> gazetteer_if_any(archive::View& view);
/// Every spelling of a place's name that is looked for within texts, those of what it lies in and shares its
/// name with included. Short ones are words of other meanings: four letters or more, of the Arabic script
/// three.
std::vector<std::string> spellings_of(const archive::Gazetteer& gazetteer, const archive::Place& place);
/// Outlines of the governorates; they cannot be replaced.
std::vector<formats::Outline> shipped_outlines();

}  // namespace dalil::cli
