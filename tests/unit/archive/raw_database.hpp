#pragma once

#include <lmdb.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dalil/base/bytes.hpp"

namespace dalil::testing {

/// One value as it lies on the disk.
struct RawValue {
  std::string table;
  Bytes key, value;
};

/// Every key and value of every table of a database, tables that this test does not know included: read with
/// LMDB alone, without a line of the ledger's code.
inline std::vector<RawValue> read_raw_database(const std::string& directory) {
  const auto check = [](int code) {
    if (code != 0) FAIL(mdb_strerror(code));
  };
  const auto bytes = [](const MDB_val& value) {
    const auto* data = static_cast<const std::uint8_t*>(value.mv_data);
    return Bytes(data, data + value.mv_size);
  };
  MDB_env* env = nullptr;
  check(mdb_env_create(&env));
  check(mdb_env_set_maxdbs(env, 64));
  check(mdb_env_open(env, directory.c_str(), MDB_RDONLY | MDB_NOLOCK, 0));
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
  const auto visit = [&](MDB_dbi table, auto&& each) {
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(txn, table, &cursor));
    MDB_val key{}, value{};
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) each(bytes(key), bytes(value));
    mdb_cursor_close(cursor);
  };
  MDB_dbi names = 0;
  check(mdb_dbi_open(txn, nullptr, 0, &names));
  std::vector<RawValue> all;
  visit(names, [&](const Bytes& name, const Bytes&) {
    const std::string table(as_chars(name));
    MDB_dbi handle = 0;
    check(mdb_dbi_open(txn, table.c_str(), 0, &handle));
    visit(handle, [&](const Bytes& key, const Bytes& value) { all.push_back({table, key, value}); });
  });
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return all;
}

inline std::string read_raw_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace dalil::testing
