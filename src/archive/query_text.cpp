#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "dalil/archive/condition.hpp"
#include "dalil/base/error.hpp"
#include "dalil/base/text.hpp"
#include "query_value.hpp"

namespace dalil::archive {

namespace {

constexpr std::size_t kLongestQuery = 64 << 10;
constexpr int kDeepest = 64;
constexpr std::size_t kLongestShown = 40;

/// Quotation marks of typesetting; whichever of them comes next ends what one began.
constexpr std::string_view kQuotes[] = {"\u201c", "\u201d", "\u201e", "\u201f", "\u00ab", "\u00bb"};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// By descent: or, then and (which may be left out), then not, then a term.
class Parser {
 public:
  Parser(const QueryReader& reader, std::string_view text, int depth)
      : reader_(reader), text_(text), depth_(depth) {}

  Condition whole() {
    skip_blanks();
    if (at_end()) return {};
    Condition condition = either();
    if (!at_end()) fail("there is nothing that this ')' closes");
    return condition;
  }

 private:
  [[noreturn]] void fail(std::string_view what, std::string_view hint = {}) const {
    const std::string_view rest = text_.substr(std::min(at_, text_.size()), kLongestShown);
    throw Error(ErrorCode::invalid,
                rest.empty()
                    ? fmt::format("the query ends too early: {}", what)
                    : fmt::format("the query cannot be read at '{}': {}", escape_for_display(rest), what),
                hint.empty() ? "'dalil help find' shows how queries are written" : std::string(hint));
  }

  bool at_end() const { return at_ >= text_.size(); }
  char here() const { return at_end() ? '\0' : text_[at_]; }
  /// Bytes of the typographic quotation mark that stands here; 0 if none does.
  std::size_t quote_here() const {
    for (const std::string_view quote : kQuotes)
      if (text_.substr(std::min(at_, text_.size())).starts_with(quote)) return quote.size();
    return 0;
  }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  /// A word of the language, in either case, that stands alone.
  bool take_word(std::string_view word) {
    if (text_.size() - at_ < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
      if (std::tolower(static_cast<unsigned char>(text_[at_ + i])) != word[i]) return false;
    const std::size_t after = at_ + word.size();
    if (after < text_.size() && !is_blank(text_[after]) && text_[after] != '(' && text_[after] != ')')
      return false;
    at_ = after;
    skip_blanks();
    return true;
  }

  Condition either() {
    std::vector<Condition> parts{both()};
    while (take_word("or")) parts.push_back(both());
    return parts.size() == 1 ? std::move(parts.front()) : Condition::any_of(std::move(parts));
  }

  bool at_or() {
    const std::size_t before = at_;
    const bool found = take_word("or");
    at_ = before;
    return found;
  }

  Condition both() {
    std::vector<Condition> parts{negated()};
    while (!at_end() && here() != ')' && !at_or()) {
      take_word("and");
      parts.push_back(negated());
    }
    return parts.size() == 1 ? std::move(parts.front()) : Condition::all_of(std::move(parts));
  }

  Condition negated() {
    bool negate = false;
    for (;;) {
      if (take_word("not")) {
        negate = !negate;
      } else if (here() == '-' && at_ + 1 < text_.size() && !is_blank(text_[at_ + 1])) {
        ++at_;
        negate = !negate;
      } else {
        break;
      }
    }
    Condition inner = primary();
    return negate ? Condition::not_of(std::move(inner)) : std::move(inner);
  }

  Condition bracketed() {
    ++at_;
    if (++depth_ > kDeepest) fail("brackets are nested too deeply");
    skip_blanks();
    Condition inner = either();
    if (here() != ')') fail("a ')' is missing");
    ++at_;
    --depth_;
    skip_blanks();
    return inner;
  }

  /// What people write who think of another language is no text to look for.
  void refuse_operators() const {
    constexpr std::string_view kOperators = "<>=:!&|,~";
    if (kOperators.find(here()) != std::string_view::npos)
      fail("it stands alone",
           "write FIELD>=VALUE without blanks, 'and', 'or', 'not'; quotes look for it as a text");
  }

  Condition primary() {
    if (at_end() || here() == ')') fail("a condition is missing");
    refuse_operators();
    const std::size_t begin = at_;
    if (take_word("and") || take_word("or")) {
      at_ = begin;
      fail("a condition is missing before it", "quotes look for the word as it is");
    }
    if (here() == '(') return bracketed();
    if (here() == '@') return saved();
    const std::size_t start = at_;
    std::size_t end = at_;
    while (end < text_.size() &&
           (std::isalpha(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '-'))
      ++end;
    const std::string_view name = text_.substr(start, end - start);
    if (end < text_.size() && !name.empty()) {
      if (text_[end] == '(' && (name == "incident" || name == "link" || name == "copy")) {
        at_ = end;
        Condition inner = bracketed();
        const std::size_t behind = std::exchange(at_, start);
        check_scope(inner, name == "copy" ? Scope::copy : Scope::link, name);
        at_ = behind;
        return {name == "copy" ? Condition::Kind::copy : Condition::Kind::link, {}, {std::move(inner)}};
      }
      const bool differs = text_.substr(end).starts_with("!=");
      if (differs || std::string_view(":=<>").find(text_[end]) != std::string_view::npos) {
        const FieldInfo* info = field_named(name);
        if (info == nullptr) fail(fmt::format("there is no field '{}'", name), hint_for(name));
        at_ = end;
        return term(*info);
      }
    }
    const bool quoted = here() == '"' || quote_here() > 0;
    const std::string word = value(false);
    skip_blanks();
    const bool before_operator = !at_end() && std::string_view("<>=:").find(here()) != std::string_view::npos;
    const bool before_bracket = here() == '(' && (word == "incident" || word == "link" || word == "copy");
    if (!quoted && (before_operator || before_bracket)) {
      at_ = start;
      fail("no blank may stand behind its name");
    }
    if (fold_text(word).find_first_not_of(' ') == std::string::npos) {
      at_ = start;
      fail("nothing is left of it when marks are folded away");
    }
    return Condition::of(Field::text, word);
  }

  static std::string hint_for(std::string_view name) {
    for (const FieldInfo& info : fields())
      if (std::string_view(info.name).starts_with(name.substr(0, 3)))
        return fmt::format("did you mean '{}'? Quotes look for the text as it is", info.name);
    return "'dalil find --fields' lists them; quotes look for the text as it is";
  }

  void check_scope(const Condition& condition, Scope scope, std::string_view name) const {
    if (condition.kind == Condition::Kind::link || condition.kind == Condition::Kind::copy)
      fail(fmt::format("'{}(...)' cannot hold another such bracket", name));
    if (condition.kind == Condition::Kind::test && info_of(condition.test.field).scope != scope)
      fail(fmt::format("'{}' says nothing of a single {}", info_of(condition.test.field).name, name));
    for (const Condition& part : condition.parts) check_scope(part, scope, name);
  }

  Comparison comparison() {
    const char first = here();
    ++at_;
    if (first == ':') return Comparison::contains;
    if (first == '=') return Comparison::equals;
    if (first == '!') {
      ++at_;
      return Comparison::differs;
    }
    const bool or_equal = here() == '=';
    if (or_equal) ++at_;
    if (first == '>') return or_equal ? Comparison::at_least : Comparison::above;
    return or_equal ? Comparison::at_most : Comparison::below;
  }

  Condition term(const FieldInfo& info) {
    const Comparison how = comparison();
    const bool several = info.value != ValueKind::area && info.value != ValueKind::box;
    std::vector<Condition> any;
    do {
      const std::string text = value(several);
      std::vector<std::string> tolerances;
      while (here() == '~') {
        ++at_;
        tolerances.push_back(bare("~,"));
      }
      any.push_back({Condition::Kind::test, make_test(info, how, text, tolerances, reader_.local), {}});
    } while (several && here() == ',' && ++at_ > 0);
    if (!at_end() && !is_blank(here()) && here() != ')' && here() != '(')
      fail("a blank is missing before it");
    skip_blanks();
    if (info.value == ValueKind::time) refuse_time_of_day();
    if (how == Comparison::differs) return denied(std::move(any), info.scope);
    return any.size() == 1 ? std::move(any.front()) : Condition::any_of(std::move(any));
  }

  /// Of links and copies this very one is something else, so that what stands beside it is asked of the same.
  static Condition denied(std::vector<Condition> any, Scope scope) {
    if (scope == Scope::item)
      return Condition::not_of(any.size() == 1 ? std::move(any.front()) : Condition::any_of(std::move(any)));
    for (Condition& one : any) one.test.negated = true;
    return any.size() == 1 ? std::move(any.front()) : Condition::all_of(std::move(any));
  }

  /// "made:2017-09-19 06:59" would look for the hour as a text.
  void refuse_time_of_day() const {
    const std::string_view rest = text_.substr(at_);
    const std::size_t colon = rest.find(':');
    const auto is_number = [](std::string_view digits) {
      return !digits.empty() && digits.size() <= 2 &&
             digits.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (colon != std::string_view::npos && is_number(rest.substr(0, colon)) &&
        is_number(rest.substr(colon + 1, 2)))
      fail("a time of day is joined to its day by a T",
           "write 2017-09-19T06:59; quotes look for it as a text");
  }

  std::string bare(std::string_view ends) {
    const std::size_t start = at_;
    while (!at_end() && !is_blank(here()) && here() != '(' && here() != ')' && here() != '"' &&
           quote_here() == 0 && ends.find(here()) == std::string_view::npos)
      ++at_;
    if (at_ == start) fail("a value is missing");
    return std::string(text_.substr(start, at_ - start));
  }

  /// In quotes, where `\` keeps the next character within plain ones; or up to a blank, a bracket, a '~', and
  /// a comma where there may be several.
  std::string value(bool several) {
    std::string out;
    if (const std::size_t opening = quote_here(); opening > 0) {
      for (at_ += opening; quote_here() == 0; ++at_) {
        if (at_end()) fail("a closing quote is missing");
        out += here();
      }
      if (out.empty()) fail("a text of nothing is no question");
      at_ += quote_here();
      return out;
    }
    if (here() != '"') return bare(several ? ",~" : "~");
    for (++at_; here() != '"'; ++at_) {
      if (at_end()) fail("a closing quote is missing");
      if (here() == '\\' && at_ + 1 < text_.size()) ++at_;
      out += here();
    }
    if (out.empty()) fail("a text of nothing is no question");
    ++at_;
    return out;
  }

  Condition saved() {
    ++at_;
    const std::string name = value(false);
    skip_blanks();
    if (!reader_.saved) fail("saved queries are not known here");
    if (++depth_ > kDeepest) fail("saved queries name each other without end");
    const std::string text = reader_.saved(name);
    if (text.size() > kLongestQuery) fail("the saved query is too long");
    Condition condition = Parser(reader_, text, depth_).whole();
    --depth_;
    return condition;
  }

  const QueryReader& reader_;
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Condition QueryReader::read(std::string_view query) const {
  if (query.size() > kLongestQuery)
    throw Error(ErrorCode::invalid, "the query is longer than 64 KiB",
                "save parts of it under names of their own");
  if (!is_utf8(query))
    throw Error(ErrorCode::invalid, "the query is not in UTF-8", "set the terminal to UTF-8");
  return Parser(*this, query, 0).whole();
}

}  // namespace dalil::archive
