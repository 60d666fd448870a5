#include "av_input.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

extern "C" {
#include <libavutil/opt.h>
}

namespace dalil::parser {
namespace {

constexpr int kBuffer = 32 << 10;
constexpr std::int64_t kProbeSize = 4 << 20;
constexpr std::int64_t kAnalyseMicroseconds = 2'000'000;

int read_input(void* opaque, std::uint8_t* into, int length) {
  auto* input = static_cast<Input*>(opaque);
  if (length <= 0 || input->at >= input->size || input->read_in_all > input->most_read) return AVERROR_EOF;
  const ssize_t got = pread(input->fd, into, static_cast<std::size_t>(length), static_cast<off_t>(input->at));
  if (got < 0) return AVERROR(errno);
  if (got == 0) return AVERROR_EOF;
  input->at += got;
  input->read_in_all += static_cast<std::uint64_t>(got);
  return static_cast<int>(got);
}

std::int64_t seek_input(void* opaque, std::int64_t offset, int whence) {
  auto* input = static_cast<Input*>(opaque);
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return input->size;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += input->at;
      break;
    case SEEK_END:
      offset += input->size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  input->at = offset;
  return offset;
}

int is_late(void* opaque) {
  return Clock::now() > static_cast<Input*>(opaque)->deadline ? 1 : 0;
}

struct FreeDictionary {
  void operator()(AVDictionary* dictionary) const { av_dict_free(&dictionary); }
};
using Dictionary = std::unique_ptr<AVDictionary, FreeDictionary>;

Dictionary make_options(const AVInputFormat& format, const char* decoders) {
  AVDictionary* raw = nullptr;
  av_dict_set(&raw, "format_whitelist", format.name, 0);
  av_dict_set(&raw, "protocol_whitelist", "", 0);
  av_dict_set(&raw, "codec_whitelist", decoders, 0);
  av_dict_set_int(&raw, "probesize", kProbeSize, 0);
  av_dict_set_int(&raw, "analyzeduration", kAnalyseMicroseconds, 0);
  if (std::string_view(format.name).starts_with("mov")) {
    av_dict_set(&raw, "use_absolute_path", "0", 0);
    av_dict_set(&raw, "enable_drefs", "0", 0);
  }
  return Dictionary(raw);
}

}  // namespace

void FreeIo::operator()(AVIOContext* io) const {
  av_freep(&io->buffer);  // not the one it was given: libavformat replaces it
  avio_context_free(&io);
}

Io make_io(Input& input) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  if (buffer == nullptr) return nullptr;
  Io io(avio_alloc_context(buffer, kBuffer, 0, &input, read_input, nullptr, seek_input));
  if (!io) av_free(buffer);
  return io;
}

Format open_format(AVIOContext* io, Input& input, const AVInputFormat& format, const char* decoders,
                   std::string& problem) {
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return nullptr;
  context->pb = io;
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->interrupt_callback = {is_late, &input};
  AVDictionary* options = make_options(format, decoders).release();
  const int result =
      avformat_open_input(&context, nullptr, &format, &options);  // frees the context on failure
  av_dict_free(&options);
  if (result >= 0) return Format(context);
  if (problem.empty()) problem = "the container cannot be read: " + av_text(result);
  return nullptr;
}

bool says_enough(const AVFormatContext& context) {
  if (context.nb_streams == 0) return false;
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    const AVCodecParameters& codec = *context.streams[i]->codecpar;
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO && (codec.width == 0 || codec.codec_id == AV_CODEC_ID_NONE))
      return false;
    if (codec.codec_type == AVMEDIA_TYPE_AUDIO &&
        (codec.sample_rate == 0 || codec.codec_id == AV_CODEC_ID_NONE))
      return false;
  }
  return context.duration != AV_NOPTS_VALUE || context.streams[0]->duration != AV_NOPTS_VALUE;
}

std::string av_text(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

}  // namespace dalil::parser
