#include "page_words.hpp"

#include <string_view>

#include "dalil/formats/page_text.hpp"

namespace dalil::formats {
namespace {

constexpr PageWords kEnglish{
    .incidents = "incidents",
    .evidence = "evidence",
    .times_are = "times are by the clocks of",
    .not_linked = "not linked",
    .more_items = "more items, which this page does not list",
    .undated = "Without a date",
    .empty_steps = "Steps between without any",
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
    .left_out = "more items matched and are not on this page",
    .candidate = "candidate",
    .candidates = "candidates",
    .review = "review",
    .verified_time = "verified time",
    .verified_made = "verified made at",
    .verified_shown = "verified to show",
    .times_behind_equal = "times behind = are by the clocks of",
    .on_sources = "on sources",
};

constexpr PageWords kArabic{
    .incidents = "الحوادث",
    .evidence = "الأدلة",
    .times_are = "الأوقات بتوقيت",
    .not_linked = "غير مرتبط",
    .more_items = "أدلة أخرى لا تُعرض في هذه الصفحة",
    .undated = "من دون تاريخ",
    .empty_steps = "فترات بينهما بلا شيء",
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
    .left_out = "عناصر أخرى مطابقة لا تظهر في هذه الصفحة",
    .candidate = "ارتباط محتمل",
    .candidates = "ارتباطات محتملة",
    .review = "المراجعة",
    .verified_time = "الوقت المتحقق منه",
    .verified_made = "مكان التصوير المتحقق منه",
    .verified_shown = "المكان الظاهر المتحقق منه",
    .times_behind_equal = "الأوقات بعد علامة = بتوقيت",
    .on_sources = "على المصادر",
};

struct Translation {
  std::string_view english, arabic;
};
/// Longer ones before those that are part of them.
constexpr Translation kTranslations[] = {
    {"zone unknown", "المنطقة الزمنية غير معروفة"},
    {"file-name", "من اسم الملف"},
    {"file-system", "من نظام الملفات"},
    {"verified", "تم التحقق منه"},
    {"in-progress", "قيد المراجعة"},
    {"disputed", "موضع خلاف"},
    {"rejected", "مرفوض"},
    {"superseded", "حلّ محله غيره"},
    {"claimed", "بحسب الملف"},
    {"photo", "صورة"},
    {"video", "فيديو"},
    {"audio", "صوت"},
    {"document", "مستند"},
    {"other", "غير ذلك"},
    {"killed", "القتلى"},
    {"children", "الأطفال"},
    {"women", "النساء"},
    {"fetuses", "الأجنة"},
    {"wounded", "الجرحى"},
    {"detained", "المعتقلون"},
    {"vanished", "لم يعد موجوداً"},
    {"to", "إلى"},
    {"Timeline", "الخط الزمني"},
    {"Map", "خريطة"},
    {"outlines", "الحدود"},
    {"places", "الأماكن"},
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool is_word_at(const std::string& text, std::size_t at, std::size_t size) {
  const bool begins = at == 0 || !is_letter(text[at - 1]);
  const bool ends = at + size == text.size() || !is_letter(text[at + size]);
  return begins && ends;
}

}  // namespace

std::string page_text(PageLanguage language, std::string text) {
  if (language != PageLanguage::arabic) return text;
  for (const Translation& word : kTranslations) {
    for (std::size_t at = 0; (at = text.find(word.english, at)) != std::string::npos;) {
      if (!is_word_at(text, at, word.english.size())) {
        ++at;
        continue;
      }
      text.replace(at, word.english.size(), word.arabic);
      at += word.arabic.size();
    }
  }
  return text;
}

const PageWords& page_words(PageLanguage language) {
  return language == PageLanguage::arabic ? kArabic : kEnglish;
}

}  // namespace dalil::formats
