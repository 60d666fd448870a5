// dalil_picture_speed FOLDER [PARSER]: what fingerprints and thumbnails of the JPEG files below FOLDER take,
// beside decoding the same files at the same reduced size with libjpeg-turbo and nothing else.
//
// The client and its worker share one processor with the plain decoder, in turns; the best of the rounds by
// the wall clock counts.

#include <cstdio>
// jpeglib.h needs what stdio.h declares.
#include <fcntl.h>
#include <jpeglib.h>
#include <sched.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"

namespace {

using namespace dalil;

constexpr int kRounds = 5;
constexpr std::size_t kAhead = 64;

void keep_to_one_processor() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &processors);
  sched_setaffinity(0, sizeof processors, &processors);
}

struct Picture {
  std::string path;
  media::Sniffed sniffed;
};

std::vector<Picture> pictures_below(const char* folder) {
  std::vector<Picture> out;
  for (const auto& entry : boost::filesystem::recursive_directory_iterator(folder)) {
    if (!boost::filesystem::is_regular_file(entry.path())) continue;
    std::ifstream in(entry.path().string(), std::ios::binary);
    Bytes head(4096);
    in.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    const media::Sniffed sniffed = media::sniff(head);
    if (std::string_view(sniffed.format) == "jpeg") out.push_back({entry.path().string(), sniffed});
  }
  return out;
}

/// How much the worker reduces: for fingerprints by the shorter side, for thumbnails by the longer one.
unsigned denominator_for(const jpeg_decompress_struct& jpeg, bool in_color) {
  const auto [shorter, longer] = std::minmax(jpeg.image_width, jpeg.image_height);
  for (unsigned denominator = 8; denominator > 1; denominator /= 2)
    if (in_color ? longer / denominator >= media::kThumbnailSide
                 : shorter / denominator >= media::kWorkingSide)
      return denominator;
  return 1;
}

/// Brightness or colors, at the scale that the worker uses. Sound files only: libjpeg's errors end the
/// process.
void decode(const std::string& path, std::vector<JSAMPLE>& row, bool in_color) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return;
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_stdio_src(&jpeg, file);
  jpeg_read_header(&jpeg, TRUE);
  jpeg.scale_denom = denominator_for(jpeg, in_color);
  jpeg.out_color_space = in_color ? JCS_RGB : JCS_GRAYSCALE;
  jpeg.do_fancy_upsampling = FALSE;
  jpeg.do_block_smoothing = FALSE;
  jpeg_start_decompress(&jpeg);
  row.resize(std::size_t{jpeg.output_width} * static_cast<std::size_t>(jpeg.output_components));
  JSAMPROW line = row.data();
  while (jpeg.output_scanline < jpeg.output_height) jpeg_read_scanlines(&jpeg, &line, 1);
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  std::fclose(file);
}

/// Bytes of all thumbnails.
std::uint64_t look_at_all(media::ParserClient& parser, const std::vector<Picture>& pictures) {
  std::vector<files::Fd> open_files(pictures.size());
  std::size_t collected = 0;
  std::uint64_t bytes = 0;
  const auto collect = [&] {
    for (const media::Thumbnail& one : parser.collect_looks().thumbnails.pictures) bytes += one.jpeg.size();
    open_files[collected++].reset();
  };
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    open_files[i] = files::Fd(open(pictures[i].path.c_str(), O_RDONLY | O_CLOEXEC));
    parser.submit(open_files[i].get(), pictures[i].sniffed);
    if (parser.pending() > kAhead) collect();
  }
  while (parser.pending() > 0) collect();
  return bytes;
}

double seconds(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: dalil_picture_speed FOLDER [PARSER]\n"), 2;
  keep_to_one_processor();
  const std::vector<Picture> pictures = pictures_below(argv[1]);
  constexpr struct {
    const char* name;
    media::ParserWork work;
    bool in_color;
  } kAll[] = {{"fingerprints", media::ParserWork::fingerprints, false},
              {"thumbnails", media::ParserWork::thumbnails, true},
              {"both", media::ParserWork::looks, true}};
  for (const auto& one : kAll) {
    media::ParserOptions options;
    if (argc > 2) options.program = argv[2];
    options.wall_limit = media::kDecodingLimit;
    options.work = one.work;
    media::ParserClient parser(options);
    // Starts the worker, and brings the files into memory.
    const std::uint64_t bytes = look_at_all(parser, pictures);
    double decoding = 1e9, looking = 1e9;
    std::vector<JSAMPLE> row;
    for (int round = 0; round < kRounds; ++round) {
      decoding = std::min(decoding, seconds([&] {
                            for (const Picture& picture : pictures) decode(picture.path, row, one.in_color);
                          }));
      looking = std::min(looking, seconds([&] { look_at_all(parser, pictures); }));
    }
    const auto count = static_cast<double>(pictures.size());
    std::printf(
        "%zu JPEG files, %s: %.2f ms each (%.0f a second), decoding alone %.2f ms: %.0f%% of its speed",
        pictures.size(), one.name, looking * 1000 / count, count / looking, decoding * 1000 / count,
        100 * decoding / looking);
    std::printf(bytes > 0 ? ", %.0f bytes each\n" : "\n", static_cast<double>(bytes) / count);
  }
  return 0;
}
