#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dalil/archive/archive.hpp"
#include "dalil/formats/report.hpp"
#include "dalil/jobs/verify.hpp"
#include "options.hpp"
#include "printer.hpp"

/// The report file of a verification: plain or signed JSON Lines, or PREMIS.
namespace dalil::cli {

/// What stands for it on the command line.
struct ReportRequest {
  std::string file;              ///< empty: none is wanted
  std::string format = "jsonl";  ///< or premis
  std::string key_file;          ///< empty: not signed
};
void declare_report_options(Options& app, ReportRequest& request);

using JsonObjects = std::vector<std::pair<std::string, Json>>;

/// Everything that can be wrong with the wish for a report is told before hours of work.
class ReportOutput {
 public:
  /// `volume_folder` is left as it is: no report goes there. Error(conflict) if the file exists;
  /// Error(usage), Error(invalid), Error(io).
  ReportOutput(ReportRequest request, const std::string& volume_folder);
  bool wanted() const { return !request_.file.empty(); }
  /// `objects` are what --json prints, for a report that is not signed.
  void write(const formats::CheckReport& report, const JsonObjects& objects) const;
  /// Says to people where it is, if there is one.
  void tell(Printer& out) const;

 private:
  ReportRequest request_;
  std::optional<formats::ReportKey> key_;
};

/// A verification with the archive, in the form of a report.
struct VerifiedVolume {
  const archive::Volume& volume;
  const jobs::VerifyReport& report;
  bool whole = true;  ///< not a part of the volume only
  UtcTime started, ended;
};
formats::CheckReport check_report_of(archive::View& view, const archive::Archive& archive,
                                     const VerifiedVolume& verified);

/// Keys of --trust. Error(usage).
std::vector<merkle::NoteKey> trusted_keys(const std::vector<std::string>& texts);

/// Whose report a run is of. The name of a person only if the ledger knows the key as theirs, or they took
/// the report in themselves; else the key, and whose word it was taken in on.
std::string report_signer_text(archive::View& view, const archive::RunSummary& run);

/// "corrupt     path  ranges  detail", without damage's meaning.
std::string exception_line(const Printer& out, const archive::RunSummary::Exception& exception);

}  // namespace dalil::cli
