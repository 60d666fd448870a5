#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Pages and pictures that stand for themselves: nothing is loaded, nothing runs (docs/pages.md).
namespace dalil::formats {

/// Escaped for display, then for HTML and SVG: between tags and within double quotes.
std::string markup_text(std::string_view raw);

/// Text in HTML whose direction is its own: what stands beside it keeps its order, whatever writing it is in.
std::string isolated_html(std::string_view raw);
/// "VOLUME:folder/name" in HTML, in the order of the path: each name is isolated, in whatever writing it is.
std::string path_html(std::string_view volume, std::string_view path);

/// The language of a page's own words; those of the archive stay as they are.
enum class PageLanguage { english, arabic };

struct Page {
  PageLanguage language = PageLanguage::english;  ///< Arabic runs from right to left
  std::string title;                              ///< raw text
  std::string style;                              ///< CSS; the only style that the page may have
  std::string body;                               ///< HTML, escaped by whoever made it
};
/// A whole document. Its policy admits this style by its hash, pictures that are part of the page, and
/// nothing else: no script, no connection, no style attributes.
std::string html_page(const Page& page);

/// "<svg ...>...</svg>" with a title, for a page or, with `alone`, for a file of its own.
struct Picture {
  double width = 0, height = 0;
  std::string title;    ///< raw text
  std::string content;  ///< SVG, escaped by whoever made it
};
std::string svg(const Picture& picture, bool alone);

/// Groups and their numbers, as horizontal bars.
struct BarChart {
  std::string title;
  std::vector<std::string> remarks;  ///< what the numbers rest on; below the bars
  std::vector<std::string> series;   ///< one or more
  struct Group {
    std::string label;
    struct Value {
      double number = 0;
      std::string text;  ///< as it is to be read: ">=12", "-"
    };
    std::vector<Value> values;  ///< one a series
  };
  std::vector<Group> groups;
};
Picture bar_chart(const BarChart& chart);

}  // namespace dalil::formats
