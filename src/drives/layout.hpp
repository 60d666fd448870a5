#pragma once

/// Names on a drive. Persistent: docs/formats/drive.md.
namespace dalil::drives::layout {

inline constexpr const char* kFolder = "dalil";
inline constexpr const char* kPartial = "dalil/partial";
inline constexpr const char* kAside = "dalil/aside";
inline constexpr const char* kNote = "dalil/drive.note";
inline constexpr const char* kCheckpoint = "dalil/checkpoint";
inline constexpr const char* kReadme = "dalil/README.txt";
inline constexpr const char* kStockList = "dalil/sha256sum.txt";
inline constexpr const char* kManifest = "manifest-sha256.txt";
inline constexpr const char* kTagManifest = "tagmanifest-sha256.txt";
inline constexpr const char* kBagInfo = "bag-info.txt";
inline constexpr const char* kDeclaration = "bagit.txt";
inline constexpr const char* kBagFiles[] = {kDeclaration, kBagInfo, kManifest, kTagManifest};

}  // namespace dalil::drives::layout
