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
    .items = "items",
    .copies = "copies",
    .intact = "intact",
    .not_verified = "never verified",
    .damaged = "damaged",
    .no_copy = "no copy is left",
    .no_picture = "no picture",
    .no_time = "time not known",
    .by = "by",
    .verified = "verified",
    .left_out = "more items matched and are not on this page",
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
    .items = "العناصر",
    .copies = "النسخ",
    .intact = "سليمة",
    .not_verified = "لم تُفحص بعد",
    .damaged = "تالفة",
    .no_copy = "لم تبق أي نسخة",
    .no_picture = "لا صورة",
    .no_time = "الوقت غير معروف",
    .by = "بحسب",
    .verified = "تم التحقق",
    .left_out = "عناصر أخرى مطابقة لا تظهر في هذه الصفحة",
};

}  // namespace

const PageWords& page_words(PageLanguage language) {
  return language == PageLanguage::arabic ? kArabic : kEnglish;
}

}  // namespace dalil::formats
