#include <algorithm>
#include <array>

#include "bounds.hpp"
#include "boxes.hpp"
#include "trailer.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMostNamed = 60;

bool is_type(std::uint32_t type) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(type >> shift);
    if ((byte < 0x20 || byte > 0x7e) && byte != 0xa9) return false;
  }
  return true;
}

/// What recordings end in the midst of. Anything else that claims more than there is is no box.
bool may_be_cut(std::uint32_t type) {
  constexpr std::array kTypes = {fourcc("mdat"), fourcc("moov"), fourcc("moof"), fourcc("free"),
                                 fourcc("skip"), fourcc("uuid"), fourcc("meta"), fourcc("wide")};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

/// "ftyp", or "moov[mvhd trak trak udta]" for the one whose order is told within.
std::string described(Source& source, const Box& box) {
  std::string text = box_name(box.type);
  if (box.type != fourcc("moov")) return text;
  text += '[';
  BoxWalk walk(source, box.body, box.end);
  std::size_t count = 0;
  while (const auto child = walk.next()) {
    if (count > 0) text += ' ';
    if (++count > kMostNamed) return text + "...]";
    text += box_name(child->type);
  }
  return text + ']';
}

/// Encoders that sign their streams do so at the begin of the first one.
void note_encoder(Source& source, const Box& samples, MediaFacts& facts) {
  constexpr std::size_t kLookedAt = 2048, kLongest = 60;
  constexpr std::array<std::string_view, 4> kMarks = {"x264 - core", "x265 (build", "Lavc", "HandBrake"};
  const ByteView head =
      source.view(samples.body, static_cast<std::size_t>(std::min<std::uint64_t>(samples.size(), kLookedAt)));
  for (const std::string_view mark : kMarks) {
    const auto at = as_chars(head).find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view text = as_chars(head).substr(at, kLongest);
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; });
    text = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    facts.fields.push_back({"mdat.encoder", std::string(text.substr(0, text.rfind(" - H.26")))});
    return;
  }
}

}  // namespace

std::string box_name(std::uint32_t type) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text.push_back(static_cast<char>(type >> shift));
  if (text[0] == '\xa9') text.replace(0, 1, "\xc2\xa9");
  return clean_text(text);
}

void note_layout(Source& source, MediaFacts& facts) {
  std::string text;
  std::size_t count = 0;
  std::uint64_t end = 0;
  bool encoder_sought = false;
  BoxWalk walk(source, 0, source.size());
  while (const auto box = walk.next()) {
    if (!is_type(box->type) || (walk.cut_short() && !may_be_cut(box->type))) break;
    end = box->end;
    if (box->type == fourcc("mdat") && !encoder_sought && box->size() > 0) {
      encoder_sought = true;
      note_encoder(source, *box, facts);
    }
    if (++count > kMostNamed) continue;
    text += (text.empty() ? "" : " ") + (count == kMostNamed ? std::string("...") : described(source, *box));
  }
  if (count == 0) return;
  if (walk.gave_up()) return;
  facts.fields.push_back({"mp4.boxes", std::move(text)});
  note_trailer(source, end, facts);
}

}  // namespace dalil::media
