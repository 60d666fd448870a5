#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "utf8.hpp"

namespace dalil {
namespace {

constexpr UChar32 kTatweel = 0x0640;
constexpr UChar32 kHighHamza = 0x0674;
/// Stands for a character that the fold removes.
constexpr UChar32 kNothing = -1;

using GetNormalizer = const icu::Normalizer2*(UErrorCode&);

/// ICU owns the instance; it lives as long as the process and is safe to share between threads.
const icu::Normalizer2& normalizer(GetNormalizer* get) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* instance = get(status);
  if (U_FAILURE(status)) throw Error(ErrorCode::unsupported, "Unicode normalisation data are missing");
  return *instance;
}

icu::UnicodeString normalize(GetNormalizer* get, const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString normalized = normalizer(get).normalize(text, status);
  if (U_FAILURE(status)) throw Error(ErrorCode::invalid, "text is too long to be normalised");
  return normalized;
}

icu::UnicodeString from_utf8(std::string_view text) {
  if (text.size() > INT32_MAX) throw Error(ErrorCode::invalid, "text is too long to be normalised");
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

bool is_ascii_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// What becomes of apostrophes, hyphens and the like.
enum class Signs { kept, folded };

/// Of ASCII and of decomposed text.
UChar32 fold_sign(UChar32 c) {
  switch (c) {
    case '\'':
    case '`':
    case 0x02b9:  // modifier letter prime
    case 0x02bb:  // modifier letter turned comma, for ayn
    case 0x02bc:  // modifier letter apostrophe, for hamza
    case 0x02bd:  // modifier letter reversed comma
    case 0x02be:  // modifier letter right half ring, for hamza
    case 0x02bf:  // modifier letter left half ring, for ayn
    case 0x02c8:  // modifier letter vertical line
    case 0x2018:
    case 0x2019:
    case 0x201b:
    case 0x2032:  // prime
      return kNothing;
    case '-':
    case '_':
    case 0x2010:  // hyphen
    case 0x2011:  // non-breaking hyphen
    case 0x2012:  // figure dash
    case 0x2013:  // en dash
      return ' ';
    case 0x060c:
      return ',';
    case 0x061b:
      return ';';
    case 0x061f:
      return '?';
    case 0x06d4:
      return '.';
    case 0x00ab:
    case 0x00bb:
    case 0x201c:
    case 0x201d:
    case 0x201e:
    case 0x201f:
      return '"';
    default:
      return c;
  }
}

std::string fold_ascii(std::string_view text, Signs signs) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  for (char c : text) {
    if (signs == Signs::folded) {
      const UChar32 folded = fold_sign(static_cast<unsigned char>(c));
      if (folded == kNothing) continue;
      c = static_cast<char>(folded);
    }
    if (is_ascii_space(c)) {
      if (size == 0 || out[size - 1] != ' ') out[size++] = ' ';
    } else {
      out[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  }
  out.resize(size);
  return out;
}

/// Vowel signs, Quranic annotation, and the hamza and madda that canonical decomposition split off their
/// carriers: removing these leaves bare alef, waw and ya.
bool is_arabic_mark(UChar32 c) {
  return (c >= 0x0610 && c <= 0x061a) || (c >= 0x064b && c <= 0x065f) || c == 0x0670 ||
         (c >= 0x06d6 && c <= 0x06dc) || (c >= 0x06df && c <= 0x06e4) || c == 0x06e7 || c == 0x06e8 ||
         (c >= 0x06ea && c <= 0x06ed) || (c >= 0x0898 && c <= 0x089f) || (c >= 0x08ca && c <= 0x08e1) ||
         (c >= 0x08e3 && c <= 0x08ff);
}

UChar32 fold_arabic(UChar32 c) {
  switch (c) {
    case 0x0671:  // alef wasla
    case 0x0672:  // alef with wavy hamza above
    case 0x0673:  // alef with wavy hamza below
      return 0x0627;
    case 0x0649:  // alef maqsura
    case 0x06cc:  // ya of Persian keyboards, without dots at the end of a word
      return 0x064a;
    case 0x06a9:  // kaf of Persian keyboards
      return 0x0643;
    case 0x0629:  // ta marbuta
      return 0x0647;
    case kTatweel:
    case kHighHamza:
      return kNothing;
    default:
      return is_arabic_mark(c) ? kNothing : c;
  }
}

/// Latin letters whose diacritic is part of the letter, so that decomposition does not split it off.
UChar32 fold_latin(UChar32 c) {
  switch (c) {
    case 0x0111:
      return 'd';
    case 0x0127:
      return 'h';
    case 0x0131:
      return 'i';
    case 0x0142:
      return 'l';
    case 0x00f8:
      return 'o';
    case 0x0167:
      return 't';
    default:
      return c;
  }
}

bool is_latin(UChar32 c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(c, &status) == USCRIPT_LATIN;
}

bool is_mark(UChar32 c) {
  const std::int8_t type = u_charType(c);
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK;
}

/// Folds one character of decomposed text at a time. It has to know the last letter that was kept,
/// because a mark goes or stays by the script of its letter.
class Folder {
 public:
  explicit Folder(Signs signs) : signs_(signs) {}
  void add(UChar32 c) {
    if (signs_ == Signs::folded) c = fold_sign(c);
    if (c == kNothing) return;
    if (c < 0x80) {
      add_ascii(c);
      return;
    }
    if (u_hasBinaryProperty(c, UCHAR_WHITE_SPACE)) {
      add_ascii(' ');
      return;
    }
    if (const int digit = u_charType(c) == U_DECIMAL_DIGIT_NUMBER ? u_charDigitValue(c) : -1; digit >= 0) {
      add_ascii('0' + digit);
      return;
    }
    add_letter(c >= 0x0600 && c <= 0x08ff ? fold_arabic(c) : fold_latin(c));
  }
  const icu::UnicodeString& text() const { return out_; }

 private:
  void add_ascii(UChar32 c) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (blank && last_ == ' ') return;
    keep(blank ? ' ' : c);
  }
  void add_letter(UChar32 c) {
    if (c == kNothing) return;
    if (!is_mark(c)) {
      keep(c);
    } else if (!after_latin_) {
      out_.append(c);
      last_ = c;
    }
  }
  void keep(UChar32 c) {
    out_.append(c);
    last_ = c;
    after_latin_ = is_latin(c);
  }

  Signs signs_;
  icu::UnicodeString out_;
  UChar32 last_ = kNothing;
  bool after_latin_ = false;
};

std::string fold(std::string_view raw, Signs signs) {
  if (utf8::ascii_prefix(raw) == raw.size()) return fold_ascii(raw, signs);
  const icu::UnicodeString folded_case = normalize(icu::Normalizer2::getNFKCCasefoldInstance, from_utf8(raw));
  const icu::UnicodeString decomposed = normalize(icu::Normalizer2::getNFDInstance, folded_case);
  Folder folder(signs);
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    folder.add(decomposed.char32At(i));
  }
  std::string out;
  normalize(icu::Normalizer2::getNFCInstance, folder.text()).toUTF8String(out);
  return out;
}

}  // namespace

std::string fold_for_search(std::string_view raw) {
  return fold(raw, Signs::kept);
}

std::string fold_text(std::string_view raw) {
  return fold(raw, Signs::folded);
}

std::optional<std::string> fold_case(std::string_view utf8) {
  if (!is_utf8(utf8)) return std::nullopt;
  std::string out(utf8);
  if (utf8::ascii_prefix(utf8) == utf8.size()) {
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return out;
  }
  // Decomposed first: folding acts on letters, wherever their marks are.
  icu::UnicodeString folded = normalize(icu::Normalizer2::getNFDInstance, from_utf8(utf8)).foldCase();
  out.clear();
  normalize(icu::Normalizer2::getNFCInstance, folded).toUTF8String(out);
  return out;
}

std::optional<std::string> to_nfc(std::string_view utf8) {
  if (!is_utf8(utf8)) return std::nullopt;
  if (utf8::ascii_prefix(utf8) == utf8.size()) return std::string(utf8);
  std::string out;
  normalize(icu::Normalizer2::getNFCInstance, from_utf8(utf8)).toUTF8String(out);
  return out;
}

}  // namespace dalil
