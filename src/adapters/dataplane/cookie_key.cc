#include "adapters/dataplane/cookie_key.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/socket.h"

namespace tidegate::dataplane {
namespace {

constexpr std::size_t kDigits = 64;

}  // namespace

std::string cookie_key(const std::string& folder) {
  const std::string path = folder + "/cookie.key";
  std::array<char, kDigits> known{};
  const net::Fd file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file && read(file.get(), known.data(), known.size()) == std::ssize(known)) {
    return {known.data(), known.size()};
  }
  std::string fresh = hex_encode(net::random_bytes(kDigits / 2));
  const net::Fd made{open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!made || write(made.get(), fresh.data(), fresh.size()) != std::ssize(fresh)) {
    log_event(
        LogLevel::Warn, "cookie_key_not_kept", {{"why", net::errno_error(path, errno).message}});
  }
  return fresh;
}

}  // namespace tidegate::dataplane
