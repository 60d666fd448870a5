#pragma once

#include <functional>
#include <string_view>

#include "dalil/base/bytes.hpp"

/// The records of a snapshot: docs/formats/snapshot.md. Numbers are persistent.
namespace dalil::ledger::snapshot {

inline constexpr std::string_view kMagic = "dalil snapshot 1\n";

enum class RecordKind : std::uint8_t {
  key_file = 1,  ///< name, content
  table = 2,     ///< name, empty: the values that follow are of this table
  value = 3,     ///< key, value
  end = 4,       ///< "", number of values u64
};
/// No part of a record is larger.
inline constexpr std::size_t kLargestPart = std::size_t{256} << 20;

void append_record(Bytes& out, RecordKind kind, ByteView first, ByteView second);

/// Takes a snapshot in pieces and hands out record by record.
class Parser {
 public:
  using Visit = std::function<void(RecordKind kind, ByteView first, ByteView second)>;
  explicit Parser(Visit visit) : visit_(std::move(visit)) {}
  /// Error(corrupt) for what is no snapshot; what `visit` throws passes through.
  void update(ByteView piece);
  /// Error(corrupt) unless the last record was the end, and complete.
  void finish() const;

 private:
  /// Bytes that the record at the front takes; 0 if it is not complete.
  std::size_t take_record(ByteView bytes);

  Visit visit_;
  Bytes pending_;
  bool begun_ = false, ended_ = false;
};

}  // namespace dalil::ledger::snapshot
