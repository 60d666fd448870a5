#pragma once

#include <cstdint>
#include <optional>

#include "dalil/archive/archive.hpp"
#include "dalil/media/thumbnail.hpp"

/// Small pictures of items (docs/pictures.md). Everything here is of class evidence: without it,
/// Error(wrong_key). They are in no entry: who loses them makes them again from the files.
namespace dalil::archive {

/// Error(wrong_key) for a role that may not see them, whatever there is.
void require_thumbnails(const View& view);
/// As they were made last; absent if nobody made any. Without a picture `problem` says why there is none.
std::optional<media::Thumbnails> thumbnails_of(View& view, Row item);
/// Whether somebody tried to make them.
bool has_thumbnails(View& view, const Digest& digest);
/// How many items have any, be it only why there is none; every role may know.
std::uint64_t items_with_thumbnails(View& view);
/// In the place of those that are there; durable with the editor's commit.
void put_thumbnails(Editor& editor, const Digest& digest, const media::Thumbnails& thumbnails);

}  // namespace dalil::archive
