#pragma once

#include <map>
#include <mutex>
#include <set>
#include <unordered_set>

#include "bagit_parts.hpp"
#include "dalil/files/walk.hpp"
#include "dalil/jobs/content.hpp"
#include "dalil/jobs/queue.hpp"

namespace dalil::formats::bagit {

/// One validation of one bag: reads the lists, walks the tree, hashes what is listed, explains the rest.
class BagCheck {
 public:
  BagCheck(const std::string& directory, const ValidateOptions& options, jobs::Progress& progress,
           const jobs::StopFlag& stop);
  Report run();

 private:
  void add(Finding::Weight weight, std::string path, std::string text);
  std::optional<std::string> tag_file(const std::string& name);
  std::optional<std::string> text_of(const std::string& name);
  bool read_lists(const std::vector<std::string>& names);
  void read_list(const std::string& name, const std::string& algorithm, ManifestOf of);
  void check_manifests();
  void read_all();
  void walk();
  bool expect(const std::string& path, const files::DirectoryEntry& entry);
  jobs::ContentNeeds needs(files::ReadFrom from, bool spinning) const;
  std::string compare(const Manifests& manifests, const Listed& listed, const jobs::Content& content) const;
  std::string judge(const std::string& path, const Listed& listed, const jobs::Content& content);
  /// True if the file has the content that is listed under `listed_as`.
  bool check(const jobs::FileTask& task, const std::string& listed_as, const jobs::Content& content);
  void read_tasks(bool spinning);
  void check_oxum();

  // Names that do not match byte for byte (bagit_names.cpp)
  void match_names();
  bool match_other_spelling(const std::string& path, const Listed& listed);
  bool match_listed_twin(const std::string& path, const Listed& listed);
  bool read_under(const std::string& path, const std::string& found, const char* how);
  void tell_missing(const std::string& path);
  void tell_twins();

  const std::string& directory_;
  const ValidateOptions& options_;
  jobs::Progress& progress_;
  const jobs::StopFlag& stop_;
  files::Walker walker_;
  std::shared_ptr<const files::Fd> root_;
  Report report_;
  Manifests payload_, tags_;
  std::map<std::string, std::string> fetch_;  ///< path to URL
  std::set<crypto::HashKind> all_kinds_;
  std::unordered_set<std::string> seen_;  ///< listed and there
  std::set<std::string> unlisted_;        ///< payload that is there and not listed
  std::uint64_t payload_files_ = 0, payload_bytes_ = 0;
  bool has_payload_folder_ = false, unknown_kind_ = false;
  bool system_files_differ_ = false;  ///< tolerated, and so is what follows from it for the sum
  jobs::Queue<std::vector<jobs::FileTask>> tasks_{8};
  std::mutex mutex_;  ///< of the report while readers run
  std::map<files::ReadPath, std::uint64_t> read_paths_;
};

}  // namespace dalil::formats::bagit
