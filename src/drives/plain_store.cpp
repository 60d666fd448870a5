#include <fmt/format.h>
#include <sys/stat.h>

#include "dalil/files/attributes.hpp"
#include "stores.hpp"

namespace dalil::drives {

Pending PlainStore::seal(SourceFile file, std::string& lost) {
  lost = files::set_attributes(fd(), file.attributes);
  if (!lost.empty()) lost.insert(0, "without its attribute ");
  (void)::fchmod(fd(), file.mode & 0777);
  timespec times[2];
  times[0] = {0, UTIME_OMIT};
  times[1].tv_sec = static_cast<time_t>(file.mtime_ns / 1'000'000'000);
  times[1].tv_nsec = static_cast<long>(file.mtime_ns % 1'000'000'000);
  if (times[1].tv_nsec < 0) {
    --times[1].tv_sec;
    times[1].tv_nsec += 1'000'000'000;
  }
  if (::futimens(fd(), times) != 0) lost += fmt::format("{}without its time", lost.empty() ? "" : ", ");
  Pending pending{std::move(file), close_part(), {}, 0, {}};
  pending.digest = pending.file.digest;
  pending.size_bytes = pending.file.size_bytes;
  return pending;
}

}  // namespace dalil::drives
