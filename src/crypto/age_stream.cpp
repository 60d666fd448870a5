#include "dalil/crypto/age_stream.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "age_key.hpp"
#include "age_payload.hpp"
#include "dalil/base/error.hpp"

namespace dalil::crypto::age {
namespace {

constexpr std::string_view kMacMark = "---";

/// Gathers pieces into blocks of one size. A block is complete only when there is more: the last one is for
/// `rest`, and may be a full one.
class Blocks {
 public:
  explicit Blocks(std::size_t size) : held_(size) {}

  /// `take(block)` answers whether to go on.
  template <typename Take>
  bool add(ByteView piece, Take take) {
    while (!piece.empty()) {
      if (filled_ == held_.size()) {
        filled_ = 0;
        if (!take(held_.view())) return false;
      }
      // What lies in the piece as a whole needs no copy.
      if (filled_ == 0 && piece.size() > held_.size()) {
        if (!take(piece.first(held_.size()))) return false;
        piece = piece.subspan(held_.size());
        continue;
      }
      const std::size_t count = std::min(piece.size(), held_.size() - filled_);
      std::copy_n(piece.begin(), count, held_.mutable_view().begin() + static_cast<std::ptrdiff_t>(filled_));
      filled_ += count;
      piece = piece.subspan(count);
    }
    return true;
  }
  ByteView rest() const { return held_.view().first(filled_); }

 private:
  Secret held_;
  std::size_t filled_ = 0;
};

}  // namespace

struct Encryptor::State {
  State(const std::vector<std::string>& recipients, Output to) : out(std::move(to)) {
    const Secret file_key = random_secret(kFileKeySize);
    const auto nonce = random_array<kPayloadNonceSize>();
    Bytes header = make_header(file_key, recipients);
    append(header, nonce);
    cipher.emplace(payload_cipher(file_key.view(), nonce));
    out(header);
  }

  void seal(ByteView chunk, bool last) {
    cipher->seal(chunk_nonce(index++, last), {}, chunk, sealed.data());
    out(ByteView(sealed).first(chunk.size() + ChaChaPoly::kTagSize));
  }

  Output out;
  std::optional<ChaChaPoly> cipher;
  Blocks plain{kChunkSize};
  Bytes sealed = Bytes(kSealedChunkSize);
  std::uint64_t index = 0;
  bool finished = false;
};

Encryptor::Encryptor(const std::vector<std::string>& recipients, Output out)
    : state_(std::make_unique<State>(recipients, std::move(out))) {}
Encryptor::~Encryptor() = default;
Encryptor::Encryptor(Encryptor&&) noexcept = default;

void Encryptor::update(ByteView piece) {
  if (state_->finished) throw Error(ErrorCode::invalid, "an age file that is finished takes no more");
  state_->plain.add(piece, [this](ByteView chunk) {
    state_->seal(chunk, false);
    return true;
  });
}

void Encryptor::finish() {
  if (state_->finished) throw Error(ErrorCode::invalid, "an age file is finished once");
  state_->finished = true;
  state_->seal(state_->plain.rest(), true);
}

std::uint64_t encrypted_size(std::uint64_t header_size, std::uint64_t size) {
  const std::uint64_t chunks = size == 0 ? 1 : (size - 1) / kChunkSize + 1;
  return header_size + kPayloadNonceSize + size + chunks * ChaChaPoly::kTagSize;
}

/// A header is gathered line by line, then the payload's nonce, then chunk by chunk.
struct Decryptor::State {
  State(const std::vector<Identity>& known, Output to, Hole lost)
      : out(std::move(to)), hole(std::move(lost)) {
    for (const Identity& identity : known) identities.push_back({identity.scalar.clone()});
  }

  void take(ByteView piece) {
    while (!piece.empty() && failure == Failure::none && file_key.empty()) take_header(piece);
    if (failure == Failure::none && !cipher) take_nonce(piece);
    if (failure == Failure::none && cipher)
      sealed.add(piece, [this](ByteView chunk) { return release(chunk, false); });
  }

  /// Up to the end of a line. The line that begins with "---" ends the header, and no other line of a lawful
  /// one begins so.
  void take_header(ByteView& piece) {
    const auto line_end = std::find(piece.begin(), piece.end(), std::uint8_t{'\n'});
    const bool complete = line_end != piece.end();
    const auto count = static_cast<std::size_t>(line_end - piece.begin()) + (complete ? 1 : 0);
    if (header.size() + count > kLargestHeader) {
      failure = Failure::header;
      return;
    }
    append(header, piece.first(count));
    piece = piece.subspan(count);
    if (!complete) return;
    if (as_chars(header).substr(line_begin).starts_with(kMacMark)) open_key();
    line_begin = header.size();
  }

  void open_key() {
    const std::optional<Header> parsed = parse_lawful_header(header);
    failure = Failure::header;
    if (!parsed) return;
    Unwrapped unwrapped = open_header(header, *parsed, with_identities(identities));
    failure = unwrapped.failure;
    file_key = std::move(unwrapped.file_key);
  }

  void take_nonce(ByteView& piece) {
    const std::size_t count = std::min(piece.size(), kPayloadNonceSize - nonce.size());
    append(nonce, piece.first(count));
    piece = piece.subspan(count);
    if (nonce.size() == kPayloadNonceSize) cipher.emplace(payload_cipher(file_key.view(), nonce));
  }

  bool release(ByteView chunk, bool last) {
    // Only an empty payload may end in an empty chunk.
    const bool lawful =
        chunk.size() > ChaChaPoly::kTagSize || (chunk.size() == ChaChaPoly::kTagSize && last && index == 0);
    if (!lawful || !cipher->open(chunk_nonce(index, last), {}, chunk, plain.mutable_view().data())) {
      if (!hole || chunk.size() < ChaChaPoly::kTagSize) {
        failure = Failure::payload;
        return false;
      }
      has_holes = true;
      ++index;
      hole(chunk.size() - ChaChaPoly::kTagSize);
      return true;
    }
    ++index;
    if (const ByteView content = plain.view().first(chunk.size() - ChaChaPoly::kTagSize); !content.empty())
      out(content);
    return true;
  }

  Output out;
  Hole hole;
  bool has_holes = false;
  std::vector<Identity> identities;
  Failure failure = Failure::none;
  Bytes header;
  std::size_t line_begin = 0;
  Secret file_key;
  Bytes nonce;
  std::optional<ChaChaPoly> cipher;
  Blocks sealed{kSealedChunkSize};
  Secret plain{kChunkSize};
  std::uint64_t index = 0;
  bool finished = false;
};

Decryptor::Decryptor(const std::vector<Identity>& identities, Output out)
    : Decryptor(identities, std::move(out), nullptr) {}
Decryptor::Decryptor(const std::vector<Identity>& identities, Output out, Hole hole)
    : state_(std::make_unique<State>(identities, std::move(out), std::move(hole))) {}
Decryptor::~Decryptor() = default;
Decryptor::Decryptor(Decryptor&&) noexcept = default;

Failure Decryptor::update(ByteView piece) {
  if (state_->finished) throw Error(ErrorCode::invalid, "an age file that is finished takes no more");
  state_->take(piece);
  return state_->failure;
}

Failure Decryptor::finish() {
  if (std::exchange(state_->finished, true) || state_->failure != Failure::none) return state_->failure;
  if (!state_->cipher) return state_->failure = Failure::header;
  state_->release(state_->sealed.rest(), true);
  if (state_->has_holes) state_->failure = Failure::payload;
  return state_->failure;
}

}  // namespace dalil::crypto::age
