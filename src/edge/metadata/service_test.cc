#include "edge/metadata/service.h"

#include <array>
#include <future>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidegate::metadata {
namespace {

net::Fd listener() {
  return std::move(
      *net::listen_tcp(*net::SocketAddress::ip("127.0.0.1", 0), net::PortSharing::Exclusive));
}

/// A client's blocking connection; what comes is read to its end.
class Client {
 public:
  explicit Client(const net::SocketAddress& address)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        connected_(::connect(socket_.get(), address.get(), address.size()) == 0) {}
  bool connected() const { return connected_; }
  std::string ask(const std::string& head) {
    const std::string text = head + "Host: x\r\nConnection: close\r\n\r\n";
    CHECK(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
    return rest();
  }
  std::string rest() {
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  net::Fd socket_;
  bool connected_;
};

/// A service on a loop of its own thread; calls on it go there.
class Rig {
 public:
  Rig()
      : service_(loop_,
                 Tokens{std::string(32, 'k')},
                 [](const std::string& instance) {
                   return std::optional<Json>{Json::object({{"instance-id", instance}})};
                 }),
        thread_([this] { loop_.run(); }) {}
  ~Rig() {
    loop_.stop();
    thread_.join();
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  net::SocketAddress add(const std::string& instance) {
    net::Fd socket = listener();
    const net::SocketAddress address = net::local_address(socket.get());
    in_loop([&] { service_.add(instance, std::move(socket)); });
    return address;
  }
  void remove(const std::string& instance) {
    in_loop([&] { service_.remove(instance); });
  }
  std::vector<std::string> instances() {
    std::vector<std::string> names;
    in_loop([&] { names = service_.instances(); });
    return names;
  }

 private:
  template <typename Call>
  void in_loop(Call call) {
    std::promise<void> done;
    loop_.post([&] {
      call();
      done.set_value();
    });
    done.get_future().wait();
  }

  net::EventLoop loop_;
  Service service_;
  std::thread thread_;
};

std::string token_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string put_token(const net::SocketAddress& address) {
  Client client{address};
  return token_of(
      client.ask("PUT /latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
}

std::string get_id(const net::SocketAddress& address, const std::string& token) {
  Client client{address};
  return client.ask(
      "GET /latest/meta-data/instance-id HTTP/1.1\r\nX-aws-ec2-metadata-token: " + token + "\r\n");
}

TEST_CASE("metadata service: the socket says which instance asks") {
  Rig rig;
  const auto first = rig.add("i-1");
  const auto second = rig.add("i-2");
  CHECK(rig.instances() == std::vector<std::string>{"i-1", "i-2"});
  const std::string token = put_token(first);
  CHECK(get_id(first, token).ends_with("\r\n\r\ni-1"));
  CHECK(get_id(second, token).starts_with("HTTP/1.1 401 "));
  CHECK(get_id(second, put_token(second)).ends_with("\r\n\r\ni-2"));
}

TEST_CASE("metadata service: a removed instance's socket and connections are closed, others stay") {
  Rig rig;
  const auto first = rig.add("i-1");
  const auto second = rig.add("i-2");
  Client idle{first};
  REQUIRE(idle.connected());
  const std::string token = put_token(first);  // so the idle one, earlier, is accepted as well
  rig.remove("i-1");
  rig.remove("i-1");
  rig.remove("i-never");
  CHECK(idle.rest().empty());
  CHECK_FALSE(Client{first}.connected());
  CHECK(rig.instances() == std::vector<std::string>{"i-2"});
  CHECK(get_id(second, put_token(second)).ends_with("i-2"));
}

TEST_CASE("metadata service: a socket added again takes the place of the older one") {
  Rig rig;
  const auto before = rig.add("i-1");
  const auto after = rig.add("i-1");
  CHECK_FALSE(Client{before}.connected());
  CHECK(get_id(after, put_token(after)).ends_with("i-1"));
}

}  // namespace
}  // namespace tidegate::metadata
