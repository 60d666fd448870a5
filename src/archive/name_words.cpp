#include "name_words.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dalil/base/text.hpp"

namespace dalil::archive {
namespace {

enum class Role { letter, parts_words, parts_runs };

struct Sign {
  std::string_view utf8;
  Role role;
};
/// Beyond ASCII, of what a fold leaves; what is not here is a letter.
constexpr Sign kSigns[] = {
    {"\u2014", Role::parts_runs},
    {"\u00b7", Role::parts_words},
};

std::size_t length_of_character(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

Role role_of(std::string_view character) {
  if (character.size() == 1) {
    const char c = character.front();
    if (std::string_view(",;:()[]").find(c) != std::string_view::npos) return Role::parts_runs;
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric ? Role::letter : Role::parts_words;
  }
  const auto found = std::ranges::find_if(kSigns, [&](const Sign& sign) { return sign.utf8 == character; });
  return found == std::end(kSigns) ? Role::letter : found->role;
}

class Splitter {
 public:
  void add(std::string_view character) {
    switch (role_of(character)) {
      case Role::letter:
        word_ += character;
        return;
      case Role::parts_words:
        return end_word();
      case Role::parts_runs:
        return end_run();
    }
  }
  std::vector<std::vector<std::string>> take() {
    end_run();
    return std::move(runs_);
  }

 private:
  void end_word() {
    if (!word_.empty()) run_.push_back(std::exchange(word_, {}));
  }
  void end_run() {
    end_word();
    if (!run_.empty()) runs_.push_back(std::exchange(run_, {}));
  }

  std::string word_;
  std::vector<std::string> run_;
  std::vector<std::vector<std::string>> runs_;
};

}  // namespace

std::vector<std::vector<std::string>> word_runs(std::string_view text) {
  const std::string folded = fold_text(text);
  Splitter splitter;
  for (std::size_t i = 0; i < folded.size();) {
    const std::size_t length = std::min(length_of_character(folded[i]), folded.size() - i);
    splitter.add(std::string_view(folded).substr(i, length));
    i += length;
  }
  return splitter.take();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::vector<std::string>& run : word_runs(text))
    words.insert(words.end(), std::move_iterator(run.begin()), std::move_iterator(run.end()));
  return words;
}

}  // namespace dalil::archive
