#include "stores.hpp"

namespace dalil::drives {

SealedStore::SealedStore(std::shared_ptr<const files::Fd> root, std::string mount, archive::DriveId id,
                         std::vector<std::string> recipients, crypto::Secret tag_key)
    : FolderStore(std::move(root), std::move(mount), id),
      recipients_(std::move(recipients)),
      tag_key_(std::move(tag_key)) {}

void SealedStore::prepare() {
  FolderStore::prepare();
  sealer_.emplace(recipients_, tag_key_.view(), [this](ByteView bytes) { put(bytes); });
}

/// The index has the time; an object itself tells nothing of its content.
Pending SealedStore::seal(SourceFile file, std::string& lost) {
  if (!file.attributes.empty()) lost = "without its extended attributes: a sealed drive keeps none";
  jobs::SealedObject object = sealer_->finish();
  sealer_.reset();
  Pending pending{std::move(file), close_part(), object.digest, object.size_bytes, {}};
  pending.object = std::move(object);
  return pending;
}

void SealedStore::abandon() {
  sealer_.reset();
  FolderStore::abandon();
}

}  // namespace dalil::drives
