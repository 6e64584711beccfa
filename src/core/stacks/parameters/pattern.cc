#include "core/stacks/parameters/pattern.h"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tidegate::stacks::parameters {
namespace {

using Bytes = std::bitset<256>;
using Index = std::uint32_t;

struct State {
  enum class Kind { Byte, Split, Accept };
  Kind kind = Kind::Accept;
  Bytes bytes;  // of Byte
  Index next = 0;
  Index other = 0;  // of Split
};

/// A piece of the automaton; its end is the one state that leads out.
struct Piece {
  Index begin = 0;
  Index end = 0;
};

Error error(std::string sentence) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(sentence)};
}

std::size_t code(char c) {
  return static_cast<unsigned char>(c);
}

Bytes range_of(char from, char to) {
  Bytes bytes;
  for (std::size_t c = code(from); c <= code(to); ++c) {
    bytes.set(c);
  }
  return bytes;
}

/// \d, \w, \s and their opposites; any other sign is itself.
Result<Bytes> class_of(char sign) {
  const Bytes digits = range_of('0', '9');
  const Bytes letters = range_of('a', 'z') | range_of('A', 'Z');
  Bytes blank;
  for (const char c : std::string_view{" \t\n\r\f\v"}) {
    blank.set(code(c));
  }
  Bytes underscore;
  underscore.set(code('_'));
  const Bytes word = digits | letters | underscore;
  switch (sign) {
    case 'd':
      return digits;
    case 'D':
      return ~digits;
    case 'w':
      return word;
    case 'W':
      return ~word;
    case 's':
      return blank;
    case 'S':
      return ~blank;
    case 't':
      return range_of('\t', '\t');
    case 'n':
      return range_of('\n', '\n');
    case 'r':
      return range_of('\r', '\r');
    default:
      break;
  }
  if (letters.test(code(sign)) || digits.test(code(sign))) {
    return error("\\" + std::string{sign} + " is not known");
  }
  return range_of(sign, sign);
}

struct Repeat {
  std::size_t least = 1;
  std::optional<std::size_t> most;  // absent: no bound
};

/// Recursive descent over the pattern; builds the automaton as it goes.
class Compiler {
 public:
  explicit Compiler(std::string_view pattern) : pattern_(pattern) {}

  /// Index of the first state; states() has them all, the last one accepts.
  Result<Index> compile() {
    if (pattern_.starts_with('^')) {
      ++at_;
    }
    TG_ASSIGN_OR_RETURN(const Piece whole, alternatives(0));
    if (peek() == '$' && at_ + 1 == pattern_.size()) {
      ++at_;
    }
    if (at_ != pattern_.size()) {
      return error("unexpected '" + std::string{pattern_[at_]} + "'");
    }
    TG_ASSIGN_OR_RETURN(const Index accept, add(State{}));
    lead(whole.end, accept);
    return whole.begin;
  }
  const std::vector<State>& states() const { return states_; }

 private:
  char peek() const { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }
  bool take(char c) {
    const bool there = at_ < pattern_.size() && pattern_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  Result<Index> add(State state) {
    if (states_.size() >= kMaxPatternStates) {
      return error("the pattern is too large");
    }
    states_.push_back(std::move(state));
    return static_cast<Index>(states_.size() - 1);
  }

  /// A state that only leads on: a Split with both ways the same.
  Result<Piece> nothing() {
    State state;
    state.kind = State::Kind::Split;
    TG_ASSIGN_OR_RETURN(const Index index, add(state));
    return Piece{index, index};
  }

  void lead(Index from, Index to) {
    State& state = states_[from];
    state.next = to;
    if (state.kind == State::Kind::Split && state.other == 0) {
      state.other = to;
    }
  }

  Result<Piece> alternatives(std::size_t depth) {
    if (depth > kMaxPatternDepth) {
      return error("more than 64 groups inside each other");
    }
    TG_ASSIGN_OR_RETURN(Piece left, sequence(depth));
    while (take('|')) {
      TG_ASSIGN_OR_RETURN(const Piece right, sequence(depth));
      TG_ASSIGN_OR_RETURN(left, either(left, right));
    }
    return left;
  }

  Result<Piece> either(Piece left, Piece right) {
    State split;
    split.kind = State::Kind::Split;
    split.next = left.begin;
    split.other = right.begin;
    TG_ASSIGN_OR_RETURN(const Index begin, add(split));
    TG_ASSIGN_OR_RETURN(const Piece join, nothing());
    lead(left.end, join.begin);
    lead(right.end, join.begin);
    return Piece{begin, join.end};
  }

  bool at_end_of_sequence() const {
    return at_ == pattern_.size() || peek() == '|' || peek() == ')' ||
           (peek() == '$' && at_ + 1 == pattern_.size());
  }

  Result<Piece> sequence(std::size_t depth) {
    TG_ASSIGN_OR_RETURN(Piece whole, nothing());
    while (!at_end_of_sequence()) {
      TG_ASSIGN_OR_RETURN(const Piece next, repeated(depth));
      lead(whole.end, next.begin);
      whole.end = next.end;
    }
    return whole;
  }

  Result<Piece> repeated(std::size_t depth) {
    const std::size_t start = at_;
    TG_ASSIGN_OR_RETURN(const Piece first, atom(depth));
    const std::size_t stop = at_;
    TG_ASSIGN_OR_RETURN(const std::optional<Repeat> repeat, repetition());
    if (!repeat) {
      return first;
    }
    const std::size_t after = at_;
    TG_ASSIGN_OR_RETURN(const Piece piece, copies(*repeat, {start, stop}, depth));
    at_ = after;
    return piece;
  }

  struct Span {
    std::size_t start = 0;
    std::size_t stop = 0;
  };

  /// The atom at `span`, written out as often as `repeat` says.
  Result<Piece> copies(const Repeat& repeat, Span span, std::size_t depth) {
    TG_ASSIGN_OR_RETURN(Piece whole, nothing());
    const std::size_t written = repeat.most.value_or(repeat.least + 1);
    for (std::size_t i = 0; i < written; ++i) {
      at_ = span.start;
      TG_ASSIGN_OR_RETURN(Piece next, atom(depth));
      if (i >= repeat.least) {
        TG_ASSIGN_OR_RETURN(next, optional(next, repeat.most.has_value() ? Loop::No : Loop::Yes));
      }
      lead(whole.end, next.begin);
      whole.end = next.end;
    }
    return whole;
  }

  enum class Loop { No, Yes };
  Result<Piece> optional(Piece piece, Loop loop) {
    TG_ASSIGN_OR_RETURN(const Piece join, nothing());
    State split;
    split.kind = State::Kind::Split;
    split.next = piece.begin;
    split.other = join.begin;
    TG_ASSIGN_OR_RETURN(const Index begin, add(split));
    lead(piece.end, loop == Loop::Yes ? begin : join.begin);
    return Piece{begin, join.end};
  }

  Result<std::optional<Repeat>> repetition() {
    if (take('*')) {
      return std::optional{Repeat{0, std::nullopt}};
    }
    if (take('+')) {
      return std::optional{Repeat{1, std::nullopt}};
    }
    if (take('?')) {
      return std::optional{Repeat{0, 1}};
    }
    if (!take('{')) {
      return std::optional<Repeat>{};
    }
    const std::size_t close = pattern_.find('}', at_);
    if (close == std::string_view::npos) {
      return error("a { is not closed");
    }
    const std::vector<std::string> parts = split(pattern_.substr(at_, close - at_), ',');
    at_ = close + 1;
    const auto least = parse_int(parts[0]);
    const auto most = parts.size() == 2 && !parts[1].empty() ? parse_int(parts[1]) : least;
    if (!least || !most || *least < 0 || *most < *least || parts.size() > 2 || *most > 4096) {
      return error("{ } must be {m}, {m,} or {m,n} of numbers up to 4096");
    }
    Repeat repeat{static_cast<std::size_t>(*least), static_cast<std::size_t>(*most)};
    if (parts.size() == 2 && parts[1].empty()) {
      repeat.most.reset();
    }
    return std::optional{repeat};
  }

  Result<Piece> one_byte(const Bytes& bytes) {
    State state;
    state.kind = State::Kind::Byte;
    state.bytes = bytes;
    TG_ASSIGN_OR_RETURN(const Index index, add(state));
    return Piece{index, index};
  }

  Result<Piece> atom(std::size_t depth) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return set();
      case '.':
        return one_byte(~range_of('\n', '\n'));
      case '\\': {
        if (at_ == pattern_.size()) {
          return error("a \\ at the end");
        }
        TG_ASSIGN_OR_RETURN(const Bytes bytes, class_of(pattern_[at_++]));
        return one_byte(bytes);
      }
      case '*':
      case '+':
      case '?':
      case '{':
      case '^':
      case '$':
        return error("unexpected '" + std::string{c} + "'");
      default:
        return one_byte(range_of(c, c));
    }
  }

  Result<Piece> group(std::size_t depth) {
    if (take('?') && !take(':')) {
      return error("(? other than (?: is not known");
    }
    TG_ASSIGN_OR_RETURN(const Piece inner, alternatives(depth + 1));
    if (!take(')')) {
      return error("a ( is not closed");
    }
    return inner;
  }

  /// One sign of a set, or a class like \d.
  Result<Bytes> set_sign() {
    const char c = pattern_[at_++];
    if (c != '\\') {
      return range_of(c, c);
    }
    return at_ == pattern_.size() ? Result<Bytes>{error("a [ is not closed")}
                                  : class_of(pattern_[at_++]);
  }

  Result<Piece> set() {
    const bool inverted = take('^');
    Bytes bytes;
    while (at_ < pattern_.size() && peek() != ']') {
      const char from = peek();
      TG_ASSIGN_OR_RETURN(const Bytes sign, set_sign());
      const bool range = peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
      if (!range) {
        bytes |= sign;
        continue;
      }
      ++at_;
      const char to = peek();
      TG_ASSIGN_OR_RETURN(const Bytes last, set_sign());
      if (sign.count() != 1 || last.count() != 1 || from == '\\' || to == '\\' ||
          code(from) > code(to)) {
        return error("a range of a set must be like a-z");
      }
      bytes |= range_of(from, to);
    }
    if (!take(']')) {
      return error("a [ is not closed");
    }
    return one_byte(inverted ? ~bytes : bytes);
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::vector<State> states_;
};

/// Runs all ways through the automaton at once.
class Matcher {
 public:
  explicit Matcher(const std::vector<State>& states) : states_(states), seen_(states.size(), 0) {}

  bool run(Index begin, std::string_view text) {
    std::vector<Index> now;
    std::vector<Index> next;
    enter(begin, now);
    for (const char c : text) {
      ++round_;
      next.clear();
      for (const Index index : now) {
        const State& state = states_[index];
        if (state.kind == State::Kind::Byte && state.bytes.test(code(c))) {
          enter(state.next, next);
        }
      }
      std::swap(now, next);
    }
    for (const Index index : now) {
      if (states_[index].kind == State::Kind::Accept) {
        return true;
      }
    }
    return false;
  }

 private:
  /// The states that take a byte, or accept, on all ways from `index` that need none.
  void enter(Index index, std::vector<Index>& into) {
    std::vector<Index> open{index};
    while (!open.empty()) {
      const Index here = open.back();
      open.pop_back();
      if (seen_[here] == round_) {
        continue;
      }
      seen_[here] = round_;
      if (states_[here].kind != State::Kind::Split) {
        into.push_back(here);
        continue;
      }
      open.push_back(states_[here].other);
      open.push_back(states_[here].next);
    }
  }

  const std::vector<State>& states_;
  std::vector<std::size_t> seen_;  // round in which a state was entered last
  std::size_t round_ = 1;
};

}  // namespace

Result<bool> matches_pattern(std::string_view pattern, std::string_view text) {
  if (pattern.size() > kMaxPatternBytes) {
    return error("the pattern has more than 1024 bytes");
  }
  Compiler compiler{pattern};
  TG_ASSIGN_OR_RETURN(const Index begin, compiler.compile());
  return Matcher{compiler.states()}.run(begin, text);
}

}  // namespace tidegate::stacks::parameters
