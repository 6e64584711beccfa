#include "net/http1/chars.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tidegate::http1 {
namespace {

#ifdef __SSE2__
__m128i load(std::string_view text, std::size_t at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
}

unsigned not_value(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)));
}

unsigned not_target(__m128i bytes) {
  // Signed: bytes from 0x80 on are negative, so one comparison refuses them and all up to 0x20.
  const __m128i visible = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x20));
  const __m128i refused = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(refused, visible))) ^ 0xFFFFu;
}

template <typename Scan>
std::size_t skip_blocks(std::string_view text, std::size_t at, Scan scan) {
  while (at + 16 <= text.size()) {
    const unsigned stops = scan(load(text, at));
    if (stops != 0) return at + static_cast<std::size_t>(__builtin_ctz(stops));
    at += 16;
  }
  return at;
}
#endif

std::size_t skip(CharClass wanted, std::string_view text, std::size_t at) {
  while (at < text.size() && is(wanted, text[at])) {
    ++at;
  }
  return at;
}

}  // namespace

std::size_t end_of_value(std::string_view text, std::size_t from) {
#ifdef __SSE2__
  from = skip_blocks(text, from, not_value);
#endif
  return skip(kValueChar, text, from);
}

std::size_t end_of_target(std::string_view text, std::size_t from) {
#ifdef __SSE2__
  from = skip_blocks(text, from, not_target);
#endif
  return skip(kTargetChar, text, from);
}

std::string_view trim_ows(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace tidegate::http1
