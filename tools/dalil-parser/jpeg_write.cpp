#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs what stdio.h declares.
#include <jpeglib.h>

#include "color.hpp"

namespace dalil::parser {
namespace {

constexpr int kQuality = 75, kPoorQuality = 40;

/// One picture's encoding. libjpeg reports errors by a jump back into `run`: whatever owns memory is a
/// member.
class JpegWriter {
 public:
  explicit JpegWriter(const media::Pixels& pixels) : pixels_(pixels), room_(media::kMostJpegBytes) {}
  ~JpegWriter() {
    if (created_) jpeg_destroy_compress(&jpeg_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  Bytes run(int quality) {
    prepare();
    if (setjmp(back_) != 0) return {};
    write(quality);
    return {room_.begin(),
            room_.begin() + static_cast<std::ptrdiff_t>(room_.size() - target_.free_in_buffer)};
  }

 private:
  static JpegWriter& self(j_common_ptr jpeg) { return *static_cast<JpegWriter*>(jpeg->client_data); }

  void prepare() {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr jpeg) { longjmp(self(jpeg).back_, 1); };
    errors_.emit_message = [](j_common_ptr, int) {};
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
    target_.init_destination = [](j_compress_ptr) {};
    // Only called when the room is used up.
    target_.empty_output_buffer = [](j_compress_ptr jpeg) -> boolean {
      longjmp(self(reinterpret_cast<j_common_ptr>(jpeg)).back_, 1);
    };
    target_.term_destination = [](j_compress_ptr) {};
    target_.next_output_byte = room_.data();
    target_.free_in_buffer = room_.size();
  }

  void write(int quality) {
    created_ = true;
    jpeg_create_compress(&jpeg_);
    jpeg_.dest = &target_;
    jpeg_.image_width = pixels_.width;
    jpeg_.image_height = pixels_.height;
    jpeg_.input_components = 3;
    jpeg_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    jpeg_start_compress(&jpeg_, TRUE);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      const std::size_t at = std::size_t{jpeg_.next_scanline} * pixels_.width * 3;
      JSAMPROW line = const_cast<JSAMPLE*>(pixels_.rgb.data() + at);
      jpeg_write_scanlines(&jpeg_, &line, 1);
    }
    jpeg_finish_compress(&jpeg_);
  }

  const media::Pixels& pixels_;
  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_destination_mgr target_{};
  std::jmp_buf back_{};
  Bytes room_;
  bool created_ = false;
};

}  // namespace

Bytes jpeg_of(const media::Pixels& pixels) {
  if (pixels.empty()) return {};
  Bytes made = JpegWriter(pixels).run(kQuality);
  return made.empty() ? JpegWriter(pixels).run(kPoorQuality) : made;  // noise takes much room
}

}  // namespace dalil::parser
