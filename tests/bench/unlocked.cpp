// Stands in for sandbox.cpp in dalil_parser_unlocked, which tools/bench compares with: what the locks cost.
// It is never installed, and says in its greeting that nothing is locked. FFmpeg's libraries are there from
// the start.

#include <cerrno>

#include "ffmpeg.hpp"
#include "sandbox.hpp"

namespace dalil::parser {

Locks lock_door(int) {
  return {ECANCELED, ECANCELED, ECANCELED, ECANCELED, ECANCELED, 0};
}

bool load_ffmpeg() {
  kDalilFfmpeg.initialise();
  return true;
}

const Ffmpeg& ffmpeg() {
  return kDalilFfmpeg;
}

}  // namespace dalil::parser
