#include <fmt/format.h>

#include <unordered_map>

#include "block.hpp"
#include "core.hpp"

namespace dalil::ledger {

struct Reader::State {
  explicit State(std::shared_ptr<const Core> shared)
      : core(std::move(shared)),
        txn(core->env, true),
        seals(core->keyring),
        tokens(core->keyring),
        sizes(read_state(*core, txn, seals)) {}

  std::shared_ptr<const Core> core;
  lmdb::Txn txn;
  SealBox seals;
  mutable TokenMaker tokens;
  layout::State sizes;
  struct Cached {
    std::uint32_t number = UINT32_MAX;
    Block block;
  };
  std::unordered_map<unsigned, Cached> cache;  // the block of each column that was looked at last
  Bytes scratch;
  Bytes held;

  Row rows(std::uint8_t table) const {
    const auto found = sizes.rows.find(table);
    return found == sizes.rows.end() ? 0 : found->second;
  }

  const Block& block(const Column& column, std::uint32_t number) {
    Cached& cached = cache[column.table << 8 | column.id];
    if (cached.number == number) return cached.block;
    const auto key = layout::block_key(column, number);
    const auto sealed = txn.get(core->blocks, key);
    if (!sealed)
      throw Error(ErrorCode::corrupt, fmt::format("block {} of column '{}' is missing", number, column.name),
                  "run 'dalil rebuild'");
    cached.number = UINT32_MAX;
    Bytes plain;
    seals.open(plain, column.seal_class, layout::Place::block, key, *sealed);
    cached.block = Block(column, std::move(plain), block_size(column, number, rows(column.table)));
    cached.number = number;
    return cached.block;
  }

  /// No content is destroyed without an entry that says so.
  void expect_redaction(Seq seq) const {
    if (!txn.get(
            core->lookups,
            ByteView(tokens.make(kTokenRedacted, layout::seq_key(seq), {})).first(layout::kTokenKeySize)))
      throw not_committed(fmt::format("the content of entry {} was cut off", seq));
  }
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;

void Reader::rest() {
  state_->txn.rest();
}

void Reader::renew() {
  state_->txn.renew();
  state_->cache.clear();
  state_->sizes = read_state(*state_->core, state_->txn, state_->seals);
}

std::uint64_t Reader::size() const {
  return state_->sizes.tree_size;
}

Entry Reader::entry(Seq seq) {
  if (seq >= size()) throw Error(ErrorCode::not_found, fmt::format("there is no entry {}", seq));
  Entry entry = read_entry(*state_->core, state_->txn, state_->seals, seq, state_->scratch);
  if (entry.state == Entry::State::redacted) state_->expect_redaction(seq);
  return entry;
}

PublicLine Reader::line(Seq seq) {
  const auto value = state_->txn.get(state_->core->entries, layout::seq_key(seq));
  if (!value) throw Error(ErrorCode::not_found, fmt::format("there is no entry {}", seq));
  return layout::parse_public(seq, *value);
}

void Reader::for_each(Seq first, Seq last, const std::function<bool(const Entry&)>& visit) {
  for (Seq seq = first; seq < std::min(last, size()); ++seq)
    if (!visit(entry(seq))) return;
}

std::string Reader::checkpoint() {
  const auto note = state_->txn.get(state_->core->meta, as_bytes(layout::kMetaCheckpoint));
  if (!note) throw not_committed("the archive's checkpoint is missing");
  return std::string(as_chars(*note));
}

std::optional<std::string> Reader::checkpoint_at(std::uint64_t tree_size) {
  const auto note = state_->txn.get(state_->core->checkpoints, layout::seq_key(tree_size));
  if (!note) return std::nullopt;
  return std::string(as_chars(*note));
}

void Reader::for_each_checkpoint(const std::function<bool(std::uint64_t, const std::string&)>& visit) {
  lmdb::Cursor cursor(state_->txn, state_->core->checkpoints);
  for (bool more = cursor.last(); more; more = cursor.previous()) {
    if (cursor.key().size() != sizeof(std::uint64_t)) throw not_committed("a checkpoint's key is ill-formed");
    if (!visit(load_u64(cursor.key().data()), std::string(as_chars(cursor.value())))) return;
  }
}

merkle::NodeReader Reader::nodes() {
  return merkle::nodes_from_tiles([state = state_.get()](unsigned level, std::uint64_t index) -> ByteView {
    state->held = read_tile(*state->core, state->txn, level, index);
    return state->held;
  });
}

Bytes Reader::tile(unsigned level, std::uint64_t index) {
  return read_tile(*state_->core, state_->txn, level, index);
}

std::uint64_t Reader::seals() const {
  return state_->sizes.seals;
}

std::vector<Signer> Reader::signers() {
  return read_signers(*state_->core, state_->txn, state_->seals);
}

bool Reader::can_read(SealClass seal_class) const {
  return state_->seals.can_read(seal_class);
}

Row Reader::rows(std::uint8_t table) const {
  return state_->rows(table);
}

ByteView Reader::cell(const Column& column, Row row) {
  if (row >= rows(column.table))
    throw Error(ErrorCode::corrupt, fmt::format("row {} of column '{}' does not exist", row, column.name),
                "run 'dalil check'");
  const std::uint32_t number = block_of(column, row);
  return state_->block(column, number).value(column, row - first_row(column, number));
}

void Reader::scan(const Column& column, const std::function<bool(Row, Row, ByteView)>& visit,
                  std::uint32_t first_block, std::uint32_t last_block) {
  const std::uint32_t end = std::min(last_block, block_count(column, rows(column.table)));
  for (std::uint32_t number = first_block; number < end; ++number) {
    const Block& block = state_->block(column, number);
    if (!visit(first_row(column, number), block.size(), block.all())) return;
  }
}

bool Reader::is_blank(const Column& column, std::uint32_t block) {
  return state_->block(column, block).is_blank();
}

void Reader::scan_texts(const Column& column, const std::function<bool(const Texts&)>& visit,
                        std::uint32_t first_block, std::uint32_t last_block) {
  const std::uint32_t end = std::min(last_block, block_count(column, rows(column.table)));
  for (std::uint32_t number = first_block; number < end; ++number) {
    const Block& block = state_->block(column, number);
    if (!visit({first_row(column, number), block.all(), block.begins(), block.sizes()})) return;
  }
}

std::optional<Reader> Reader::twin() const {
  Reader other = on(state_->core);
  if (other.state_->sizes.tree_size != state_->sizes.tree_size) return std::nullopt;
  return other;
}

void Reader::scan_variable(const Column& column, const std::function<bool(Row, ByteView)>& visit) {
  const std::uint32_t end = block_count(column, rows(column.table));
  for (std::uint32_t number = 0; number < end; ++number) {
    const Block& block = state_->block(column, number);
    for (Row i = 0; i < block.size(); ++i)
      if (!visit(first_row(column, number) + i, block.value(column, i))) return;
  }
}

Token Reader::token(const TokenKind& kind, ByteView value, ByteView more) const {
  return state_->tokens.make(kind, value, more);
}

std::optional<Bytes> Reader::record(const RecordTable& table, const Token& token) {
  const auto key = layout::record_key(table.id, token);
  const auto sealed = state_->txn.get(state_->core->records, key);
  if (!sealed) return std::nullopt;
  Bytes plain;
  state_->seals.open(plain, table.seal_class, layout::Place::record, key, *sealed);
  return plain;
}

bool Reader::has_record(const RecordTable& table, const Token& token) {
  return state_->txn.get(state_->core->records, layout::record_key(table.id, token)).has_value();
}

std::uint64_t Reader::record_count(const RecordTable& table) const {
  const auto found = state_->sizes.records.find(table.id);
  return found == state_->sizes.records.end() ? 0 : found->second;
}

void Reader::for_each_record(const RecordTable& table, const std::function<bool(ByteView)>& visit) {
  lmdb::Cursor cursor(state_->txn, state_->core->records);
  const std::uint8_t prefix[] = {table.id};
  std::uint64_t seen = 0;
  for (bool more = cursor.seek(prefix); more && cursor.key()[0] == table.id; more = cursor.next()) {
    // Walking from leaf to leaf and going down to a key are two ways; damage may cut off either.
    const auto found = state_->txn.get(state_->core->records, cursor.key());
    if (!found || found->data() != cursor.value().data())
      throw not_committed(fmt::format("table '{}' has a record that its key does not lead to", table.name));
    state_->seals.open(state_->held, table.seal_class, layout::Place::record, cursor.key(), cursor.value());
    ++seen;
    if (!visit(state_->held)) return;
  }
  if (seen != record_count(table))
    throw not_committed(
        fmt::format("table '{}' has {} records, which is not what was committed", table.name, seen));
}

std::optional<std::uint64_t> Reader::lookup(const Token& token) {
  const auto value = state_->txn.get(state_->core->lookups, ByteView(token).first(layout::kTokenKeySize));
  if (!value || value->size() != 8) return std::nullopt;
  return load_u64(value->data()) ^ token_mask(token);
}

std::uint64_t Reader::counter(unsigned index) const {
  const auto found = state_->sizes.counters.find(index);
  return found == state_->sizes.counters.end() ? 0 : found->second;
}

Reader Reader::on(std::shared_ptr<const Core> core) {
  return Reader(std::make_unique<State>(std::move(core)));
}

}  // namespace dalil::ledger
