#include "net/http1/write.h"

#include <array>
#include <charconv>

#include "net/http1/field.h"

namespace tidegate::http1 {

HeadWriter& HeadWriter::put_number(std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

HeadWriter& HeadWriter::put_hex(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

HeadWriter& HeadWriter::status_line(int status, std::string_view reason) {
  put("HTTP/1.1 ").put_number(static_cast<std::uint64_t>(status)).put(" ");
  return put(reason.empty() ? reason_phrase(status) : reason).put("\r\n");
}

}  // namespace tidegate::http1
