#include "lmdb.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"

namespace dalil::ledger::lmdb {

namespace {

constexpr std::size_t kLargestMap = std::size_t{1} << 40;
constexpr std::size_t kSmallestMap = std::size_t{1} << 32;
constexpr std::uint64_t kLeastRoom = 1 << 20;
/// A header and 64 bytes for each of the 1,022 readers; a larger file only means more readers.
constexpr off_t kLockFileBytes = 68 << 10;

// The meta page of LMDB's file format, version 1, on 64-bit machines (mdb.c of 0.9.24: MDB_page, MDB_meta).
struct MetaPage {
  std::uint64_t page_number;
  std::uint16_t pad, flags;
  std::uint16_t lower, upper;
  std::uint32_t magic, version;
  std::uint64_t address, map_size;
  struct {
    std::uint32_t pad;
    std::uint16_t flags, depth;
    std::uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
  } tables[2];
  std::uint64_t last_page, transaction;
};
static_assert(sizeof(MetaPage) == 16 + 24 + 2 * 48 + 16);
constexpr std::uint32_t kMagic = 0xBEEFC0DE;

Error damaged(const std::string& file, const std::string& how) {
  return Error(ErrorCode::corrupt, fmt::format("archive database '{}' is damaged: {}", file, how),
               "restore the archive from a backup drive; do not write to this one");
}

}  // namespace

namespace {

/// LMDB reports a write that came out short as EIO (mdb_page_flush), which is what a full disk looks like.
bool is_full(const std::string& directory) {
  struct statvfs status {};
  return statvfs(directory.c_str(), &status) == 0 && status.f_bavail * status.f_frsize < kLeastRoom;
}

/// LMDB maps its lock file as a hole: on a full disk the first touch of it would end the process with SIGBUS.
void give_room_to_lock_file(const std::string& directory) {
  const std::string path = directory + "/lock.mdb";
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && status.st_blocks * 512 >= kLockFileBytes) return;
  const files::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return;  // a read-only archive, or none: the opening itself will tell
  if (fallocate(file.get(), 0, 0, kLockFileBytes) != 0 && errno == ENOSPC)
    throw system_error("open", directory, ENOSPC);
}

}  // namespace

Error failure(const std::string& action, const std::string& directory, int code) {
  if (code == EIO && is_full(directory)) code = ENOSPC;
  if (code == ENOSPC || code == EIO || code == EROFS || code == EACCES || code == EDQUOT)
    return system_error(action, directory, code);
  if (code == MDB_MAP_FULL)
    return Error(ErrorCode::io, fmt::format("cannot {} '{}': the database's map is full", action, directory),
                 "this system limits the address space (ulimit -v); raise the limit");
  if (code == MDB_READERS_FULL)
    return Error(ErrorCode::locked,
                 fmt::format("cannot {} '{}': too many processes read it", action, directory),
                 "close other programs that have this archive open");
  if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID || code == MDB_PANIC ||
      code == MDB_BAD_VALSIZE || code == MDB_CURSOR_FULL || code == MDB_PAGE_FULL)
    return damaged(directory, mdb_strerror(code));
  if (code == MDB_BAD_TXN && action == "read")  // what it read before in this transaction was no page
    return damaged(directory, "a page of it cannot be one");
  if (code == MDB_VERSION_MISMATCH)
    return Error(ErrorCode::unsupported,
                 fmt::format("cannot {} '{}': {}", action, directory, mdb_strerror(code)),
                 "use a newer Dalil");
  return Error(ErrorCode::io, fmt::format("cannot {} '{}': {}", action, directory, mdb_strerror(code)));
}

namespace {

/// What is wrong with the meta pages, or with the file's size; empty if nothing. Another process may be
/// committing: then what was read belongs to two different moments.
std::string fault_of_file(const std::string& data_file) {
  std::ifstream file(data_file, std::ios::binary);
  if (!file) throw system_error("open", data_file, errno);
  MetaPage metas[2];
  std::uint64_t page_size = 4096;
  for (int i = 0; i < 2; ++i) {
    file.seekg(static_cast<std::streamoff>(i * page_size));
    if (!file.read(reinterpret_cast<char*>(&metas[i]), sizeof(MetaPage))) return "too short";
    if (metas[i].magic != kMagic) return "a meta page is not one";
    if (metas[i].version != 1)
      throw Error(ErrorCode::unsupported, fmt::format("archive database '{}' has another version", data_file),
                  "use a newer Dalil");
    page_size = metas[i].tables[0].pad;
    if (page_size < 512 || page_size > 65536 || (page_size & (page_size - 1)) != 0)
      return "impossible page size";
  }
  // Transactions take turns: even ones write page 0, odd ones page 1. With any bit of a number flipped the
  // older page would pass for the newest, and the last commit be lost without a word.
  const std::uint64_t even = metas[0].transaction, odd = metas[1].transaction;
  if (even % 2 != 0 || odd % 2 != 1 || (even + 1 != odd && odd + 1 != even))
    return "its meta pages do not follow each other";
  const MetaPage &newest = metas[even > odd ? 0 : 1], &older = metas[even > odd ? 1 : 0];
  if (newest.last_page < older.last_page) return "its newest meta page lacks pages";
  struct stat status {};
  if (stat(data_file.c_str(), &status) != 0) throw system_error("open", data_file, errno);
  const std::uint64_t pages = static_cast<std::uint64_t>(status.st_size) / page_size;
  if (newest.last_page >= pages)
    return fmt::format("it should have {} pages and has {}", newest.last_page + 1, pages);
  return {};
}

/// LMDB aborts the process when a page is not what its parent says. It calls this before; the exception
/// passes through its frames, which own nothing, and the transaction is only good for being aborted then.
void on_lmdb_assertion(MDB_env* env, const char* message) {
  const char* directory = "";
  mdb_env_get_path(env, &directory);
  throw damaged(directory, message);
}

}  // namespace

void check_file(const std::string& data_file) {
  constexpr int kTries = 10;  // nobody commits so fast
  std::string fault = fault_of_file(data_file);
  for (int tries = 1; !fault.empty() && tries < kTries; ++tries) fault = fault_of_file(data_file);
  if (!fault.empty()) throw damaged(data_file, fault);
}

Env::Env(const std::string& directory, unsigned max_tables)
    : directory_(directory), read_only_(access(directory.c_str(), W_OK) != 0 && errno == EROFS) {
  if (!read_only_) give_room_to_lock_file(directory);
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0) throw failure("open", directory, code);
  env_.reset(raw);
  mdb_env_set_maxdbs(raw, max_tables);
  mdb_env_set_maxreaders(raw, 1022);
  mdb_env_set_assert(raw, on_lmdb_assertion);
  // Default durability: no NOSYNC, no WRITEMAP. Address space may be limited, so smaller maps are tried.
  int code = ENOMEM;
  for (std::size_t size = kLargestMap; size >= kSmallestMap && code == ENOMEM; size /= 4) {
    mdb_env_set_mapsize(raw, size);
    code = mdb_env_open(raw, directory.c_str(), MDB_NOTLS | (read_only_ ? MDB_RDONLY | MDB_NOLOCK : 0), 0600);
    if (code == ENOMEM) {  // a failed open must be closed
      env_.reset();
      if (mdb_env_create(&raw) != 0) break;
      env_.reset(raw);
      mdb_env_set_maxdbs(raw, max_tables);
      mdb_env_set_maxreaders(raw, 1022);
      mdb_env_set_assert(raw, on_lmdb_assertion);
    }
  }
  if (code != 0) throw failure("open", directory, code);
  mdb_filehandle_t data = -1;  // that LMDB lets programs which are started inherit
  if (mdb_env_get_fd(raw, &data) == 0) (void)fcntl(data, F_SETFD, FD_CLOEXEC);
  int dead = 0;
  mdb_reader_check(raw, &dead);
}

bool Env::in_place() const {
  mdb_filehandle_t fd = -1;
  struct stat opened {
  }, present{};
  return mdb_env_get_fd(env_.get(), &fd) == 0 && fstat(fd, &opened) == 0 &&
         stat((directory_ + "/data.mdb").c_str(), &present) == 0 && opened.st_dev == present.st_dev &&
         opened.st_ino == present.st_ino;
}

void Env::check_lock_file() const {
  constexpr int kTries = 200;  // a commit writes its meta page first, then counts itself
  for (int tries = kTries; tries > 0; --tries) {
    const Txn now(*this, true);
    MDB_envinfo info{};
    mdb_env_info(env_.get(), &info);
    if (mdb_txn_id(now.get()) == info.me_last_txnid) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  throw Error(ErrorCode::locked,
              fmt::format("cannot open archive '{}': other processes read a state of it that was replaced",
                          escape_for_display(directory_)),
              "end the programs that have had it open for long, then try again");
}

Txn::Txn(const Env& env, bool read_only) : env_(&env) {
  const int code = mdb_txn_begin(env.get(), nullptr, read_only ? MDB_RDONLY : 0, &txn_);
  if (code != 0) throw failure(read_only ? "read" : "write", env.directory(), code);
}

void Txn::commit() {
  const int code = mdb_txn_commit(std::exchange(txn_, nullptr));
  if (code != 0) throw failure("write", env_->directory(), code);
}

void Txn::abort() {
  if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
}

void Txn::rest() {
  mdb_txn_reset(txn_);
}

void Txn::renew() {
  mdb_txn_reset(txn_);
  const int code = mdb_txn_renew(txn_);
  if (code != 0) throw failure("read", env_->directory(), code);
}

MDB_dbi Txn::open_table(const char* name, bool create) const {
  MDB_dbi table = 0;
  const int code = mdb_dbi_open(txn_, name, create ? MDB_CREATE : 0, &table);
  if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE)
    throw damaged(env_->directory(), fmt::format("table '{}' is missing", name));
  if (code != 0) throw failure("open", env_->directory(), code);
  return table;
}

namespace {
MDB_val to_val(ByteView bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}
}  // namespace

std::optional<ByteView> Txn::get(MDB_dbi table, ByteView key) const {
  MDB_val k = to_val(key), v{};
  const int code = mdb_get(txn_, table, &k, &v);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) throw failure("read", env_->directory(), code);
  return ByteView{static_cast<const std::uint8_t*>(v.mv_data), v.mv_size};
}

void Txn::put(MDB_dbi table, ByteView key, ByteView value, unsigned flags) const {
  MDB_val k = to_val(key), v = to_val(value);
  const int code = mdb_put(txn_, table, &k, &v, flags);
  if (code != 0) throw failure("write", env_->directory(), code);
}

std::uint64_t Txn::count(MDB_dbi table) const {
  MDB_stat stat{};
  const int code = mdb_stat(txn_, table, &stat);
  if (code != 0) throw failure("read", env_->directory(), code);
  return stat.ms_entries;
}

Cursor::Cursor(const Txn& txn, MDB_dbi table) {
  const int code = mdb_cursor_open(txn.get(), table, &cursor_);
  if (code != 0) throw failure("read", "archive", code);
}

bool Cursor::move(MDB_cursor_op operation) {
  const int code = mdb_cursor_get(cursor_, &key_, &value_, operation);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) throw failure("read", "archive", code);
  return true;
}

bool Cursor::seek(ByteView key) {
  key_ = to_val(key);
  return move(MDB_SET_RANGE);
}

bool Cursor::first() {
  return move(MDB_FIRST);
}
bool Cursor::next() {
  return move(MDB_NEXT);
}
bool Cursor::last() {
  return move(MDB_LAST);
}
bool Cursor::previous() {
  return move(MDB_PREV);
}

}  // namespace dalil::ledger::lmdb
