#include "vocabularies.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "dalil/archive/stated_vocabulary.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/program.hpp"
#include "dalil/files/handle.hpp"
#include "refs.hpp"

namespace dalil::cli {
namespace {

constexpr std::string_view kBelow = "/share/dalil/vocabularies";
constexpr std::string_view kExtension = ".json";
constexpr std::string_view kOutlines = "outlines";

/// PREFIX/share beside the PREFIX/bin in which the program is, wherever that was installed to.
std::string shipped_folder() {
  std::string folder = folder_of_program();
  if (folder.empty()) return {};
  folder.erase(std::min(folder.rfind('/'), folder.size()));
  return folder.append(kBelow);
}

Error not_shipped(const std::string& name) {
  return {
      ErrorCode::not_found, "no vocabulary " + in_quotes(name) + " came with the program",
      "'dalil vocabulary list' names those that did; they are looked for in " + in_quotes(shipped_folder())};
}

std::string read_shipped(const std::string& name) {
  const std::string path = shipped_folder() + "/" + name + std::string(kExtension);
  if (access(path.c_str(), R_OK) != 0) throw not_shipped(name);
  const Bytes content = files::read_small_file(path, formats::kMaxVocabularyBytes);
  return std::string(as_chars(content));
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::vector<std::string> shipped_vocabularies() {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> folder(opendir(shipped_folder().c_str()));
  if (!folder) return names;
  while (const dirent* entry = readdir(folder.get())) {
    std::string name = entry->d_name;
    if (!name.ends_with(kExtension)) continue;
    name.erase(name.size() - kExtension.size());
    if (name != kOutlines) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

std::string shipped_vocabulary(const std::string& name) {
  const std::vector<std::string> known = shipped_vocabularies();
  // Only names from the list: what is asked for is no path.
  if (std::ranges::find(known, name) == known.end()) throw not_shipped(name);
  return read_shipped(name);
}

std::string vocabulary_text(archive::View& view, const std::string& name) {
  if (view.can_read(ledger::SealClass::evidence)) {
    auto stated = archive::stated_vocabulary(view, name);
    if (stated && !stated->content.empty()) return std::move(stated->content);
  }
  return shipped_vocabulary(name);
}

archive::Vocabulary vocabulary_of(archive::View& view, const std::string& name) {
  return formats::read_vocabulary(vocabulary_text(view, name));
}

archive::Gazetteer gazetteer_of(archive::View& view) {
  return formats::read_gazetteer(vocabulary_text(view, std::string(formats::kGazetteer)));
}

std::shared_ptr<const archive::Gazetteer> gazetteer_if_any(archive::View& view) {
  try {
    return std::make_shared<const archive::Gazetteer>(gazetteer_of(view));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    return nullptr;
  }
}

namespace {

/// Letters, of any script.
std::size_t letters_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Of a name that is looked for within texts.
std::size_t fewest_letters(std::string_view name) {
  const auto arabic = [](char c) {  // leads of U+0600 to U+06FF
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xD8 && byte <= 0xDB;
  };
  return std::ranges::any_of(name, arabic) ? 3 : 4;
}

}  // namespace

std::vector<std::string> spellings_of(const archive::Gazetteer& gazetteer, const archive::Place& place) {
  std::vector<std::string> names;
  for (const archive::Place* alike : gazetteer.find(place.name())) {
    if (!gazetteer.within(place, *alike)) continue;
    for (const auto& [language, name] : alike->names) names.push_back(name);
    names.insert(names.end(), alike->aliases.begin(), alike->aliases.end());
  }
  std::erase_if(names, [](const std::string& name) { return letters_of(name) < fewest_letters(name); });
  return names;
}

std::vector<formats::Outline> shipped_outlines() {
  return formats::read_outlines(read_shipped(std::string(kOutlines)));
}

}  // namespace dalil::cli
