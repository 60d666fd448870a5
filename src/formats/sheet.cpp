#include "dalil/formats/sheet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dalil/base/text.hpp"
#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr const char* kStyle =
    "body{font-family:'DejaVu Sans','Noto Sans','Noto Sans Arabic',sans-serif;margin:1.5em;color:#1c1c1c}"
    "h1{font-size:1.3em;margin:0 0 .3em}.meta,.basis{color:#555}.meta{font-size:.9em}.basis{font-size:.85em}"
    ".more{border:2px solid #a8323a;padding:.4em .8em;color:#a8323a}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr));gap:.8em;align-items:"
    "start}"
    ".card{border:1px solid #bbb;border-radius:4px;padding:.5em;break-inside:avoid;font-size:.85em;"
    "overflow-wrap:anywhere;line-height:1.35}.wide{grid-column:span 2}"
    ".frames{display:flex;flex-wrap:wrap;gap:4px;justify-content:center;background:#eee;min-height:8em;"
    "align-items:center;margin-bottom:.4em}"
    ".wide .frames{justify-content:space-evenly;padding:4px}.wide img{height:5.2rem;width:auto}"
    "figure{margin:0;text-align:center}figcaption{font-size:.85em;color:#333}"
    "img{display:block;max-width:100%;height:auto;margin:auto}"
    ".none{color:#555;padding:1em;text-align:center}.card p{margin:.15em 0}"
    ".head{display:flex;justify-content:space-between;gap:.5em}code{font-size:1em;color:#2f5d8a}"
    ".incident{border-inline-start:3px solid #a8323a;padding-inline-start:.4em}.incident b{color:#a8323a}"
    ".candidate{border-inline-start:3px dashed #888;padding-inline-start:.4em}"
    ".bad{color:#a8323a;font-weight:bold}"
    "@media(max-width:36rem){.wide{grid-column:auto}}"
    "@media print{body{margin:0}.cards{grid-template-columns:repeat(4,1fr);gap:.5em}"
    ".card{font-size:.7em}.wide img{height:3.4rem}}";

/// With more frames than this they are lower, and the card is twice as wide.
constexpr std::size_t kFewFrames = 3;

std::string line(const char* style, const std::string& html) {
  return fmt::format("<p class=\"{}\">{}</p>\n", style, html);
}

const char* label_of(SheetCard::Verified::What what, const PageWords& words) {
  switch (what) {
    case SheetCard::Verified::What::time:
      return words.verified_time;
    case SheetCard::Verified::What::made:
      return words.verified_made;
    case SheetCard::Verified::What::shown:
      return words.verified_shown;
  }
  return "";
}

/// Digits stay in order also beside a name that runs from right to left.
std::string verified_html(const SheetCard::Verified& one, const PageWords& words) {
  return fmt::format("{}: <bdi dir=\"ltr\">{}</bdi>{}", label_of(one.what, words), markup_text(one.text),
                     one.name.empty() ? "" : " (" + isolated_html(one.name) + ")");
}

std::string claim_html(const std::string& claim, const std::string& basis, const PageWords& words) {
  if (basis.empty()) return isolated_html(claim);
  return fmt::format("{} <span class=\"basis\">{} {}</span>", isolated_html(claim), words.by,
                     isolated_html(basis));
}

std::string local_html(const SheetCard& card) {
  if (card.local_time.empty()) return {};
  return fmt::format(" <span class=\"basis\">= <bdi dir=\"ltr\">{}</bdi></span>",
                     markup_text(card.local_time));
}

std::string picture_html(const media::Thumbnail& picture, const SheetCard& card) {
  const auto size = media::size_of_plain_jpeg(picture.jpeg);
  if (!size) return {};
  const std::string time = frame_time(picture.time_ms);
  return fmt::format(
      "<figure><img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">{}</figure>",
      size->width, size->height, markup_text(card.id + (card.moving ? " " + time : "")),
      to_base64(picture.jpeg), card.moving ? "<figcaption dir=\"ltr\">" + time + "</figcaption>" : "");
}

std::string pictures_html(const SheetCard& card, const PageWords& words) {
  std::string out = "<div class=\"frames\">";
  for (const media::Thumbnail& picture : card.pictures) out += picture_html(picture, card);
  if (card.pictures.empty())
    out +=
        fmt::format("<div class=\"none\">{}{}{}</div>", words.no_picture, card.no_picture.empty() ? "" : ": ",
                    card.no_picture.empty() ? "" : isolated_html(card.no_picture));
  return out + "</div>\n";
}

std::string health_html(const SheetCard& card, const PageWords& words) {
  if (card.live() == 0) return line("bad", words.no_copy);
  std::string text = fmt::format("{}: {}", words.copies, card.copies);
  if (card.on_sources > 0) text += fmt::format(" · {}: {}", words.on_sources, card.on_sources);
  if (card.intact > 0) text += fmt::format(" · {}: {}", words.intact, card.intact);
  if (card.not_verified > 0) text += fmt::format(" · {}: {}", words.not_verified, card.not_verified);
  if (card.damaged > 0)
    text += fmt::format(" · <span class=\"bad\">{}: {}</span>", words.damaged, card.damaged);
  return line("meta", text);
}

std::string card_html(const SheetCard& card, const PageWords& words) {
  std::string out = fmt::format(
      "<article class=\"card{}\">\n{}<p class=\"head\"><code dir=\"ltr\">{}</code><span>{}</span></p>\n",
      card.pictures.size() > kFewFrames ? " wide" : "", pictures_html(card, words), markup_text(card.id),
      isolated_html(card.kind));
  if (!card.remark.empty()) out += line("basis", isolated_html(card.remark));
  if (!card.review.empty())
    out += line(card.doubted ? "bad" : "review",
                fmt::format("{}: {}", words.review, isolated_html(card.review)));
  for (const SheetCard::Verified& one : card.verified) out += line("verified", verified_html(one, words));
  out += line("time", (card.time.empty() ? words.no_time : claim_html(card.time, card.time_basis, words)) +
                          local_html(card));
  if (!card.place.empty()) out += line("place", claim_html(card.place, card.place_basis, words));
  for (const SheetCard::Incident& incident : card.incidents)
    out += line(incident.candidate ? "candidate" : "incident",
                fmt::format("<b>{}</b>{} {}", isolated_html(incident.id),
                            incident.candidate ? fmt::format(" ({})", words.candidate) : "",
                            incident.about.empty() ? "" : isolated_html(incident.about)));
  for (const SheetCard::Place& place : card.places) out += line("path", path_html(place.volume, place.path));
  if (card.more_places > 0) out += line("meta", fmt::format("+ {}", card.more_places));
  return out + health_html(card, words) + "</article>\n";
}

}  // namespace

std::string frame_time(std::uint32_t ms) {
  const std::uint32_t seconds = ms / 1000, minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{:02}:{:02}", minutes, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60);
}

void Sheet::add(SheetCard card) {
  for (const media::Thumbnail& picture : card.pictures) picture_bytes_ += picture.jpeg.size();
  without_picture_ += card.pictures.empty() ? 1 : 0;
  not_tried_ += card.not_tried ? 1 : 0;
  cards_.push_back(std::move(card));
}

std::string Sheet::page() const {
  const PageWords& words = page_words(language);
  std::string body = fmt::format(
      "<h1 dir=\"auto\">{}</h1>\n<p>{}: {}{}</p>\n", markup_text(title), words.items, cards_.size(),
      without_picture_ > 0 ? fmt::format(" · {}: {}", words.no_picture, without_picture_) : "");
  if (std::ranges::any_of(cards_, [](const SheetCard& card) { return !card.local_time.empty(); }))
    body +=
        fmt::format("<p class=\"meta\">{} <bdi>{}</bdi></p>\n", words.times_behind_equal, markup_text(zone));
  for (const std::string& remark : remarks)
    body += fmt::format("<p class=\"meta\" dir=\"auto\">{}</p>\n", markup_text(remark));
  if (left_out_ > 0) body += fmt::format("<p class=\"more\">+ {} {}</p>\n", left_out_, words.left_out);
  body += "<main class=\"cards\">\n";
  for (const SheetCard& card : cards_) body += card_html(card, words);
  body += "</main>\n";
  return html_page({language, title, kStyle, body});
}

}  // namespace dalil::formats
