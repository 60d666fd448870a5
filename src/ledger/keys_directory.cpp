#include "keys_directory.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::ledger {

namespace {

constexpr std::string_view kSlotEnd = ".age", kGrantEnd = ".grant", kNewEnd = ".new";
constexpr std::size_t kLargestFile = 1 << 20;

std::string keys_of(const std::string& directory) {
  return directory + "/" + kKeysDirectory;
}
std::string slot_path(const std::string& directory, const std::string& name) {
  return keys_of(directory) + "/" + name;
}
std::string grant_name(std::uint32_t epoch, const ActorId& actor) {
  return fmt::format("epoch-{}-{}{}", epoch, to_hex(actor), kGrantEnd);
}

/// Names in `keys/` that end so, sorted. Error(no_archive) if there is no such directory.
std::vector<std::string> names_ending(const std::string& directory, std::string_view end) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(keys_of(directory).c_str()), closedir);
  if (!handle && errno != ENOENT && errno != ENOTDIR) throw system_error("open", keys_of(directory), errno);
  if (!handle)
    throw Error(ErrorCode::no_archive,
                fmt::format("there is no archive in '{}'", escape_for_display(directory)),
                "name one with --archive or DALIL_ARCHIVE, or make one with 'dalil init'");
  std::vector<std::string> names;
  while (const dirent* entry = readdir(handle.get())) {
    const std::string name = entry->d_name;
    if (name.size() > end.size() && name.ends_with(end)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Absent if the file went since it was listed: a rotation removes the keys of a database that it has
/// replaced.
std::optional<Bytes> read_unless_removed(const std::string& path) {
  try {
    return files::read_small_file(path, kLargestFile);
  } catch (const Error&) {
    if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
    throw;
  }
}

void remove_key_file(const std::string& directory, const std::string& name) {
  if (unlink(slot_path(directory, name).c_str()) != 0 && errno != ENOENT)
    throw system_error("remove", slot_path(directory, name), errno);
  files::sync_directory(keys_of(directory));
}

}  // namespace

std::vector<std::pair<std::string, Bytes>> read_slots(const std::string& directory) {
  std::vector<std::pair<std::string, Bytes>> slots;
  for (const std::string& name : names_ending(directory, kSlotEnd))
    slots.emplace_back(name, files::read_small_file(slot_path(directory, name), kLargestFile));
  return slots;
}

void prepare_slot(const std::string& directory, const std::string& name, const Bytes& age_file) {
  const std::string path = slot_path(directory, name);
  if (access(path.c_str(), F_OK) == 0)
    throw Error(ErrorCode::conflict, fmt::format("key slot '{}' exists already", escape_for_display(name)),
                "see: dalil key list");
  files::write_atomically(path + std::string(kNewEnd), age_file, 0600);
}

void accept_slot(const std::string& directory, const std::string& name) {
  const std::string path = slot_path(directory, name);
  if (rename((path + std::string(kNewEnd)).c_str(), path.c_str()) != 0)
    throw system_error("create", path, errno);
  files::sync_directory(keys_of(directory));
}

void discard_slot(const std::string& directory, const std::string& name) {
  unlink((slot_path(directory, name) + std::string(kNewEnd)).c_str());
}

void remove_slot(const std::string& directory, const std::string& name) {
  remove_key_file(directory, name);
}

std::vector<std::string> prepared_slots(const std::string& directory) {
  std::vector<std::string> names = names_ending(directory, std::string(kSlotEnd) + std::string(kNewEnd));
  for (std::string& name : names) name.resize(name.size() - kNewEnd.size());
  return names;
}

void take_grants(Keyring& keyring, const std::string& directory) {
  if (access(keys_of(directory).c_str(), F_OK) != 0) return;  // a database that is being made
  const std::string mine = to_hex(keyring.actor()) + std::string(kGrantEnd);
  for (const std::string& name : names_ending(directory, mine))
    if (const auto grant = read_unless_removed(slot_path(directory, name))) keyring.take_grant(*grant);
}

void write_grants(const std::string& directory, const Keyring& keyring, const std::vector<Signer>& signers) {
  for (const Signer& signer : signers) {
    if (signer.removed_at) continue;
    if (signer.recipient.empty())
      throw Error(ErrorCode::unsupported,
                  fmt::format("the key of '{}' cannot be given new keys: an older version made it",
                              escape_for_display(signer.actor_name)),
                  "add a new key for them with 'dalil key add' and remove this one with 'dalil key remove'");
  }
  for (const Signer& signer : signers) {
    if (signer.removed_at) continue;
    const std::string path = slot_path(directory, grant_name(keyring.epoch(), signer.actor()));
    files::write_atomically(path, keyring.grant(signer.actor(), signer.role, signer.recipient), 0600);
  }
  files::sync_directory(keys_of(directory));
}

void remove_stale_grants(const std::string& directory, std::uint32_t epoch,
                         const std::vector<Signer>& signers) {
  std::vector<std::string> wanted;
  for (const Signer& signer : signers)
    if (!signer.removed_at) wanted.push_back(grant_name(epoch, signer.actor()));
  for (const std::string& name : names_ending(directory, kGrantEnd))
    if (std::ranges::find(wanted, name) == wanted.end()) remove_key_file(directory, name);
}

}  // namespace dalil::ledger
