#include "replay/unpack.h"

#include <algorithm>

namespace tidegate::replay {

std::uint64_t Unpacker::get_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += shape::kVarintBits) {
    if (at_ >= bytes_.size()) {
      break;
    }
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    value |= (byte & shape::kVarintLow) << shift;
    if ((byte & shape::kVarintMore) == 0) {
      return value;
    }
  }
  failed_ = true;
  return 0;
}

std::int64_t Unpacker::get_signed() {
  const std::uint64_t bits = get_varint();
  return static_cast<std::int64_t>((bits >> 1U) ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0));
}

std::size_t Unpacker::get_count() {
  const std::uint64_t count = get_varint();
  if (count > bytes_.size() - std::min(at_, bytes_.size())) {
    failed_ = true;
    return 0;
  }
  return static_cast<std::size_t>(count);
}

std::string_view Unpacker::get_text() {
  const std::size_t length = get_count();
  const std::string_view text = bytes_.substr(std::min(at_, bytes_.size()), length);
  at_ += length;
  return text;
}

}  // namespace tidegate::replay
