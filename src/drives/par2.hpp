#pragma once

#include <string>
#include <vector>

#include "dalil/jobs/progress.hpp"

namespace dalil::drives {

/// What came of a run of the program `par2`.
struct Par2 {
  enum class Answer { success, repair_possible, repair_not_possible, failed, stopped };
  Answer answer = Answer::failed;
  std::string said;  ///< the last line that it complained with
};

/// Error(not_found), with what to do about it, unless the program is installed.
void require_par2();

/// Runs `par2` in the folder `folder_fd` and waits. It may write below `writable_fd` and nowhere else, where
/// the kernel can enforce that: files of parity are foreign bytes. It dies with this thread.
Par2 run_par2(int folder_fd, const std::vector<std::string>& arguments, int writable_fd,
              const jobs::StopFlag& stop);

}  // namespace dalil::drives
