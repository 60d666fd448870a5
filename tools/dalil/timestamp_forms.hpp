#pragma once

#include "dalil/archive/timestamp.hpp"
#include "printer.hpp"

/// What time-stamps look like.
namespace dalil::cli {

/// A time-stamp with what looking at it again came to.
struct TimestampView {
  archive::Timestamp timestamp;
  crypto::timestamp::Token token;
  std::string fault;  ///< why it does not hold; empty if it does
};
TimestampView look_at(archive::View& view, archive::Timestamp timestamp);

/// "valid", "valid, root not checked" or "DOES NOT HOLD".
std::string verdict_text(const TimestampView& one);
Style verdict_style(const TimestampView& one);

void print_timestamp(Printer& out, const TimestampView& one);
Json json_of(const TimestampView& one);

}  // namespace dalil::cli
