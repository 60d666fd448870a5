#pragma once

/// Names on a drive. Persistent: docs/formats/drive.md, sealed-drive.md.
namespace dalil::drives::layout {

inline constexpr const char* kFolder = "dalil";
inline constexpr const char* kPartial = "dalil/partial";
inline constexpr const char* kAside = "dalil/aside";
inline constexpr const char* kNote = "dalil/drive.note";
inline constexpr const char* kCheckpoint = "dalil/checkpoint";
inline constexpr const char* kReadme = "dalil/README.txt";
inline constexpr const char* kSigners = "dalil/signers";
inline constexpr const char* kSnapshot = "snapshot-";  ///< below kFolder
inline constexpr const char* kSnapshotEnd = ".age";
inline constexpr const char* kNoteEnd = ".note";
inline constexpr const char* kParity = "dalil/parity";
inline constexpr const char* kParityReadme = "dalil/parity/README.txt";
inline constexpr const char* kParityScratch = "dalil/partial/parity";
inline constexpr const char* kStockList = "dalil/sha256sum.txt";
inline constexpr const char* kManifest = "manifest-sha256.txt";
inline constexpr const char* kTagManifest = "tagmanifest-sha256.txt";
inline constexpr const char* kBagInfo = "bag-info.txt";
inline constexpr const char* kDeclaration = "bagit.txt";
// On a sealed drive, beside kFolder
inline constexpr const char* kSealedReadme = "dalil-sealed.txt";
inline constexpr const char* kObjects = "objects";
inline constexpr const char* kObjectList = "objects.sha256";
inline constexpr const char* kIndex = "index.age";
/// In the drive's own folder on those of earlier versions.
inline constexpr const char* kEarlierCheckpoint = "checkpoint";
inline constexpr const char* kEarlierPartial = "partial";

}  // namespace dalil::drives::layout
