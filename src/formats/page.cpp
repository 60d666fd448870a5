#include "dalil/formats/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "dalil/crypto/hash.hpp"

namespace dalil::formats {

std::string markup_text(std::string_view raw) {
  const std::string shown = escape_for_display(raw);
  std::string out;
  out.reserve(shown.size());
  for (const char c : shown) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string isolated_html(std::string_view raw) {
  return fmt::format("<bdi>{}</bdi>", markup_text(raw));
}

std::string path_html(std::string_view volume, std::string_view path) {
  std::string out = isolated_html(volume) + ":";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    out += (at > 0 ? "/" : "") + isolated_html(path.substr(at, end - at));
    at = end + 1;
  }
  return "<span dir=\"ltr\">" + out + "</span>";
}

std::string html_page(const Page& page) {
  const bool arabic = page.language == PageLanguage::arabic;
  const std::string style_hash = to_base64(crypto::sha256(as_bytes(page.style)).view());
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\" dir=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      arabic ? "ar" : "en", arabic ? "rtl" : "ltr", style_hash, markup_text(page.title), page.style,
      page.body);
}

std::string svg(const Picture& picture, bool alone) {
  return fmt::format(
      "{}<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "height=\"{:.0f}\" role=\"img\" direction=\"ltr\" font-family=\"'DejaVu Sans','Noto Sans','Noto Sans "
      "Arabic',sans-serif\">\n"
      "<title>{}</title>\n{}</svg>\n",
      alone ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : "", picture.width, picture.height,
      picture.width, picture.height, markup_text(picture.title), picture.content);
}

}  // namespace dalil::formats
