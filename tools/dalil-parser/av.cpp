#include "av.hpp"

#include <algorithm>
#include <chrono>

#include "av_input.hpp"
#include "bounds.hpp"
#include "civil.hpp"
#include "exif_text.hpp"
#include "gps.hpp"

namespace dalil::parser {
namespace {

using media::MediaFacts;
using media::MediaKind;
constexpr std::chrono::seconds kTimeLimit{6};
constexpr std::uint64_t kMostRead = 256 << 20;
/// Decoders that stream analysis may start when a container does not say enough.
constexpr const char* kDecoders =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,h263,mjpeg,vp8,vp9,aac,mp3float,mp3,mp2float,mp2,ac3,flac,vorbis,"
    "opus,"
    "pcm_s16le,pcm_s16be,pcm_u8,amrnb,amrwb,wmav2,flv,vc1,wmv3";

std::int64_t to_ms(std::int64_t value, AVRational base) {
  if (value == AV_NOPTS_VALUE || value < 0 || base.den == 0) return 0;
  return std::max<std::int64_t>(0, av_rescale_q(value, base, AVRational{1, 1000}));
}

MediaKind kind_of(const AVStream& stream) {
  if ((stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) return MediaKind::photo;
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
      return MediaKind::video;
    case AVMEDIA_TYPE_AUDIO:
      return MediaKind::audio;
    default:
      return MediaKind::other;
  }
}

std::uint32_t positive(int value) {
  return value > 0 ? static_cast<std::uint32_t>(value) : 0;
}

media::Stream describe(const AVStream& stream) {
  const AVCodecParameters& codec = *stream.codecpar;
  media::Stream out;
  out.kind = kind_of(stream);
  out.codec = avcodec_get_name(codec.codec_id);
  out.width = positive(codec.width);
  out.height = positive(codec.height);
  out.sample_rate = positive(codec.sample_rate);
  out.channels = positive(codec.ch_layout.nb_channels);
  out.duration_ms = to_ms(stream.duration, stream.time_base);
  return out;
}

/// What containers other than MP4 and QuickTime say of time: those two are read by our own code.
void take_time(const AVFormatContext& context, const std::string& field, const std::string& value,
               MediaFacts& facts) {
  auto claim = media::exif_time(field, value, {}, {}, std::nullopt);
  if (!claim) {
    facts.fields.push_back({field, value});
    return;
  }
  // Matroska's DateUTC is UTC by its definition; others put what they like behind the 'Z' that libavformat
  // prints.
  const bool matroska = std::string_view(context.iformat->name).starts_with("matroska");
  if (field.ends_with("creation_time"))
    claim->basis = matroska ? media::ZoneBasis::utc_by_format : media::ZoneBasis::utc_claimed;
  facts.times.push_back(std::move(*claim));
}

/// Of AVI and WAV our own reader tells the times: libavformat takes a camera's local clock for UTC, does not
/// know all its forms, and parts the date from the time of day.
bool tells_own_times(const AVFormatContext& context) {
  const std::string_view name = context.iformat->name;
  return name == "avi" || name == "wav";
}

/// `where` is "container/" or, for a stream's own dictionary, "container/stream[0]/".
void take_tag(const AVFormatContext& context, const std::string& where, std::string key, std::string value,
              MediaFacts& facts) {
  key = media::clean_text(key, 64);
  value = media::clean_text(value, 500);
  std::string folded = key;
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (folded == "creation_time" || folded == "date" || folded == "date_recorded" ||
      folded == "modification_date") {
    if (!tells_own_times(context)) take_time(context, where + folded, value, facts);
    return;
  }
  if ((folded == "encoder" || folded == "software") && facts.software.empty()) facts.software = value;
  if (folded == "make" && facts.make.empty()) facts.make = value;
  if (folded == "model" && facts.model.empty()) facts.model = value;
  if (folded.starts_with("location")) {
    if (auto place = media::parse_iso6709(where + folded, value)) {
      facts.places.push_back(std::move(*place));
      return;
    }
  }
  facts.fields.push_back({where + key, value});
}

void take_tags(const AVFormatContext& context, const AVDictionary* tags, const std::string& where,
               MediaFacts& facts) {
  constexpr int kMostTags = 64;
  const AVDictionaryEntry* entry = nullptr;
  for (int i = 0; i < kMostTags; ++i) {
    entry = av_dict_get(tags, "", entry, AV_DICT_IGNORE_SUFFIX);
    if (entry == nullptr) return;
    take_tag(context, where, entry->key, entry->value, facts);
  }
}

/// In Ogg the comments are those of a stream, in Matroska either has some.
void take_all_tags(const AVFormatContext& context, MediaFacts& facts) {
  constexpr unsigned kMostStreams = 8;
  take_tags(context, context.metadata, "container/", facts);
  for (unsigned i = 0; i < std::min(context.nb_streams, kMostStreams); ++i)
    take_tags(context, context.streams[i]->metadata, "container/stream[" + std::to_string(i) + "]/", facts);
}

void take_streams(const AVFormatContext& context, MediaFacts& facts) {
  bool any_video = false, any_audio = false;
  for (unsigned i = 0; i < std::min<unsigned>(context.nb_streams, media::kMaxEach); ++i) {
    facts.streams.push_back(describe(*context.streams[i]));
    const media::Stream& stream = facts.streams.back();
    any_video = any_video || stream.kind == MediaKind::video;
    any_audio = any_audio || stream.kind == MediaKind::audio;
    if (stream.kind == MediaKind::video && facts.width == 0) {
      facts.width = stream.width;
      facts.height = stream.height;
    }
    if (facts.duration_ms == 0 && context.duration <= 0) facts.duration_ms = stream.duration_ms;
  }
  if (any_video)
    facts.kind = MediaKind::video;
  else if (any_audio)
    facts.kind = MediaKind::audio;
}

}  // namespace

void initialise_av() {
  av_log_set_level(AV_LOG_QUIET);
  av_find_input_format("mov");  // builds the tables
}

void read_av(FileSource& source, const char* demuxer, MediaFacts& facts) {
  const AVInputFormat* format = av_find_input_format(demuxer);
  if (format == nullptr) return;
  Input input{source.fd(), static_cast<std::int64_t>(source.size()), Clock::now() + kTimeLimit, kMostRead};
  const Io io = make_io(input);
  if (!io) return;
  const Format context = open_format(io.get(), input, *format, kDecoders, facts.problem);
  if (!context) return;
  if (!says_enough(*context)) {
    AVFormatContext* raw = context.get();
    if (avformat_find_stream_info(raw, nullptr) < 0 && facts.problem.empty())
      facts.problem = "the streams cannot be analysed";
  }
  const bool own_reader = std::string_view(format->name).starts_with("mov");
  if (facts.duration_ms == 0) facts.duration_ms = to_ms(context->duration, AV_TIME_BASE_Q);
  take_streams(*context, facts);
  if (!own_reader) take_all_tags(*context, facts);
  if (facts.streams.empty() && facts.problem.empty()) facts.problem = "no streams were found";
}

}  // namespace dalil::parser
