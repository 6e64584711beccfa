// Pagination: a token names the last item of the page before, so that pages neither skip nor repeat
// what stays while other items come and go.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tidegate::api {

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_token;  // absent: this is the last page
};

/// "" of no token of ours.
std::string encode_token(const std::string& key);
std::optional<std::string> decode_token(const std::string& token);

/// The page of `all` that starts behind the token's item. key: of an item, unique and stable.
/// error_name: the service's word for a token that is none ("InvalidNextToken"). An item that went
/// meanwhile ends the listing with the same error, as AWS's expired tokens do.
template <typename T, typename Key>
Result<Page<T>> page_of(std::vector<T> all,
                        Key key,
                        const std::optional<std::string>& token,
                        std::int64_t limit,
                        const char* error_name) {
  auto begin = all.begin();
  if (token.has_value()) {
    const auto last = decode_token(*token);
    begin =
        !last.has_value() ? all.end() : std::find_if(all.begin(), all.end(), [&](const T& item) {
          return key(item) == *last;
        });
    if (begin == all.end()) {
      return Error{
          ErrorCode::InvalidArgument, error_name, "The token '" + *token + "' is invalid."};
    }
    ++begin;
  }
  const auto left = std::distance(begin, all.end());
  Page<T> page;
  const auto end = begin + std::min<std::ptrdiff_t>(left, limit);
  if (end != all.end() && end != begin) {
    page.next_token = encode_token(key(*(end - 1)));
  }
  page.items.assign(std::make_move_iterator(begin), std::make_move_iterator(end));
  return page;
}

}  // namespace tidegate::api
