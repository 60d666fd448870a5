#include <algorithm>

#include "bounds.hpp"
#include "containers.hpp"
#include "movie_text.hpp"

namespace dalil::media {
namespace {

constexpr std::size_t kMostChunks = 1000;
constexpr std::uint64_t kMaxPacket = 1 << 20;
constexpr int kDeepest = 3;  // hdrl, strl, and what someone puts there

class RiffWalk {
 public:
  RiffWalk(Source& source, MediaFacts& facts, Packets& packets)
      : source_(source), facts_(facts), packets_(packets) {}

  /// Further RIFF chunks behind the first one hold samples only (OpenDML).
  void run() {
    const ByteView head = source_.view(0, 12);
    if (head.empty()) return;
    const std::uint64_t size = load_u32(head, 4, ByteOrder::little);
    // RF64 gives its size elsewhere, and recordings that were cut off have none.
    const bool known = size > 4 && size != UINT32_MAX;
    chunks(12, known ? std::min(source_.size(), 8 + size) : source_.size(), 0);
  }

 private:
  std::string_view text(std::uint64_t at, std::uint64_t length) {
    return as_chars(source_.view(at, static_cast<std::size_t>(std::min<std::uint64_t>(length, kMaxText))));
  }

  void chunks(std::uint64_t at, std::uint64_t end, int depth) {
    while (at < end && end - at >= 8 && count_++ < kMostChunks) {
      const ByteView head = source_.view(at, 8);
      if (head.empty()) return;
      const std::string type(as_chars(head.first(4)));
      const std::uint64_t length = load_u32(head, 4, ByteOrder::little);
      chunk(type, at + 8, std::min(length, end - at - 8), depth);
      at += 8 + length + (length & 1);
    }
  }

  void chunk(std::string_view type, std::uint64_t at, std::uint64_t length, int depth) {
    if (type == "LIST" && length >= 4 && depth < kDeepest) {
      const std::string list(text(at, 4));
      if (list != "movi") chunks(at + 4, at + length, depth + 1);
    } else if (type == "IDIT" || type == "ICRD") {
      add_time("container/" + std::string(type), std::string(text(at, length)));
    } else if (type == "bext") {
      broadcast_extension(at, length);
    } else if (type == "_PMX") {
      packets_.xmp = {at, static_cast<std::size_t>(std::min(length, kMaxPacket))};
    } else if (type == "ecor" || type == "emdl") {
      add_movie_text("container/" + std::string(type), type == "ecor" ? "make" : "model",
                     std::string(text(at, length)), facts_);
    }
  }

  void add_time(const std::string& field, std::string raw) {
    if (auto claim = riff_time(field, raw))
      facts_.times.push_back(std::move(*claim));
    else if (raw.find_first_of("123456789") != std::string::npos)
      facts_.fields.push_back({field, std::move(raw)});
  }

  /// EBU's: description, originator and its reference, then the date ("2017-09-11") and the time of day with
  /// separators of the writer's choice.
  void broadcast_extension(std::uint64_t at, std::uint64_t length) {
    constexpr std::uint64_t kDate = 256 + 32 + 32;
    const std::string raw(length < kDate + 18 ? std::string_view() : text(at + kDate, 18));
    if (raw.empty()) return;
    std::string date = raw.substr(0, 10), clock = raw.substr(10);
    date[4] = date[7] = '-';
    clock[2] = clock[5] = ':';
    const bool timed = clock.find_first_of("0123456789") != std::string::npos;
    if (auto claim = riff_time("container/bext", timed ? date + " " + clock : date)) {
      claim->raw = timed ? raw.substr(0, 10) + " " + raw.substr(10) : raw.substr(0, 10);
      facts_.times.push_back(std::move(*claim));
    } else if (raw.find_first_of("123456789") != std::string::npos) {
      facts_.fields.push_back({"container/bext", raw});
    }
  }

  Source& source_;
  MediaFacts& facts_;
  Packets& packets_;
  std::size_t count_ = 0;
};

}  // namespace

void read_riff(Source& source, MediaFacts& facts, Packets& packets) {
  RiffWalk(source, facts, packets).run();
}

}  // namespace dalil::media
