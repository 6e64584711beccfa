#include "apps/tidegate/inherited.h"

#include <sys/resource.h>

#include "base/text.h"

namespace tidegate::apps {

std::vector<std::pair<std::string, net::Fd>> held_descriptors(std::string_view text) {
  std::vector<std::pair<std::string, net::Fd>> all;
  for (const std::string& entry : split(text, ',')) {
    const std::size_t colon = entry.rfind(':');
    if (colon == std::string::npos) continue;
    const auto fd = parse_int(std::string_view{entry}.substr(colon + 1));
    if (!fd || *fd < 3) continue;
    all.emplace_back(entry.substr(0, colon), net::Fd{static_cast<int>(*fd)});
  }
  return all;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace tidegate::apps
