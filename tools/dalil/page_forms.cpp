#include "page_forms.hpp"

#include <algorithm>
#include <vector>

#include "dalil/base/error.hpp"
#include "dalil/files/new_file.hpp"
#include "forms.hpp"
#include "output_file.hpp"
#include "refs.hpp"

namespace dalil::cli {

std::string place_text(const archive::Incident& incident) {
  if (incident.place.empty() || incident.governorate.empty()) return incident.place + incident.governorate;
  return incident.place + ", " + incident.governorate;
}

std::string numbers_text(const archive::Incident& incident) {
  struct Named {
    const char* name;
    const archive::Count& count;
  };
  const Named kAll[] = {{"killed", incident.killed},   {"children", incident.children},
                        {"women", incident.women},     {"fetuses", incident.fetuses},
                        {"wounded", incident.wounded}, {"detained", incident.detained}};
  std::string text;
  for (const Named& named : kAll)
    if (named.count.value)
      text += (text.empty() ? "" : ", ") + std::string(named.name) + " " + text_of(named.count);
  return text;
}

std::map<archive::Row, LinkedItems> items_by_incident(archive::View& view, const Evidence& evidence) {
  std::vector<bool> found(view.item_count());
  for (const archive::Row item : evidence.items) found[item] = true;
  struct Tie {
    archive::Row incident, item;
    bool candidate;
    auto operator<=>(const Tie&) const = default;
  };
  std::vector<Tie> ties;  // an item may be linked to an incident in several ways
  view.for_each_link([&](archive::Row item, archive::Row incident, archive::LinkType type) {
    if (found[item]) ties.push_back({incident, item, type == archive::LinkType::candidate});
  });
  std::ranges::sort(ties);
  std::map<archive::Row, LinkedItems> counts;
  for (std::size_t i = 0; i < ties.size(); ++i) {
    if (i > 0 && ties[i].incident == ties[i - 1].incident && ties[i].item == ties[i - 1].item) continue;
    LinkedItems& linked = counts[ties[i].incident];
    ++(ties[i].candidate ? linked.candidates : linked.items);
  }
  return counts;
}

formats::PageLanguage language_named(const std::string& name) {
  if (name.empty() || name == "en") return formats::PageLanguage::english;
  if (name == "ar") return formats::PageLanguage::arabic;
  throw Error(ErrorCode::usage, "pages do not come in the language " + in_quotes(name), "one of: en, ar");
}

formats::Step step_named(const std::string& name) {
  if (const auto step = formats::step_from(name)) return *step;
  throw Error(ErrorCode::usage, "no step " + in_quotes(name), "one of: hour, day, month, year");
}

void require_page_name(const std::string& path) {
  if (path.empty()) return;
  if (!path.ends_with(".html") && !path.ends_with(".svg"))
    throw Error(ErrorCode::usage, "--out " + in_quotes(path) + " is of no known kind",
                "name it .html (a page) or .svg (a picture)");
  refuse_existing(path, "the file");
}

void write_page(const std::string& path, const std::function<std::string()>& page,
                const std::function<formats::Picture()>& picture) {
  const std::string content = path.ends_with(".html") ? page() : formats::svg(picture(), true);
  files::write_new_file(path, as_bytes(content));
}

}  // namespace dalil::cli
