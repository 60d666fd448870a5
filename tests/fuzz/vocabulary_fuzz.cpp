// A vocabulary or gazetteer that is accepted reads the same from its canonical form and from the printed one;
// one that is not is refused with an error and nothing else.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dalil/base/error.hpp"
#include "dalil/formats/vocabulary.hpp"

namespace {

using namespace dalil;

void look_up(std::string_view canonical, bool is_gazetteer, std::string_view text) {
  const std::string_view name = text.substr(0, 64);
  if (is_gazetteer) {
    const archive::Gazetteer gazetteer = formats::read_gazetteer(canonical);
    (void)gazetteer.find(name);
    (void)gazetteer.similar(name);
    (void)gazetteer.locate({}, text.substr(0, 256));
    for (const archive::Place& place : gazetteer.places()) {
      (void)gazetteer.position(place);
      if (gazetteer.find(place.name()).empty() && !archive::place_key(place.name()).empty()) std::abort();
    }
  } else {
    const archive::Vocabulary vocabulary = formats::read_vocabulary(canonical);
    (void)vocabulary.spellings(name);
    for (const archive::Term& term : vocabulary.terms())
      if (vocabulary.find(term.code).empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    (void)formats::read_outlines(text);
  } catch (const Error&) {
  }
  std::string canonical, name;
  try {
    formats::VocabularyFile file = formats::read_vocabulary_file(text);
    canonical = std::move(file.canonical);
    name = std::move(file.name);
  } catch (const Error&) {
    return 0;
  }
  if (formats::read_vocabulary_file(canonical).canonical != canonical) std::abort();
  if (formats::read_vocabulary_file(formats::print_vocabulary(text)).canonical != canonical) std::abort();
  look_up(canonical, name == formats::kGazetteer, text);
  return 0;
}
