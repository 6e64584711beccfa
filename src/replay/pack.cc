#include "replay/pack.h"

namespace tidegate::replay {

void Packer::put_varint(std::uint64_t value) {
  while (value >= shape::kVarintMore) {
    bytes_.push_back(static_cast<char>((value & shape::kVarintLow) | shape::kVarintMore));
    value >>= shape::kVarintBits;
  }
  bytes_.push_back(static_cast<char>(value));
}

/// Small numbers of either sign are short.
void Packer::put_signed(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put_varint((bits << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void Packer::put_text(std::string_view text) {
  put_varint(text.size());
  bytes_ += text;
}

}  // namespace tidegate::replay
