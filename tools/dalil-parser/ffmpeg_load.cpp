#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "dalil/base/program.hpp"
#include "ffmpeg.hpp"

namespace dalil::parser {
namespace {

const Ffmpeg* loaded = nullptr;

}  // namespace

bool load_ffmpeg() {
  if (loaded != nullptr) return true;
  const std::string folder = folder_of_program();
  void* object =
      folder.empty() ? nullptr : dlopen((folder + "/dalil-parser-ffmpeg.so").c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (object == nullptr) return false;
  loaded = static_cast<const Ffmpeg*>(dlsym(object, "kDalilFfmpeg"));
  if (loaded != nullptr) loaded->initialise();
  return loaded != nullptr;
}

const Ffmpeg& ffmpeg() {
  if (loaded == nullptr) std::abort();
  return *loaded;
}

}  // namespace dalil::parser
