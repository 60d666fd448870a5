#include "page_words.hpp"

namespace dalil::formats {
namespace {

constexpr PageWords kEnglish{
    .incidents = "incidents",
    .evidence = "evidence",
    .times_are = "times are by the clocks of",
    .not_linked = "not linked",
    .more_items = "more items, which this page does not list",
    .undated = "Without a date",
    .unknown_place = "Place not known",
    .place = "place",
    .governorate = "governorate",
    .position = "position",
    .own_position = "its own coordinates",
    .place_position = "its place's",
    .area_position = "only the area is known",
    .outside = "Outside of this map",
};

constexpr PageWords kArabic{
    .incidents = "الحوادث",
    .evidence = "الأدلة",
    .times_are = "الأوقات بتوقيت",
    .not_linked = "غير مرتبط",
    .more_items = "أدلة أخرى لا تُعرض في هذه الصفحة",
    .undated = "من دون تاريخ",
    .unknown_place = "المكان غير معروف",
    .place = "المكان",
    .governorate = "المحافظة",
    .position = "الموقع",
    .own_position = "إحداثيات خاصة به",
    .place_position = "إحداثيات المكان",
    .area_position = "لا تُعرف إلا المنطقة",
    .outside = "خارج هذه الخريطة",
};

}  // namespace

const PageWords& page_words(PageLanguage language) {
  return language == PageLanguage::arabic ? kArabic : kEnglish;
}

}  // namespace dalil::formats
