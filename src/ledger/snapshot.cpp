#include "dalil/ledger/snapshot.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core.hpp"
#include "dalil/base/text.hpp"
#include "dalil/files/handle.hpp"
#include "keys_directory.hpp"
#include "new_directory.hpp"
#include "snapshot_format.hpp"
#include "swap_lock.hpp"

namespace dalil::ledger {

using snapshot::RecordKind;

namespace {

constexpr std::size_t kPieceSize = 256 << 10;
constexpr std::uint64_t kValuesPerTransaction = 10'000;
constexpr std::size_t kBytesPerTransaction = 64 << 20;
constexpr std::size_t kLargestKeyFile = 1 << 20, kMostKeyFiles = 100'000;
constexpr std::string_view kKeyFileEnds[] = {".age", ".age.new", ".grant"};

constexpr const char* kTables[] = {layout::kMeta,   layout::kEntries, layout::kTiles,  layout::kCheckpoints,
                                   layout::kBlocks, layout::kRecords, layout::kLookups};
MDB_dbi handle_of(const Core& core, std::string_view table) {
  constexpr MDB_dbi Core::*kHandles[] = {&Core::meta,   &Core::entries, &Core::tiles,  &Core::checkpoints,
                                         &Core::blocks, &Core::records, &Core::lookups};
  for (std::size_t i = 0; i < std::size(kTables); ++i)
    if (table == kTables[i]) return core.*kHandles[i];
  return 0;
}

bool is_key_file(std::string_view name) {
  const bool safe = !name.empty() && name.front() != '.' && name.size() < 200 &&
                    std::ranges::all_of(name, [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                    });
  return safe && std::ranges::any_of(kKeyFileEnds, [&](auto end) { return name.ends_with(end); });
}

std::vector<std::string> key_files(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(opendir(directory.c_str()), closedir);
  if (!handle) throw system_error("read", directory, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(handle.get()))
    if (is_key_file(entry->d_name)) names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

/// Gathers records into pieces.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(const std::function<void(ByteView)>& out) : out_(out) {}
  void add(RecordKind kind, ByteView first, ByteView second) {
    append_record(pending_, kind, first, second);
    if (pending_.size() >= kPieceSize) flush();
  }
  void flush() {
    out_(pending_);
    pending_.clear();
  }

 private:
  const std::function<void(ByteView)>& out_;
  Bytes pending_{snapshot::kMagic.begin(), snapshot::kMagic.end()};
};

SnapshotState state_from(ByteView note) {
  SnapshotState state;
  state.checkpoint_note = as_chars(note);
  const auto parsed = merkle::Note::parse(state.checkpoint_note);
  const auto checkpoint = parsed ? merkle::Checkpoint::parse(parsed->text) : std::nullopt;
  if (!checkpoint) throw not_committed("the archive's checkpoint is missing or ill-formed");
  state.checkpoint = *checkpoint;
  return state;
}

Error replaced() {
  return Error(ErrorCode::locked, "the archive was made anew while its snapshot was taken",
               "take the snapshot again");
}

}  // namespace

namespace {
/// While the database is the one in place, no grant that it needs has been removed.
void write_key_files(const Core& core, SnapshotWriter& writer) {
  const SwapLock not_replaced(core.directory, SwapLock::For::opening);
  if (!core.env.in_place()) throw replaced();
  const std::string keys = core.directory + "/" + kKeysDirectory;
  for (const std::string& name : key_files(keys))
    writer.add(RecordKind::key_file, as_bytes(name),
               files::read_small_file(keys + "/" + name, kLargestKeyFile));
}
}  // namespace

SnapshotState write_snapshot(const Ledger& ledger, const std::function<void(ByteView)>& out) {
  const Core& core = ledger.core();
  const lmdb::Txn txn(core.env, true);
  SnapshotWriter writer(out);
  write_key_files(core, writer);
  const auto note = txn.get(core.meta, as_bytes(layout::kMetaCheckpoint));
  SnapshotState state = state_from(note.value_or(ByteView()));
  for (const char* table : kTables) {
    writer.add(RecordKind::table, as_bytes(table), {});
    lmdb::Cursor cursor(txn, handle_of(core, table));
    for (bool more = cursor.first(); more; more = cursor.next()) {
      writer.add(RecordKind::value, cursor.key(), cursor.value());
      ++state.values;
    }
  }
  Bytes count;
  append_u64(count, state.values);
  writer.add(RecordKind::end, {}, count);
  writer.flush();
  return state;
}

struct SnapshotLoader::State {
  explicit State(const std::string& directory)
      : target(directory),
        parser([this](RecordKind kind, ByteView first, ByteView second) { take(kind, first, second); }) {}

  void take(RecordKind kind, ByteView first, ByteView second) {
    switch (kind) {
      case RecordKind::key_file:
        return take_key_file(std::string(as_chars(first)), second);
      case RecordKind::table:
        return begin_table(as_chars(first));
      case RecordKind::value:
        return take_value(first, second);
      case RecordKind::end:
        return take_end(second);
    }
  }

  void take_key_file(const std::string& name, ByteView content) {
    if (!is_key_file(name) || content.size() > kLargestKeyFile || ++key_file_count > kMostKeyFiles)
      throw not_committed(
          fmt::format("the snapshot holds a key file '{}', which is none", escape_for_display(name)));
    files::write_atomically(target.path() + "/" + kKeysDirectory + "/" + name, content, 0600);
  }

  void begin_table(std::string_view name) {
    const auto found = std::ranges::find(kTables, name);
    if (found == std::end(kTables) || (table_number && found - kTables <= *table_number))
      throw Error(ErrorCode::unsupported, "the snapshot holds tables that this version does not know",
                  "use the version of Dalil that made it, or a newer one");
    table_number = found - kTables;
    if (!txn) txn.emplace(*env, false);
    table = txn->open_table(*found, true);
  }

  void take_value(ByteView key, ByteView value) {
    if (!table_number || key.empty()) throw not_committed("the snapshot holds a value of no table");
    // In order, or LMDB refuses: so nothing is stated twice.
    txn->put(table, key, value, MDB_APPEND);
    if (*table_number == 0 && as_chars(key) == layout::kMetaCheckpoint) state = state_from(value);
    ++values;
    bytes += key.size() + value.size();
    if (++in_transaction < kValuesPerTransaction && bytes < kBytesPerTransaction) return;
    txn->commit();
    txn.emplace(*env, false);
    in_transaction = bytes = 0;
  }

  void take_end(ByteView count) {
    if (count.size() != sizeof(std::uint64_t) || load_u64(count.data()) != values || !table_number ||
        static_cast<std::size_t>(*table_number) + 1 != std::size(kTables))
      throw not_committed("the snapshot lacks values");
  }

  NewDirectory target;
  snapshot::Parser parser;
  std::optional<lmdb::Env> env;
  std::optional<lmdb::Txn> txn;
  std::optional<std::ptrdiff_t> table_number;
  MDB_dbi table = 0;
  SnapshotState state;
  std::uint64_t values = 0, in_transaction = 0, bytes = 0;
  std::size_t key_file_count = 0;
};

SnapshotLoader::SnapshotLoader(const std::string& directory) : state_(std::make_unique<State>(directory)) {
  state_->env.emplace(state_->target.path(), layout::kTableCount);
}
SnapshotLoader::~SnapshotLoader() = default;
SnapshotLoader::SnapshotLoader(SnapshotLoader&&) noexcept = default;

void SnapshotLoader::update(ByteView piece) {
  state_->parser.update(piece);
}

SnapshotState SnapshotLoader::finish() {
  State& s = *state_;
  s.parser.finish();
  if (s.state.checkpoint_note.empty()) throw not_committed("the snapshot lacks a checkpoint");
  s.txn->commit();
  s.txn.reset();
  s.env.reset();
  files::sync_directory(s.target.path() + "/" + kKeysDirectory);
  files::sync_directory(s.target.path());
  s.state.values = s.values;
  return s.state;
}

const std::string& SnapshotLoader::path() const {
  return state_->target.path();
}

void SnapshotLoader::put_in_place() {
  state_->target.put_in_place();
}

}  // namespace dalil::ledger
