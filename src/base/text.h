// Words about text: splitting, joining, encodings that have no domain, and the nearest name for a
// typo.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);

/// Decimal, whole text, no sign but '-', no blanks. Absent when it is no such number or does not
/// fit.
std::optional<std::int64_t> parse_int(std::string_view text);
/// Decimal or exponent form, whole text, finite. Absent when it is no such number.
std::optional<double> parse_double(std::string_view text);
/// Shortest text that reads back as the same double; "3" for 3.0.
std::string format_double(double value);
/// Fixed number of digits after the point: format_fixed(3.14159, 2) is "3.14".
std::string format_fixed(double value, int digits);

/// Standard alphabet with padding.
std::string base64_encode(std::string_view bytes);
/// Absent when the text is not base64 (blanks and line ends inside are allowed, as AWS allows
/// them).
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);

/// RFC 3986: everything but A-Za-z0-9-_.~ is %XX.
std::string percent_encode(std::string_view text);
/// '+' is a space when `form` says so. Absent on a broken %XX.
enum class PercentForm { Uri, Form };
std::optional<std::string> percent_decode(std::string_view text, PercentForm form);

/// The candidate that is nearest to `word` by edit distance, if one is near enough to be a typo of
/// it.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// `text` matches `pattern` with `*` (any run) and `?` (any one), as ALB's conditions have it.
/// O(|text|·|pattern|) at worst.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace tidegate
