// dalil_picture_speed FOLDER [PARSER]: what the fingerprints of the JPEG files below FOLDER take, beside
// decoding the same files at the same reduced size with libjpeg-turbo and nothing else.
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

/// Brightness alone, at the scale that the worker uses. Sound files only: libjpeg's errors end the process.
void decode(const std::string& path, std::vector<JSAMPLE>& row) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return;
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_stdio_src(&jpeg, file);
  jpeg_read_header(&jpeg, TRUE);
  for (unsigned denominator = 8; denominator > 1; denominator /= 2) {
    if (std::min(jpeg.image_width, jpeg.image_height) / denominator < media::kWorkingSide) continue;
    jpeg.scale_denom = denominator;
    break;
  }
  jpeg.out_color_space = JCS_GRAYSCALE;
  jpeg.do_fancy_upsampling = FALSE;
  jpeg.do_block_smoothing = FALSE;
  jpeg_start_decompress(&jpeg);
  row.resize(jpeg.output_width);
  JSAMPROW line = row.data();
  while (jpeg.output_scanline < jpeg.output_height) jpeg_read_scanlines(&jpeg, &line, 1);
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  std::fclose(file);
}

void look_at_all(media::ParserClient& parser, const std::vector<Picture>& pictures) {
  std::vector<files::Fd> open_files(pictures.size());
  std::size_t collected = 0;
  const auto collect = [&] {
    parser.collect_fingerprints();
    open_files[collected++].reset();
  };
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    open_files[i] = files::Fd(open(pictures[i].path.c_str(), O_RDONLY | O_CLOEXEC));
    parser.submit(open_files[i].get(), pictures[i].sniffed);
    if (parser.pending() > kAhead) collect();
  }
  while (parser.pending() > 0) collect();
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
  media::ParserOptions options;
  if (argc > 2) options.program = argv[2];
  options.wall_limit = media::kDecodingLimit;
  options.work = media::ParserWork::fingerprints;
  media::ParserClient parser(options);
  look_at_all(parser, pictures);  // starts the worker, and brings the files into memory
  double decoding = 1e9, looking = 1e9;
  std::vector<JSAMPLE> row;
  for (int round = 0; round < kRounds; ++round) {
    decoding = std::min(decoding, seconds([&] {
                          for (const Picture& one : pictures) decode(one.path, row);
                        }));
    looking = std::min(looking, seconds([&] { look_at_all(parser, pictures); }));
  }
  const auto count = static_cast<double>(pictures.size());
  std::printf("%zu JPEG files: decoding alone %.2f ms each, fingerprints %.2f ms each: %.0f%% of its speed\n",
              pictures.size(), decoding * 1000 / count, looking * 1000 / count, 100 * decoding / looking);
  return 0;
}
