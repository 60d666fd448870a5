#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dalil/formats/page.hpp"
#include "dalil/formats/raster.hpp"
#include "dalil/media/thumbnail.hpp"

/// Items with their pictures, to be looked through: a page that stands for itself.
namespace dalil::formats {

/// One item. Texts are raw.
struct SheetCard {
  std::string id;    ///< first digits of the digest
  std::string kind;  ///< "photo 4000x3000", "video 0:34"
  struct Place {
    std::string volume, path;
  };
  std::vector<Place> places;  ///< of its copies, the first ones
  std::uint64_t more_places = 0;
  std::string time, time_basis;  ///< with what is known of the zone; on what it rests. Empty: none is known
  std::string local_time;        ///< the same by the sheet's clock, where that shows another
  std::string place, place_basis;
  /// What people vouch for.
  struct Verified {
    enum class What : std::uint8_t { time, made, shown } what = What::time;
    std::string text, name;  ///< text: digits and words that run from left to right; name: of a place
  };
  std::vector<Verified> verified;
  std::string review;    ///< the state of its review, in the page's language; empty: nobody reviewed it
  bool doubted = false;  ///< the review speaks against it: disputed, rejected, superseded
  /// As `find` orders by it: the verified time, else the one of the file or its name, to the minute by the
  /// sheet's clock, "?" behind what is of unknown zone; and on what it rests. In plain letters.
  std::string clock, clock_basis;
  struct Incident {
    std::string id, about;   ///< about: date and place
    bool candidate = false;  ///< candidate links alone lead to it
  };
  std::vector<Incident> incidents;
  /// Volumes with a sound copy, as `copies` of a query counts: sources, which go back, are counted apart.
  std::uint64_t copies = 0, on_sources = 0;
  std::uint64_t intact = 0, not_verified = 0, damaged = 0;  ///< live copies, wherever they lie
  std::uint64_t live() const { return intact + not_verified + damaged; }
  std::vector<media::Thumbnail> pictures;
  bool moving = false;     ///< pictures are frames: their times are shown
  std::string no_picture;  ///< why there is none
  std::string remark;      ///< of those that there are: "seen by the camera's preview ..."
  bool not_tried = false;  ///< nobody tried to make one
};

/// Gathers what is to be shown, as far as a page can hold it.
class Sheet {
 public:
  static constexpr std::size_t kMostCards = 2000;
  static constexpr std::uint64_t kMostPictureBytes = std::uint64_t{64} << 20;
  static constexpr std::size_t kMostCardsOfPicture = 250;

  std::string title, zone;  ///< zone: of the sheet's clock, "Asia/Damascus", "UTC+03:00"
  std::vector<std::string> remarks;
  PageLanguage language = PageLanguage::english;

  std::size_t most_cards = kMostCards;

  /// Whether no other card can be taken: the next ones are only counted.
  bool full() const { return cards_.size() >= most_cards || picture_bytes_ >= kMostPictureBytes; }
  /// Precondition: !full().
  void add(SheetCard card);
  void leave_out(std::uint64_t items) { left_out_ += items; }

  const std::vector<SheetCard>& cards() const { return cards_; }
  std::uint64_t left_out() const { return left_out_; }
  std::uint64_t without_picture() const { return without_picture_; }
  std::uint64_t not_tried() const { return not_tried_; }
  std::string page() const;
  /// The pictures as one, each with its number, ID, time, the state of its review and its health, in plain
  /// letters alone. `pixels` are those of each card's pictures.
  using CardPixels = std::function<std::vector<media::Pixels>(const SheetCard& card)>;
  Raster picture(const CardPixels& pixels) const;

 private:
  std::vector<SheetCard> cards_;
  std::uint64_t picture_bytes_ = 0, left_out_ = 0, without_picture_ = 0, not_tried_ = 0;
};

/// "00:12", "1:02:03" of a recording.
std::string frame_time(std::uint32_t ms);

}  // namespace dalil::formats
