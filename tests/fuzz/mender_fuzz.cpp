// Whatever lies where copies of a content should be (edited, cut, hostile age files): a mender puts nothing
// but that content, and what it has not put it calls lost.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "mender.hpp"

using namespace dalil;
using namespace dalil::drives;

namespace {

constexpr std::size_t kContentBytes = 10'000, kCopies = 3;

struct Desk {
  std::string folder = "/dev/shm/dalil-mender-XXXXXX";  // copies are read from the medium: a disk is slow
  files::Fd root;
  Bytes content = Bytes(kContentBytes), object;
  std::vector<crypto::age::Identity> identities;
  const Bytes key = Bytes(32, 7);
  const crypto::TagNonce nonce{};
  std::vector<crypto::ChunkTag> tags;

  Desk() {
    if (::mkdtemp(folder.data()) == nullptr) {
      folder = "/tmp/dalil-mender-XXXXXX";
      if (::mkdtemp(folder.data()) == nullptr) std::abort();
    }
    root = files::Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * i >> 3);
    tags.push_back(crypto::ChunkTagger(key).tag(nonce, 0, content));
    identities.push_back(crypto::age::Identity{crypto::Secret(Bytes(32, 0x42))});
    crypto::age::Encryptor encryptor({identities.front().recipient()},
                                     [&](ByteView made) { append(object, made); });
    encryptor.update(content);
    encryptor.finish();
  }
  ~Desk() {
    for (std::size_t i = 0; i <= kCopies; ++i) ::unlinkat(root.get(), std::to_string(i).c_str(), 0);
    ::rmdir(folder.c_str());
  }

  MendSource put(std::size_t number, ByteView bytes, bool sealed) const {
    const std::string name = std::to_string(number);
    const files::Fd file(::openat(root.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    MendSource source{root.get(), 1, name, name};
    source.sealed = sealed;
    return source;
  }
};

/// Three bytes an edit: place and mask; a mask of 0xEE cuts.
void edit(Bytes& bytes, ByteView edits) {
  for (; edits.size() >= 3; edits = edits.subspan(3)) {
    const std::size_t at = edits[0] * std::size_t{256} + edits[1];
    if (at >= bytes.size()) continue;
    if (edits[2] == 0xEE)
      bytes.resize(at);
    else
      bytes[at] ^= edits[2];
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Desk desk;
  if (size < 2) return 0;
  const std::uint8_t kinds = data[0];
  const bool raw = data[1] % 8 == 0;
  const ByteView rest(data + 2, size - 2);
  const std::size_t part = rest.size() / kCopies;
  std::vector<MendSource> sources;
  for (std::size_t i = 0; i < kCopies; ++i) {
    const bool sealed = kinds >> i & 1;
    Bytes bytes = sealed ? desk.object : desk.content;
    const ByteView mine = rest.subspan(i * part, part);
    if (raw && sealed)
      bytes.assign(mine.begin(), mine.end());
    else
      edit(bytes, mine);
    sources.push_back(desk.put(i, bytes, sealed));
  }
  Bytes made;
  const jobs::StopFlag never;
  const ChunkProof proof(desk.key, desk.nonce, desk.tags, desk.content.size());
  const Mended mended = Mender(proof, sources, {}, desk.identities, never)
                            .run(nullptr, {}, [&](std::uint64_t offset, ByteView bytes) {
                              if (offset != made.size()) std::abort();
                              append(made, bytes);
                            });
  if (mended.complete() ? made != desk.content : !made.empty()) std::abort();
  std::uint64_t from_sources = 0;
  for (const auto& piece : mended.pieces) from_sources += piece.size_bytes;
  if (from_sources != made.size()) std::abort();
  return 0;
}
