#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "ffmpeg.hpp"

namespace dalil::parser {
namespace {

const Ffmpeg* loaded = nullptr;

std::string beside_this_program(const char* name) {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return {};
  const std::string whole(path, static_cast<std::size_t>(size));
  return whole.substr(0, whole.rfind('/') + 1) + name;
}

}  // namespace

bool load_ffmpeg() {
  if (loaded != nullptr) return true;
  const std::string path = beside_this_program("dalil-parser-ffmpeg.so");
  void* object = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
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
