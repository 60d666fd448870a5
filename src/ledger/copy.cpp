#include <dirent.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>

#include "core.hpp"
#include "dalil/base/text.hpp"
#include "dalil/crypto/secret.hpp"
#include "dalil/files/handle.hpp"
#include "signers.hpp"
#include "swap_lock.hpp"
#include "tree_tiles.hpp"

namespace dalil::ledger {

namespace {

constexpr std::uint64_t kEntriesPerTransaction = 10'000;
constexpr std::string_view kFreshPrefix = "rebuild.tmp-";  // then the process that makes it
constexpr const char* kDatabaseFiles[] = {"data.mdb", "lock.mdb", "writer.lock"};

/// Copies entries and makes their tree anew, which must be the one that was signed.
class LedgerCopy {
 public:
  LedgerCopy(const Core& from, const Core& to, const std::set<Seq>& destroy)
      : from_(from),
        to_(to),
        destroy_(destroy),
        opening_(from.keyring),
        sealing_(to.keyring),
        anew_(from.keyring.epoch() != to.keyring.epoch()),
        in_(from.env, true),
        tree_(0, [](unsigned, std::uint64_t) { return Bytes(); }) {}

  void run() {
    const layout::State sizes = read_state(from_, in_, opening_);
    for (std::uint64_t first = 0; first < sizes.tree_size; first += kEntriesPerTransaction)
      copy_entries(first, std::min(first + kEntriesPerTransaction, sizes.tree_size));
    copy_rest(sizes);
  }

 private:
  /// The tiles of `from` have the signed root; so have the entries if they give the same tiles.
  void copy_tile(lmdb::Txn& out, unsigned level, std::uint64_t index, ByteView hashes) {
    const auto key = layout::tile_key(level, index);
    const auto old = in_.get(from_.tiles, key);
    if (!old || !std::ranges::equal(*old, hashes))
      throw not_committed(fmt::format("tree tile {}/{} does not follow from the entries", level, index));
    out.put(to_.tiles, key, hashes);
  }

  /// As it is; or with its content sealed anew, or left out. The public part stays, and with it the tree.
  ByteView value_under_new_keys(Seq seq, ByteView key, ByteView value) {
    if (value.size() < layout::kEntryPublicSize)
      throw not_committed(fmt::format("entry {} is too short", seq));
    const ByteView line = value.first(layout::kEntryPublicSize);
    const ByteView sealed = value.subspan(layout::kEntryPublicSize);
    if (sealed.empty() || destroy_.contains(seq)) return line;
    if (!anew_) return value;
    const SealClass seal_class = layout::parse_public(seq, value).seal_class;
    opening_.open(plain_, seal_class, layout::Place::entry, key, sealed, line);
    value_.assign(line.begin(), line.end());
    sealing_.seal(value_, seal_class, layout::Place::entry, key, plain_, layout::entry_padding(plain_.size()),
                  line);
    return value_;
  }

  void copy_entries(std::uint64_t first, std::uint64_t last) {
    lmdb::Txn out(to_.env, false);
    const auto write = [&](unsigned level, std::uint64_t index, ByteView hashes) {
      copy_tile(out, level, index, hashes);
    };
    for (std::uint64_t seq = first; seq < last; ++seq) {
      const auto key = layout::seq_key(seq);
      const auto value = in_.get(from_.entries, key);
      if (!value) throw not_committed(fmt::format("entry {} is missing", seq));
      out.put(to_.entries, key, value_under_new_keys(seq, key, *value), MDB_APPEND);
      const std::string line = layout::parse_public(seq, *value).text();
      tree_.append(merkle::leaf_hash(as_bytes(line)), write);
    }
    out.commit();
  }

  void copy_rest(const layout::State& sizes) {
    lmdb::Txn out(to_.env, false);
    tree_.flush(
        [&](unsigned level, std::uint64_t index, ByteView hashes) { copy_tile(out, level, index, hashes); });
    for (const std::string_view key : {layout::kMetaFormat, layout::kMetaArchiveId, layout::kMetaCheckpoint})
      if (const auto value = in_.get(from_.meta, as_bytes(key))) out.put(to_.meta, as_bytes(key), *value);
    lmdb::Cursor checkpoints(in_, from_.checkpoints);
    for (bool more = checkpoints.seek(layout::seq_key(0)); more; more = checkpoints.next())
      out.put(to_.checkpoints, checkpoints.key(), checkpoints.value());
    put_meta(out, layout::kMetaSigners, encode_signers(read_signers(from_, in_, opening_)));
    layout::State fresh;
    fresh.tree_size = sizes.tree_size;
    fresh.seals = (anew_ ? 0 : sizes.seals) + sealing_.sealed() + 1;
    put_meta(out, layout::kMetaState, fresh.encode());
    out.commit();
  }

  void put_meta(const lmdb::Txn& out, std::string_view key, const Bytes& content) {
    Bytes sealed;
    sealing_.seal(sealed, SealClass::inventory, layout::Place::meta, as_bytes(key), content, 64);
    out.put(to_.meta, as_bytes(key), sealed);
  }

  const Core& from_;
  const Core& to_;
  const std::set<Seq>& destroy_;
  SealBox opening_, sealing_;
  bool anew_;
  Bytes plain_, value_;
  lmdb::Txn in_;
  TreeTiles tree_;
};

}  // namespace

void copy_ledger(const Ledger& from, const std::string& to, const Keyring& keyring,
                 const std::set<Seq>& destroy) {
  if (mkdir(to.c_str(), 0700) != 0) throw system_error("create", to, errno);
  const auto target = Core::open(to, keyring.clone(), from.core().schema, *from.core().clock, true);
  LedgerCopy(from.core(), *target, destroy).run();
}

void replace_database(const std::string& directory, const std::string& fresh) {
  const std::string made = fresh + "/data.mdb", old = directory + "/data.mdb";
  files::sync_directory(fresh);
  {
    // Whoever still reads the old database keeps it, and its lock file: both go together. The data goes
    // first: if this process is killed in between, a lock file that does not fit is left behind, which
    // opening notices (Env::check_lock_file). A lock file that was missing would be made anew for data that
    // others still read under the one that is gone.
    const SwapLock nobody_opens(directory, SwapLock::For::replacing);
    if (rename(made.c_str(), old.c_str()) != 0) throw system_error("replace", old, errno);
    unlink((directory + "/lock.mdb").c_str());
  }
  files::sync_directory(directory);
  remove_database(fresh);
}

std::string path_for_fresh_database(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(directory.c_str()), closedir);
  if (!handle) throw system_error("open", directory, errno);
  while (const dirent* entry = readdir(handle.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kFreshPrefix)) continue;
    pid_t pid = 0;
    std::from_chars(name.data() + kFreshPrefix.size(), name.data() + name.size(), pid);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
      remove_database(fmt::format("{}/{}", directory, name));
  }
  return fmt::format("{}/{}{}-{}", directory, kFreshPrefix, getpid(), to_hex(crypto::random_array<6>()));
}

void remove_database(const std::string& directory) {
  for (const char* name : kDatabaseFiles) unlink((directory + "/" + name).c_str());
  rmdir(directory.c_str());
}

std::vector<std::string> compare_derived(Reader& a, Reader& b, Schema schema,
                                         std::span<const RecordTable> tables) {
  std::vector<std::string> differences;
  for (const Column& column : schema) {
    const Row rows = a.rows(column.table);
    if (rows != b.rows(column.table)) {
      differences.push_back(
          fmt::format("column '{}': {} rows, and should have {}", column.name, rows, b.rows(column.table)));
      continue;
    }
    for (Row row = 0; row < rows; ++row) {
      bool equal = false;
      try {
        equal = std::ranges::equal(a.cell(column, row), b.cell(column, row));
      } catch (const Error& error) {
        differences.push_back(fmt::format("column '{}': {}", column.name, error.what()));
        break;
      }
      if (equal) continue;
      differences.push_back(fmt::format("column '{}' differs from the ledger at row {}", column.name, row));
      break;
    }
  }
  for (const RecordTable& table : tables) {
    std::vector<Bytes> left, right;
    const auto gather = [&](Reader& reader, std::vector<Bytes>& into) {
      try {
        reader.for_each_record(table, [&](ByteView content) {
          into.emplace_back(content.begin(), content.end());
          return true;
        });
      } catch (const Error& error) {
        differences.push_back(fmt::format("table '{}': {}", table.name, error.what()));
      }
    };
    gather(a, left);
    gather(b, right);
    // The order is the tokens', which both archives have in common.
    if (left != right) differences.push_back(fmt::format("table '{}' differs from the ledger", table.name));
  }
  return differences;
}

}  // namespace dalil::ledger
