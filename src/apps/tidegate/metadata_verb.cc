#include "apps/tidegate/metadata_verb.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/tidegate/environment.h"
#include "apps/tidegate/inherited.h"
#include "apps/tidegate/verbs/connection.h"
#include "base/log.h"
#include "base/shim_wire.h"
#include "base/text.h"
#include "edge/metadata/service.h"
#include "net/loop.h"
#include "net/socket.h"
#include "supervise/metadata_wire.h"

namespace tidegate::apps {
namespace {

namespace wire = metadata_wire;

constexpr off_t kMaxDocumentBytes = 256 * 1024;  // user data has at most 16 kB

std::string read_all(int fd, off_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// Reached from the folder's descriptor: this user may not enter the home by its path.
std::optional<Json> read_document(const net::Fd& folder, const std::string& instance) {
  const std::string name = instance + std::string{wire::kDocumentSuffix};
  const net::Fd file{::openat(folder.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  struct stat about{};
  if (!file || ::fstat(file.get(), &about) != 0 || about.st_size > kMaxDocumentBytes) {
    return std::nullopt;
  }
  Result<Json> document = Json::parse(read_all(file.get(), about.st_size));
  return document ? std::optional{std::move(*document)} : std::nullopt;
}

/// One driver at a time is listened to: the newest.
class Control {
 public:
  Control(net::EventLoop& loop, metadata::Service& service, net::Fd listener)
      : loop_(loop), service_(service), listener_(std::move(listener)) {
    loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { greet(); });
  }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() {
    hang_up();
    loop_.unwatch(listener_.get());
  }

 private:
  void greet() {
    net::Fd driver{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!driver) return;
    hang_up();
    driver_ = std::move(driver);
    const std::string greeting = "\n" + join(service_.instances(), "\n");
    if (::send(driver_.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0) {
      driver_.reset();
      return;
    }
    loop_.watch(
        driver_.get(), EPOLLIN | EPOLLRDHUP, [this](std::uint32_t events) { listen(events); });
  }

  void listen(std::uint32_t events) {
    std::array<char, shim::kMaxNameBytes + 2> packet{};
    while (true) {
      Result<net::Received> received = net::receive_with_fds(driver_.get(), packet);
      if (!received || received->size == 0) break;
      obey({packet.data(), received->size}, std::move(received->fds));
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hang_up();
  }

  void obey(std::string_view packet, std::vector<net::Fd> fds) {
    const std::string instance{packet.substr(1)};
    if (packet.front() == wire::kAdd && fds.size() == 1) {
      service_.add(instance, std::move(fds.front()));
    } else if (packet.front() == wire::kRemove) {
      service_.remove(instance);
    }
  }

  void hang_up() {
    if (driver_) loop_.unwatch(driver_.get());
    driver_.reset();
  }

  net::EventLoop& loop_;
  metadata::Service& service_;
  net::Fd listener_;
  net::Fd driver_;
};

struct Held {
  net::Fd control, documents, key;
  std::vector<std::pair<std::string, net::Fd>> instances;
};

Held take_held() {
  Held held;
  const std::string text = process_environment(shim::kHeldVariable).value_or(std::string{});
  for (auto& [name, fd] : held_descriptors(text)) {
    if (name == wire::kControl) {
      held.control = std::move(fd);
    } else if (name == wire::kDocuments) {
      held.documents = std::move(fd);
    } else if (name == wire::kKey) {
      held.key = std::move(fd);
    } else {
      held.instances.emplace_back(name, std::move(fd));
    }
  }
  return held;
}

}  // namespace

Exit run_metadata(const Metadata&) {
  raise_descriptor_limit();
  Held held = take_held();
  const std::string key =
      held.key ? read_all(held.key.get(), static_cast<off_t>(wire::kKeyBytes)) : std::string{};
  if (!held.control || !held.documents || key.size() != wire::kKeyBytes) {
    progress("tidegate metadata: a control plane starts it, with what it is to serve");
    return Exit::Usage;
  }
  net::EventLoop loop;
  metadata::Service service{loop, metadata::Tokens{key}, [&held](const std::string& instance) {
                              return read_document(held.documents, instance);
                            }};
  for (auto& [instance, listener] : held.instances) {
    service.add(instance, std::move(listener));
  }
  const Control control{loop, service, std::move(held.control)};
  log_event(LogLevel::Info,
            "metadata_service_started",
            {{"instances", std::to_string(service.instances().size())}});
  loop.run();
  return Exit::Done;
}

}  // namespace tidegate::apps
