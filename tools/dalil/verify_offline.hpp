#pragma once

#include "report_forms.hpp"
#include "session.hpp"

namespace dalil::cli {

/// What `dalil verify --offline` is told.
struct OfflineArguments {
  std::string folder;
  std::vector<std::string> trusted;
  bool medium = false;
  unsigned threads = 0;
  ReportRequest report;
};
/// Checks a backup drive without archive and key of one; returns an exit code.
int run_verify_offline(Session& session, const OfflineArguments& arguments);

}  // namespace dalil::cli
