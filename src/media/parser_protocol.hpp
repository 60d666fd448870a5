#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "bounds.hpp"
#include "dalil/media/facts.hpp"
#include "dalil/media/parser_client.hpp"

// What is spoken between ParserClient and dalil-parser, which are built and installed together: no
// compatibility between versions, so native byte order. The nursery listens on descriptor kNurserySocket
// (SOCK_SEQPACKET) for orders; one to spawn carries the worker's end of a stream socket. Over that stream
// requests go down, up to kMostPassed in one message with as many descriptors of files, and a greeting and
// answers come up, one by one: a worker that dies of a file has answered for all before it. The nursery ends
// with the socket, and workers with the nursery.
namespace dalil::media::protocol {

inline constexpr int kNurserySocket = 3;

/// What a worker is forked with. Some files need FFmpeg's libraries, which take ten times as long to load as
/// all others together.
enum class Libraries : std::uint8_t { without_ffmpeg = 0, all = 1 };

/// What a file needs. The worker relies on it as well.
inline Libraries libraries_for(ParserWork work, MediaKind kind, std::string_view format) {
  switch (work) {
    case ParserWork::facts:
      return kind == MediaKind::video || kind == MediaKind::audio ? Libraries::all
                                                                  : Libraries::without_ffmpeg;
    case ParserWork::pixels:
      return Libraries::without_ffmpeg;
    default:
      return format == "jpeg" ? Libraries::without_ffmpeg : Libraries::all;
  }
}

/// Any order first ends the worker that the slot has.
struct Order {
  enum class Kind : std::uint8_t { spawn = 'S', end = 'E' };
  Kind kind = Kind::spawn;
  Libraries libraries = Libraries::without_ffmpeg;
  std::uint16_t slot = 0;
};
static_assert(sizeof(Order) == 4);

inline constexpr std::uint32_t kRequestMagic = 0x444c5251, kAnswerMagic = 0x444c414e,
                               kGreetingMagic = 0x444c4849;

/// A worker sends it once the door is locked: of each lock 0, or the errno that says why it is missing.
struct Greeting {
  std::uint32_t magic = kGreetingMagic;
  std::uint32_t landlock_version = 0;
  std::int32_t no_new_privileges = ENOSYS;
  std::int32_t seccomp = ENOSYS;
  std::int32_t landlock = ENOSYS;
  std::int32_t resource_limits = ENOSYS;
  std::int32_t closed_memory = ENOSYS;
};

struct Request {
  std::uint32_t magic = kRequestMagic;
  std::uint32_t sequence = 0;
  std::uint64_t file_size =
      0;  ///< as the main process sees it: fstat() opens too much to be allowed to a worker
  std::uint8_t kind = 0;
  std::uint8_t work = 0;          ///< a ParserWork
  std::uint8_t sound = 0;         ///< 1: fingerprints are of what is to be heard, too
  std::array<char, 21> format{};  ///< ends in NUL
};
static_assert(sizeof(Request) == 40);

/// Followed by `size` bytes: encoded facts, looks, thumbnails or pixels.
struct Answer {
  std::uint32_t magic = kAnswerMagic;
  std::uint32_t sequence = 0;
  std::uint32_t size = 0;
};
static_assert(sizeof(Answer) == 12);

/// Wherever fingerprints are wanted: these as a block, the sound as one, then thumbnails, then the other
/// guess.
inline Bytes encode_looks(const Looks& looks) {
  Bytes out;
  append_block(out, encode(looks.fingerprints));
  append_block(out, encode(looks.fingerprints.sound));
  append_block(out, encode(looks.thumbnails));
  append_block(out, encode(looks.other_guess));
  return out;
}
/// Error(corrupt) for anything `encode_looks` would not write.
inline Looks decode_looks(ByteView bytes) {
  ByteReader in(bytes);
  Looks looks;
  looks.fingerprints = decode_fingerprints(in.block(kMostFingerprintBytes));
  looks.fingerprints.sound = decode_sound(in.block(kMostSoundBytes));
  looks.thumbnails = decode_thumbnails(in.block(kMaxEncoded));
  looks.other_guess = decode_fingerprints(in.block(kMostFingerprintBytes));
  in.expect_end();
  return looks;
}

}  // namespace dalil::media::protocol
