#include "output_file.hpp"

#include <sys/stat.h>

#include "dalil/base/error.hpp"
#include "refs.hpp"

namespace dalil::cli {

void refuse_existing(const std::string& path, const std::string& what) {
  struct stat there {};
  if (lstat(path.c_str(), &there) != 0) return;
  throw Error(ErrorCode::conflict, what + " " + in_quotes(path) + " exists already",
              "an earlier one may be evidence: name another file");
}

}  // namespace dalil::cli
