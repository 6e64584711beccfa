// Digests and comparisons that signatures need. Plain functions; any thread. OpenSSL stays inside
// crypto.cc.
#pragma once

#include <string>
#include <string_view>

namespace tidegate::net {

/// 32 bytes.
std::string sha256(std::string_view bytes);
/// HMAC-SHA256 (RFC 2104): 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);
/// Equal, in a time that depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b);
/// `count` bytes of the operating system's randomness, for keys.
std::string random_bytes(std::size_t count);

}  // namespace tidegate::net
