#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs what stdio.h declares.
#include <jerror.h>
#include <jpeglib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "color.hpp"
#include "picture.hpp"

namespace dalil::parser {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 64 << 10;
constexpr std::uint64_t kMostPixels = std::uint64_t{64} << 20;  ///< as decoded
/// A progressive file may ask for any number of passes over the whole picture.
constexpr int kMostScans = 100;
constexpr JOCTET kEnd[] = {0xFF, JPEG_EOI};

/// One file's decoding. libjpeg reports errors by a jump back into `run`, past frames without destructors:
/// whatever owns memory is a member.
class JpegReader {
 public:
  JpegReader(int fd, media::Extent where, Clock::time_point deadline, Purpose purpose)
      : fd_(fd), end_(where.offset + where.size), at_(where.offset), deadline_(deadline), purpose_(purpose) {}
  ~JpegReader() {
    if (created_) jpeg_destroy_decompress(&jpeg_);
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Decoded run() {
    prepare();
    if (setjmp(back_) == 0) decode();
    return finish();
  }

 private:
  static JpegReader& self(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }
  static JpegReader& self(j_decompress_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }

  void prepare() {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr jpeg) {
      JpegReader& reader = self(jpeg);
      jpeg->err->format_message(jpeg, reader.text_.data());
      longjmp(reader.back_, 1);
    };
    errors_.output_message = [](j_common_ptr) {};
    errors_.emit_message = [](j_common_ptr jpeg, int level) {
      if (level < 0) ++jpeg->err->num_warnings;
    };
    jpeg_.client_data = this;
    progress_.progress_monitor = [](j_common_ptr jpeg) { self(jpeg).check_patience(); };
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = [](j_decompress_ptr jpeg) { return self(jpeg).fill(); };
    source_.skip_input_data = [](j_decompress_ptr jpeg, long count) { self(jpeg).skip(count); };
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
  }

  void check_patience() {
    if (Clock::now() > deadline_) give_up("decoding took too long");
    if (jpeg_.input_scan_number > kMostScans) give_up("too many passes over the picture");
  }

  [[noreturn]] void give_up(const char* why) {
    std::snprintf(text_.data(), text_.size(), "%s", why);
    longjmp(back_, 1);
  }

  boolean fill() {
    ssize_t got = -1;
    if (at_ < end_) do {
        const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end_ - at_));
        got = pread(fd_, piece_.get(), most, static_cast<off_t>(at_));
      } while (got < 0 && errno == EINTR);
    if (got <= 0) {  // as if the picture ended here
      ++errors_.num_warnings;
      source_.next_input_byte = kEnd;
      source_.bytes_in_buffer = sizeof kEnd;
      return TRUE;
    }
    at_ += static_cast<std::uint64_t>(got);
    source_.next_input_byte = piece_.get();
    source_.bytes_in_buffer = static_cast<std::size_t>(got);
    return TRUE;
  }

  void skip(long count) {
    if (count <= 0) return;
    const auto wanted = static_cast<std::uint64_t>(count);
    if (wanted <= source_.bytes_in_buffer) {
      source_.next_input_byte += wanted;
      source_.bytes_in_buffer -= wanted;
      return;
    }
    at_ = std::min(end_, at_ + (wanted - source_.bytes_in_buffer));
    source_.bytes_in_buffer = 0;
  }

  void decode() {
    created_ = true;
    jpeg_create_decompress(&jpeg_);
    jpeg_.src = &source_;
    jpeg_.progress = &progress_;
    jpeg_read_header(&jpeg_, TRUE);
    choose_output();
    jpeg_start_decompress(&jpeg_);
    if (std::uint64_t{jpeg_.output_width} * jpeg_.output_height > kMostPixels)
      give_up("the picture is too large");
    make_room();
    while (jpeg_.output_scanline < jpeg_.output_height) read_row();
    complete_ = true;
  }

  void make_room() {
    luma_.width = jpeg_.output_width;
    luma_.height = jpeg_.output_height;
    if (purpose_.luma) luma_.values.assign(std::size_t{luma_.width} * luma_.height, 0);
    row_.resize(std::size_t{luma_.width} * static_cast<std::size_t>(jpeg_.output_components));
    if (!purpose_.thumbnail) return;
    thumbnail_ = thumbnail_size(jpeg_.image_width, jpeg_.image_height);
    for (PlaneScaler& plane : planes_)
      plane = PlaneScaler({jpeg_.output_width, jpeg_.output_height}, thumbnail_);
  }

  /// Whether a picture reduced by so much is large enough for what it is wanted for.
  bool may_be_reduced(unsigned denominator) const {
    const auto [shorter, longer] = std::minmax(jpeg_.image_width, jpeg_.image_height);
    return (!purpose_.luma || shorter / denominator >= media::kWorkingSide) &&
           (!purpose_.thumbnail || longer / denominator >= media::kThumbnailSide);
  }

  void choose_output() {
    for (unsigned denominator = 8; denominator > 1; denominator /= 2) {
      if (!may_be_reduced(denominator)) continue;
      jpeg_.scale_denom = denominator;
      break;
    }
    const bool inks = jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK;
    jpeg_.out_color_space = inks ? JCS_CMYK : JCS_GRAYSCALE;
    if (purpose_.thumbnail && (jpeg_.jpeg_color_space == JCS_YCbCr || jpeg_.jpeg_color_space == JCS_RGB))
      jpeg_.out_color_space = jpeg_.jpeg_color_space;
    if (jpeg_.jpeg_color_space == JCS_UNKNOWN) jpeg_.out_color_space = JCS_UNKNOWN;
    jpeg_.do_fancy_upsampling = FALSE;
    jpeg_.do_block_smoothing = FALSE;
  }

  void read_row() {
    const std::size_t y = jpeg_.output_scanline;
    const auto components = static_cast<std::size_t>(jpeg_.output_components);
    std::uint8_t* out = luma_.values.data() + (purpose_.luma ? y * luma_.width : 0);
    JSAMPROW line = components == 1 && purpose_.luma ? out : row_.data();
    jpeg_read_scanlines(&jpeg_, &line, 1);
    if (purpose_.luma && line != out) {
      for (std::size_t x = 0; x < luma_.width; ++x) out[x] = brightness(line + x * components, components);
    }
    if (purpose_.thumbnail) add_to_thumbnail(line, components);
  }

  void add_to_thumbnail(JSAMPLE* line, std::size_t components) {
    if (components == 4)  // inks to light
      for (std::size_t x = 0; x < luma_.width; ++x)
        for (std::size_t c = 0; c < 3; ++c)
          line[4 * x + c] = static_cast<JSAMPLE>(line[4 * x + c] * line[4 * x + 3] / 255U);
    const std::size_t used = components >= 3 ? 3 : 1;
    for (std::size_t c = 0; c < used; ++c) planes_[c].add(line + c, components);
  }

  /// Of inks as Adobe's programs write them, inverted; of red, green and blue; else the first component.
  std::uint8_t brightness(const JSAMPLE* pixel, std::size_t components) const {
    const bool mixed = components == 4 || jpeg_.out_color_space == JCS_RGB;
    if (!mixed) return pixel[0];
    const unsigned light = 299U * pixel[0] + 587U * pixel[1] + 114U * pixel[2];
    return static_cast<std::uint8_t>(components == 4 ? light * pixel[3] / 255000U : light / 1000U);
  }

  /// A person makes something of half a picture; the rest is gray.
  media::Pixels pixels() {
    std::fill(row_.begin(), row_.end(), JSAMPLE{128});
    for (std::size_t y = jpeg_.output_scanline; y < jpeg_.output_height; ++y)
      for (PlaneScaler& plane : planes_) plane.add(row_.data());
    switch (jpeg_.out_color_space) {
      case JCS_YCbCr:
        return mixed(thumbnail_, planes_, {});
      case JCS_RGB:
      case JCS_CMYK:
        return interleaved(thumbnail_, planes_);
      default:
        return gray(thumbnail_, planes_[0], true);
    }
  }

  Decoded finish() {
    Decoded out;
    if (text_[0] != '\0') out.problem = std::string("the picture cannot be decoded: ") + text_.data();
    if (!created_ || row_.empty()) return out;
    out.width = jpeg_.image_width;
    out.height = jpeg_.image_height;
    if (out.problem.empty() && errors_.num_warnings > 0)
      out.problem = "the picture's data are damaged in places";
    if (purpose_.thumbnail && jpeg_.output_scanline > 0) out.pixels = pixels();
    if (!complete_ || !purpose_.luma) return out;  // what is missing is no part of the picture's looks
    out.luma = media::reduced(std::move(luma_), media::halvings(luma_.width, luma_.height));
    return out;
  }

  int fd_;
  std::uint64_t end_, at_;
  Clock::time_point deadline_;
  Purpose purpose_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_source_mgr source_{};
  std::jmp_buf back_{};
  std::array<char, JMSG_LENGTH_MAX> text_{};
  /// Not filled with zeros first, as a vector would be.
  std::unique_ptr<JOCTET[]> piece_ = std::make_unique_for_overwrite<JOCTET[]>(kPiece);
  std::vector<JSAMPLE> row_;
  media::Luma luma_;
  media::PictureSize thumbnail_;
  PlaneScaler planes_[3];
  bool created_ = false, complete_ = false;
};

}  // namespace

Decoded decode_jpeg(int fd, media::Extent where, Clock::time_point deadline, Purpose purpose) {
  return JpegReader(fd, where, deadline, purpose).run();
}

}  // namespace dalil::parser
