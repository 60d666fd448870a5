#include <catch2/catch.hpp>

#include "dalil/media/facts.hpp"

using namespace dalil;
using namespace dalil::media;
using std::string_literals::operator""s;

namespace {

struct Expected {
  std::string head;
  MediaKind kind;
  std::string format;
};

const Expected kExpected[] = {
    {"\xff\xd8\xff\xe0\0\x10JFIF"s, MediaKind::photo, "jpeg"},
    {"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"s, MediaKind::photo, "png"},
    {"\0\0\0\x18"
     "ftypheic\0\0\0\0mif1heic"s,
     MediaKind::photo, "heic"},
    {"\0\0\0\x18"
     "ftypmif1\0\0\0\0mif1avif"s,
     MediaKind::photo, "avif"},
    {"\0\0\0\x18"
     "ftypmif1\0\0\0\0mif1heic"s,
     MediaKind::photo, "heic"},
    {"\0\0\0\x18"
     "ftypisom\0\0\0\0isommp42"s,
     MediaKind::video, "mp4"},
    {"\0\0\0\x14"
     "ftypqt  \0\0\0\0qt  "s,
     MediaKind::video, "mov"},
    {"\0\0\0\x14"
     "ftyp3gp4\0\0\0\0"
     "3gp4"s,
     MediaKind::video, "3gp"},
    {"\0\0\0\x08wide\0\0\0\0mdat"s, MediaKind::video, "mov"},
    {"RIFF\0\0\0\0WEBPVP8 "s, MediaKind::photo, "webp"},
    {"RIFF\0\0\0\0AVI LIST"s, MediaKind::video, "avi"},
    {"II*\0\x10\0\0\0CR\x02\0"s, MediaKind::photo, "cr2"},
    {"II*\0\x08\0\0\0\0\0"s, MediaKind::photo, "tiff"},
    {"II*\0\x08\0\0\0\x01\0\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0"s, MediaKind::photo, "dng"},
    {"\x1a\x45\xdf\xa3"s, MediaKind::video, "matroska"},
    {"OggS"s + std::string(24, '\0') + "OpusHead", MediaKind::audio, "ogg"},
    {"ID3\x04"s, MediaKind::audio, "mp3"},
    {"\xff\xfb\x90\x64"s, MediaKind::audio, "mp3"},
    {"\xff\xf1\x50\x80"s, MediaKind::audio, "aac"},
    {"%PDF-1.7"s, MediaKind::document, "pdf"},
    {"hello"s, MediaKind::other, ""},
    {""s, MediaKind::other, ""},
};

}  // namespace

TEST_CASE("the first bytes tell the format") {
  for (const auto& expected : kExpected) {
    CAPTURE(expected.format);
    const auto sniffed = sniff(as_bytes(expected.head));
    CHECK(sniffed.format == expected.format);
    CHECK(sniffed.kind == expected.kind);
  }
}

TEST_CASE("a transport stream is told by its sync bytes") {
  std::string head(4096, '\0');
  for (std::size_t at = 0; at < head.size(); at += 188) head[at] = 0x47;
  CHECK(sniff(as_bytes(head)).format == std::string("mpegts"));
  std::string camcorder(4096, '\0');
  for (std::size_t at = 4; at < camcorder.size(); at += 192) camcorder[at] = 0x47;
  CHECK(sniff(as_bytes(camcorder)).format == std::string("mpegts"));
}

TEST_CASE("heads cut anywhere are taken without reading past them") {
  for (const auto& expected : kExpected) {
    for (std::size_t size = 0; size <= expected.head.size(); ++size) {
      const Bytes exact(expected.head.begin(), expected.head.begin() + static_cast<std::ptrdiff_t>(size));
      sniff(exact);
    }
  }
}
