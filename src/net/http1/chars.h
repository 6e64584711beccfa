// Character classes of HTTP/1.1 as one table, and scans over runs of them. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::http1 {

// Masks, named as the constants that they are. NOLINTBEGIN(readability-identifier-naming)
enum CharClass : std::uint8_t {
  kTchar = 1,       // RFC 9110 §5.6.2
  kTargetChar = 2,  // 0x21..0x7E without '#'
  kValueChar = 4,   // HTAB, 0x20..0x7E, 0x80..0xFF
  kHostChar = 8,    // reg-name and IP literals, without ','
  kDigit = 16,
  kHexDigit = 32,
};
// NOLINTEND(readability-identifier-naming)

constexpr bool contains(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

constexpr std::uint8_t classes_of(unsigned byte) {
  const char c = static_cast<char>(byte);
  const bool digit = c >= '0' && c <= '9';
  const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  unsigned classes = 0;
  if (digit || alpha || (byte != 0 && contains("!#$%&'*+-.^_`|~", c))) classes |= kTchar;
  if (byte >= 0x21 && byte <= 0x7E && c != '#') classes |= kTargetChar;
  if (c == '\t' || (byte >= 0x20 && byte != 0x7F)) classes |= kValueChar;
  if (digit || alpha || (byte != 0 && contains("-._~%!$&'()*+;=:[]", c))) classes |= kHostChar;
  if (digit) classes |= kDigit;
  if (hex) classes |= kHexDigit;
  return static_cast<std::uint8_t>(classes);
}

constexpr auto kCharClasses = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    table[byte] = classes_of(byte);
  }
  return table;
}();

constexpr bool is(CharClass wanted, char c) {
  return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// Every byte of `text` is of that class; true for an empty text.
constexpr bool all(CharClass wanted, std::string_view text) {
  for (const char c : text) {
    if (!is(wanted, c)) return false;
  }
  return true;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// The first position >= `from` whose byte is no field-value byte, or text.size(). SSE2 where the
/// machine has it.
std::size_t end_of_value(std::string_view text, std::size_t from);
/// The first position >= `from` whose byte may not stand in a request target, or text.size().
std::size_t end_of_target(std::string_view text, std::size_t from);

/// Without blanks and tabs at either end; no other byte counts as blank (RFC 9110 §5.5).
std::string_view trim_ows(std::string_view text);

}  // namespace tidegate::http1
