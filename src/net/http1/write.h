// Writes heads and chunk lines into memory that the caller owns. Whole heads go out in one send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tidegate::http1 {

/// Appends to a fixed piece of memory. What does not fit sets overflowed() and is dropped: the
/// caller asks once at the end.
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> memory) : memory_(memory) {}

  HeadWriter& put(std::string_view text) {
    if (text.size() > memory_.size() - size_) {
      overflowed_ = true;
      return *this;
    }
    if (!text.empty()) std::memcpy(memory_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  HeadWriter& put_number(std::uint64_t number);
  /// Lower-case hexadecimal without leading zeros.
  HeadWriter& put_hex(std::uint64_t number);
  HeadWriter& field(std::string_view name, std::string_view value) {
    return put(name).put(": ").put(value).put("\r\n");
  }
  /// "HTTP/1.1 404 Not Found\r\n"; an empty reason becomes the registered phrase.
  HeadWriter& status_line(int status, std::string_view reason = {});

  std::string_view text() const { return {memory_.data(), size_}; }
  std::size_t size() const { return size_; }
  std::size_t space() const { return memory_.size() - size_; }
  bool overflowed() const { return overflowed_; }

 private:
  std::span<char> memory_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::size_t kChunkLineBytesMax = 16 + 2;

}  // namespace tidegate::http1
