#include "net/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/check.h"

namespace tidegate::net {
namespace {

constexpr std::size_t kDigestBytes = 32;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(kDigestBytes, '\0');
  unsigned int written = 0;
  TG_CHECK(EVP_Digest(
               bytes.data(), bytes.size(), bytes_of(digest), &written, EVP_sha256(), nullptr) == 1);
  TG_CHECK(written == kDigestBytes);
  return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string digest(kDigestBytes, '\0');
  unsigned int written = 0;
  TG_CHECK(HMAC(EVP_sha256(),
                key.data(),
                static_cast<int>(key.size()),
                bytes_of(message),
                message.size(),
                bytes_of(digest),
                &written) != nullptr);
  TG_CHECK(written == kDigestBytes);
  return digest;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  TG_CHECK(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace tidegate::net
