#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dalil/media/fingerprint.hpp"

/// Many fingerprints in memory, gone through one after the other: at ten million that takes less time than
/// the disk needs to turn once, and there is no index to build, to keep or to tell something by.
namespace dalil::media {

/// Whose fingerprint it is, and of what.
struct PrintOwner {
  std::uint32_t item = 0;
  std::uint32_t time_ms = 0;
  Part part = Part::whole;
  std::uint8_t quality = 0;
};

/// One fingerprint that is near enough to a question.
struct PrintHit {
  std::uint32_t row = 0;
  std::uint16_t question = 0;  ///< index of it
  std::uint16_t distance = 0;
};

/// How rows are gone through: by portable code, one at a time by the processor's own count of bits, or eight
/// at a time by AVX-512 VPOPCNTDQ.
enum class PrintMethod : std::uint8_t { plain, popcnt, avx512 };

/// Rows may be set by several threads at once, as long as they are different ones.
class PrintTable {
 public:
  explicit PrintTable(std::size_t rows);
  std::size_t size() const { return owners_.size(); }
  void set(std::size_t row, const Pdq& hash, const PrintOwner& owner);
  /// The hash from 32 bytes, as they are stored.
  void set(std::size_t row, const std::uint8_t* hash, const PrintOwner& owner);
  Pdq hash(std::size_t row) const;
  const PrintOwner& owner(std::size_t row) const { return owners_[row]; }

  /// All pairs that differ in at most `limit` bits, the nearest first, at most kMostHits of them; at most
  /// kMostQuestions. Rows of no part are passed over. All questions are asked in one pass, and those that are
  /// one hash in several poses take hardly more time than it alone. By the fastest of methods().
  std::vector<PrintHit> search(std::span<const Pdq> questions, int limit, unsigned threads) const;
  /// The same answer, by that method. Error(invalid) where the processor does not have it.
  std::vector<PrintHit> search(std::span<const Pdq> questions, int limit, unsigned threads,
                               PrintMethod method) const;
  static constexpr std::size_t kMostHits = 1 << 20, kMostQuestions = 65'535;
  /// What this processor can, the fastest last.
  static std::vector<PrintMethod> methods();
  static const char* name_of(PrintMethod method);

 private:
  struct FreeWords {
    void operator()(std::uint64_t* words) const;
  };
  std::vector<PrintOwner> owners_;
  std::size_t padded_;  ///< rows, up to a multiple of eight
  /// The first words of all rows, then their second ones ... What a word holds is in fingerprint_search.cpp.
  std::unique_ptr<std::uint64_t[], FreeWords> words_;
};

/// Where two pictures lie on each other, by their sketches.
struct Alignment {
  double across = 1, down = 1;  ///< width and height of the question in those of the other
  double right = 0, below = 0;  ///< its middle from the other's middle, in widths and heights of that
  double degrees = 0;           ///< by which it is turned, clockwise
  double likeness = 0;          ///< correlation of brightness where they overlap: up to 1
  double detail = 0;            ///< the same of what is finer than a sixth of the picture
  double altered = 0;           ///< share of the overlap that is not alike: a logo, a caption
  /// Share of the overlap that is of another shade than most of it: of the picture that has less of that.
  double shown = 0;
  /// Share of the overlap's contrast that two layers, each a row times a column, leave over: none of bands or
  /// of a rectangle, which are like those of any other picture. Of the picture that has less of that.
  double intricacy = 0;
};
/// The best alignment near the one in which the parts cover each other. Absent without two sketches.
std::optional<Alignment> align(const Bytes& question, const Bytes& other, Pose pose, double share_of_question,
                               double share_of_other);
/// Whether that is enough to call them the same picture.
bool convincing(const Alignment& alignment, int distance);

}  // namespace dalil::media
