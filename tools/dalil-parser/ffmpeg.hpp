#pragma once

#include "av.hpp"
#include "frames.hpp"
#include "picture.hpp"

namespace dalil::parser {

/// What is done with FFmpeg's libraries. They take ten times as long to load as everything else, and most
/// folders need them for few files or none: so it stands in a shared object of its own, which is loaded when
/// the first file asks for it. The functions are those of the headers above.
struct Ffmpeg {
  decltype(&initialise_av) initialise;
  decltype(&parser::read_av) read_av;
  decltype(&parser::is_decodable) is_decodable;
  decltype(&parser::decode_picture) decode_picture;
  decltype(&parser::decode_heif) decode_heif;
  decltype(&parser::look_at_frames) look_at_frames;
  decltype(&parser::look_at_first_frame) look_at_first_frame;
  decltype(&parser::listen_to) listen_to;
  decltype(&parser::contact_sheet) contact_sheet;
  decltype(&parser::first_frame) first_frame;
};
/// What the shared object exports.
extern "C" const Ffmpeg kDalilFfmpeg;

/// Before the door is locked; again, it costs nothing. False if it cannot be loaded.
bool load_ffmpeg();
/// Precondition: it is loaded.
const Ffmpeg& ffmpeg();

}  // namespace dalil::parser
