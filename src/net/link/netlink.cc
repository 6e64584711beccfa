#include "net/link/netlink.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

namespace tidegate::link {
namespace {

constexpr std::size_t kAnswerBytes = 32 << 10;

/// A netlink message under construction: header, fixed part, attributes.
class Message {
 public:
  template <typename Fixed>
  Message(std::uint16_t type, std::uint16_t flags, const Fixed& fixed) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    append(header);
    append(fixed);
    align();
  }
  template <typename Pod>
  void attribute(std::uint16_t type, const Pod& value) {
    raw(type, &value, sizeof value);
  }
  void text(std::uint16_t type, const std::string& value) {
    raw(type, value.c_str(), value.size() + 1);
  }
  std::size_t open(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    raw(type, nullptr, 0);
    return at;
  }
  void close(std::size_t at) {
    rtattr head{};
    std::memcpy(&head, bytes_.data() + at, sizeof head);
    head.rta_len = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &head, sizeof head);
  }
  template <typename Pod>
  void append(const Pod& pod) {
    char copy[sizeof pod];
    std::memcpy(copy, &pod, sizeof pod);
    bytes_.append(copy, sizeof copy);
  }
  std::string take() && { return std::move(bytes_); }

 private:
  void raw(std::uint16_t type, const void* value, std::size_t size) {
    rtattr head{};
    head.rta_type = type;
    head.rta_len = static_cast<std::uint16_t>(sizeof head + size);
    append(head);
    if (size > 0) bytes_.append(static_cast<const char*>(value), size);
    align();
  }
  void align() { bytes_.resize((bytes_.size() + 3) / 4 * 4, '\0'); }

  std::string bytes_;
};

Error refused(const std::string& what, int error) {
  const ErrorCode code = error == EPERM || error == EACCES   ? ErrorCode::PermissionDenied
                         : error == EEXIST                   ? ErrorCode::AlreadyExists
                         : error == ENODEV || error == ESRCH ? ErrorCode::NotFound
                                                             : ErrorCode::Internal;
  return Error{code, "InternalFailure", what + ": " + ::strerrordesc_np(error)};
}

template <typename Pod>
Pod read_at(const std::string& bytes, std::size_t at) {
  Pod pod{};
  if (at + sizeof pod <= bytes.size()) std::memcpy(&pod, bytes.data() + at, sizeof pod);
  return pod;
}

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

/// errno of an NLMSG_ERROR (0: it is an acknowledgement), and 0 for any other message.
int error_of(const std::string& message) {
  if (read_at<nlmsghdr>(message, 0).nlmsg_type != NLMSG_ERROR) return 0;
  return -read_at<nlmsgerr>(message, NLMSG_HDRLEN).error;
}

/// IFLA_IFNAME of an RTM_NEWLINK; empty when it has none.
std::string name_in(const std::string& message) {
  std::size_t at = NLMSG_HDRLEN + padded(sizeof(ifinfomsg));
  while (at + sizeof(rtattr) <= message.size()) {
    const auto part = read_at<rtattr>(message, at);
    if (part.rta_len < sizeof part || at + part.rta_len > message.size()) break;
    if (part.rta_type == IFLA_IFNAME) {
      const std::string value = message.substr(at + sizeof part, part.rta_len - sizeof part);
      return value.substr(0, value.find('\0'));
    }
    at += padded(part.rta_len);
  }
  return {};
}

/// For a change whose outcome is there already.
Status unless(ErrorCode code, Status status) {
  if (!status && status.error().code == code) return Ok{};
  return status;
}

}  // namespace

Result<Netlink> Netlink::open() {
  FileDescriptor socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!socket) return refused("rtnetlink", errno);
  return Netlink{std::move(socket)};
}

Status Netlink::ask(std::string message, std::uint16_t flags, const std::string& what) {
  nlmsghdr header{};
  std::memcpy(&header, message.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(message.size());
  header.nlmsg_seq = ++sequence_;
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  std::memcpy(message.data(), &header, sizeof header);
  if (::send(socket_.get(), message.data(), message.size(), 0) < 0) return refused(what, errno);
  return Ok{};
}

Result<std::string> Netlink::answer(const std::string& what) {
  std::string bytes(kAnswerBytes, '\0');
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return refused(what, got < 0 ? errno : EIO);
    if (read_at<nlmsghdr>(bytes, 0).nlmsg_seq != sequence_) continue;  // of an older request
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

Status Netlink::transact(std::string message, const std::string& what) {
  TG_RETURN_IF_ERROR(ask(std::move(message), NLM_F_ACK, what));
  TG_ASSIGN_OR_RETURN(const std::string told, answer(what));
  const int error = error_of(told);
  if (error != 0) return refused(what, error);
  return Ok{};
}

Result<std::uint32_t> Netlink::index_of(const std::string& link) {
  // if_nametoindex() would ask in the caller's namespace, which need not be this socket's.
  Message message{RTM_GETLINK, 0, ifinfomsg{}};
  message.text(IFLA_IFNAME, link);
  const std::string what = "link " + link;
  TG_RETURN_IF_ERROR(ask(std::move(message).take(), 0, what));
  TG_ASSIGN_OR_RETURN(const std::string told, answer(what));
  const int error = error_of(told);
  if (error != 0) return refused(what, error);
  if (told.size() < NLMSG_HDRLEN + sizeof(ifinfomsg)) return refused(what, EIO);
  return static_cast<std::uint32_t>(read_at<ifinfomsg>(told, NLMSG_HDRLEN).ifi_index);
}

Status Netlink::add_veth(const std::string& name, const std::string& peer, int peer_namespace) {
  const ifinfomsg fixed{};
  Message message{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, fixed};
  message.text(IFLA_IFNAME, name);
  const std::size_t info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "veth");
  const std::size_t data = message.open(IFLA_INFO_DATA);
  const std::size_t other = message.open(VETH_INFO_PEER);
  message.append(fixed);
  message.text(IFLA_IFNAME, peer);
  message.attribute(IFLA_NET_NS_FD, peer_namespace);
  message.close(other);
  message.close(data);
  message.close(info);
  return transact(std::move(message).take(), "veth " + name);
}

Status Netlink::set_up(const std::string& link) {
  TG_ASSIGN_OR_RETURN(const std::uint32_t index, index_of(link));
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(index);
  fixed.ifi_flags = IFF_UP;
  fixed.ifi_change = IFF_UP;
  return transact(Message{RTM_NEWLINK, 0, fixed}.take(), "link " + link + " up");
}

Status Netlink::change_address(std::uint16_t type,
                               const std::string& link,
                               Ipv4 address,
                               std::uint8_t prefix) {
  TG_ASSIGN_OR_RETURN(const std::uint32_t index, index_of(link));
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET;
  fixed.ifa_prefixlen = prefix;
  fixed.ifa_index = index;
  const std::uint16_t flags = type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0;
  Message message{type, flags, fixed};
  message.attribute(IFA_LOCAL, htonl(address.value));
  message.attribute(IFA_ADDRESS, htonl(address.value));
  return transact(std::move(message).take(), "address " + to_string(address) + " on " + link);
}

Status Netlink::add_address(const std::string& link, Ipv4 address, std::uint8_t prefix) {
  return unless(ErrorCode::AlreadyExists, change_address(RTM_NEWADDR, link, address, prefix));
}

Status Netlink::remove_address(const std::string& link, Ipv4 address, std::uint8_t prefix) {
  const Status removed = change_address(RTM_DELADDR, link, address, prefix);
  const bool absent = !removed && removed.error().message.find(::strerrordesc_np(EADDRNOTAVAIL)) !=
                                      std::string::npos;
  return absent ? Status{Ok{}} : unless(ErrorCode::NotFound, removed);
}

Status Netlink::change_route(std::uint16_t type, const Route& route) {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  fixed.rtm_dst_len = route.destination.prefix;
  fixed.rtm_table = RT_TABLE_MAIN;
  fixed.rtm_protocol = RTPROT_STATIC;
  const bool unicast = route.kind == Route::Kind::Unicast;
  fixed.rtm_type = unicast ? RTN_UNICAST : RTN_UNREACHABLE;
  fixed.rtm_scope = unicast && !route.gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  if (route.gateway) fixed.rtm_flags = RTNH_F_ONLINK;
  const std::uint16_t flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0;
  Message message{type, flags, fixed};
  message.attribute(RTA_DST, htonl(route.destination.first.value));
  if (unicast) {
    TG_ASSIGN_OR_RETURN(const std::uint32_t index, index_of(route.link));
    message.attribute(RTA_OIF, index);
  }
  if (route.gateway) message.attribute(RTA_GATEWAY, htonl(route.gateway->value));
  if (route.source) message.attribute(RTA_PREFSRC, htonl(route.source->value));
  if (route.metric != 0) message.attribute(RTA_PRIORITY, route.metric);
  return transact(std::move(message).take(), "route to " + to_string(route.destination));
}

Status Netlink::add_route(const Route& route) {
  return change_route(RTM_NEWROUTE, route);
}

Status Netlink::remove_route(const Route& route) {
  return unless(ErrorCode::NotFound, change_route(RTM_DELROUTE, route));
}

Status Netlink::remove_link(const std::string& name) {
  const Result<std::uint32_t> index = index_of(name);
  if (!index) return unless(ErrorCode::NotFound, Status{index.error()});
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(*index);
  return unless(ErrorCode::NotFound,
                transact(Message{RTM_DELLINK, 0, fixed}.take(), "removing link " + name));
}

Result<std::vector<std::string>> Netlink::links() {
  TG_RETURN_IF_ERROR(ask(Message{RTM_GETLINK, 0, ifinfomsg{}}.take(), NLM_F_DUMP, "links"));
  std::vector<std::string> names;
  for (;;) {
    TG_ASSIGN_OR_RETURN(const std::string told, answer("links"));
    std::size_t at = 0;
    while (at + sizeof(nlmsghdr) <= told.size()) {
      const auto header = read_at<nlmsghdr>(told, at);
      if (header.nlmsg_type == NLMSG_DONE) return names;
      if (header.nlmsg_type == NLMSG_ERROR) return refused("links", EIO);
      if (header.nlmsg_len < sizeof header || at + header.nlmsg_len > told.size()) break;
      const std::string name = name_in(told.substr(at, header.nlmsg_len));
      if (!name.empty()) names.push_back(name);
      at += padded(header.nlmsg_len);
    }
  }
}

}  // namespace tidegate::link
