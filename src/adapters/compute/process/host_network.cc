#include "adapters/compute/process/host_network.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "adapters/compute/process/files.h"
#include "base/check.h"
#include "base/text.h"
#include "net/link/netlink.h"
#include "net/link/nft.h"
#include "supervise/files.h"

namespace tidegate::compute_process {
namespace {

constexpr const char* kRunFolder = "/run/tidegate";
constexpr const char* kForwardFile = "/proc/sys/net/ipv4/ip_forward";
constexpr std::size_t kHomeIdInNames = 6;   // with an offset of /8 a link's name has 15 bytes
constexpr link::Ipv4 kGateway{0xa9fe0101};  // 169.254.1.1, the host's side of every veth

std::string read_or_empty(const std::string& path) {
  const Result<std::string> text = supervise::read_small_file(path);
  return text ? *text : std::string{};
}

/// Several homes share the folder in /run: changes there are made under its lock.
FileDescriptor lock_run_folder() {
  ::mkdir(kRunFolder, 0755);
  FileDescriptor lock{
      ::open((std::string{kRunFolder} + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (lock) ::flock(lock.get(), LOCK_EX);
  return lock;
}

/// ip_forward belongs to a network namespace.
std::string forward_folder() {
  struct stat about{};
  ::stat("/proc/thread-self/ns/net", &about);
  return std::string{kRunFolder} + "/forward-" + std::to_string(about.st_ino);
}

/// "0200400A" of /proc/net/route is 10.64.0.2: the bytes stand in the machine's (little) order.
std::uint32_t route_number(const std::string& hex) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::uint32_t value = 0;
  for (const char c : hex) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return 0;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return __builtin_bswap32(value);
}

/// The machine's routes that overlap the range; the default route does not count.
bool is_routed(const link::Ipv4Range& range) {
  for (const std::string& line : split(read_or_empty("/proc/thread-self/net/route"), '\n')) {
    const std::vector<std::string> words = split(line, '\t');
    if (words.size() < 8) continue;
    const std::uint32_t mask = route_number(words[7]);
    const std::uint32_t target = route_number(words[1]);
    const bool overlaps =
        (range.first.value & mask) == target || range.contains(link::Ipv4{target});
    if (mask != 0 && overlaps) return true;
  }
  return false;
}

enum class Claim { Mine, Anothers };

struct Attempt {
  Claim claim = Claim::Anothers;
  FileDescriptor lock;
  std::string holder;
};

/// A lock that our own shims hold is ours: the file names the home.
Attempt try_claim(const link::Ipv4Range& range, const std::string& home) {
  const std::string folder = std::string{kRunFolder} + "/ranges";
  ::mkdir(kRunFolder, 0755);
  ::mkdir(folder.c_str(), 0755);
  std::string name = to_string(range);
  name[name.find('/')] = '_';
  const std::string path = folder + "/" + name;
  Attempt attempt;
  attempt.lock = FileDescriptor{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  attempt.holder = std::string{trim(read_or_empty(path))};
  const bool locked = attempt.lock && ::flock(attempt.lock.get(), LOCK_EX | LOCK_NB) == 0;
  if (locked && attempt.holder != home) {
    const std::string text = home + "\n";
    const bool written = ::ftruncate(attempt.lock.get(), 0) == 0 &&
                         ::pwrite(attempt.lock.get(), text.data(), text.size(), 0) ==
                             static_cast<ssize_t>(text.size());
    if (!written) return attempt;
  }
  if (locked || attempt.holder == home) attempt.claim = Claim::Mine;
  return attempt;
}

Result<ClaimedRange> claim_wanted(const std::string& home, const std::string& wanted) {
  const std::optional<link::Ipv4Range> range = link::parse_ipv4_range(wanted);
  if (!range || range->prefix > 28 || range->prefix < 8) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "TIDEGATE_RANGE '" + wanted + "' is no range of /8 to /28 such as 10.64.0.0/20"};
  }
  Attempt attempt = try_claim(*range, home);
  if (attempt.claim == Claim::Mine) return ClaimedRange{*range, std::move(attempt.lock)};
  return Error{ErrorCode::ResourceExhausted,
               "ValidationError",
               "TIDEGATE_RANGE " + wanted + " is in use by the home " + attempt.holder};
}

}  // namespace

Result<ClaimedRange> claim_range(const std::string& home,
                                 const std::optional<std::string>& wanted) {
  if (wanted) return claim_wanted(home, *wanted);
  const std::string memory = home + "/range";
  const auto before = link::parse_ipv4_range(trim(read_or_empty(memory)));
  if (before) {
    Attempt attempt = try_claim(*before, home);
    if (attempt.claim == Claim::Mine) return ClaimedRange{*before, std::move(attempt.lock)};
  }
  for (std::uint32_t i = 0; i < 1024; ++i) {
    const link::Ipv4Range range{link::Ipv4{0x0a400000 + (i << 12)}, 20};
    if (is_routed(range)) continue;
    Attempt attempt = try_claim(range, home);
    if (attempt.claim != Claim::Mine) continue;
    TG_RETURN_IF_ERROR(write_file(memory, to_string(range) + "\n"));
    return ClaimedRange{range, std::move(attempt.lock)};
  }
  return Error{ErrorCode::ResourceExhausted,
               "ValidationError",
               "no /20 of 10.64.0.0/10 is free: set TIDEGATE_RANGE"};
}

std::uint32_t instance_addresses(const link::Ipv4Range& range) {
  const std::uint32_t size = range.size();
  return size > 4 * kAddressesForLoadBalancers ? size - kAddressesForLoadBalancers : size / 4 * 3;
}

HostNetwork::HostNetwork(std::string home_id, std::string home, link::Ipv4Range range)
    : home_id_(std::move(home_id)), home_(std::move(home)), range_(range) {}

Status HostNetwork::add_table() const {
  const std::string table = "ip tidegate_" + home_id_;
  const std::string range = to_string(range_);
  std::string commands = "add table " + table + "\nflush table " + table + "\n";
  const auto chain = [&](const std::string& name, const std::string& what) {
    commands += "add chain " + table + " " + name + " { type " + what + " ; }\n";
  };
  const auto rule = [&](const std::string& text) {
    commands += "add rule " + table + " " + text + "\n";
  };
  chain("guard", "filter hook prerouting priority -300");
  rule("guard iifname \"" + link_prefix(home_id_) + "*\" ip saddr != " + range + " drop");
  rule("guard iifname \"" + link_prefix(home_id_) + "*\" ip daddr 127.0.0.0/8 drop");
  chain("out", "nat hook postrouting priority 100");
  rule("out ip saddr " + range + " ip daddr != " + range + " masquerade");
  if (const std::optional<link::Ipv4> resolver = machine_resolv_conf().forward_to) {
    const std::string asks = "ip saddr " + range + " ip daddr " + kDnsForwarder;
    chain("names", "nat hook prerouting priority -100");
    rule("names " + asks + " udp dport 53 dnat to " + to_string(*resolver));
    rule("names " + asks + " tcp dport 53 dnat to " + to_string(*resolver));
    chain("names_from", "nat hook input priority 100");  // it answers loopback only
    rule("names_from ip saddr " + range + " ip daddr " + to_string(*resolver) +
         " snat to 127.0.0.1");
  }
  return link::run_nft(commands);
}

void HostNetwork::remove_table() const {
  const std::string table = "ip tidegate_" + home_id_;
  const Status removed = link::run_nft("add table " + table + "\ndelete table " + table + "\n");
  if (!removed) return;  // without nft there is no table
}

Status HostNetwork::forward() const {
  const FileDescriptor lock = lock_run_folder();
  const std::string folder = forward_folder();
  ::mkdir(folder.c_str(), 0755);
  const std::string now{trim(read_or_empty(kForwardFile))};
  const std::string original = folder + "/original";
  const bool first = !std::filesystem::exists(original);
  if (first) TG_RETURN_IF_ERROR(write_file(original, now + "\n"));
  TG_RETURN_IF_ERROR(write_file(folder + "/" + home_id_, home_ + "\n"));
  if (now == "1") return Ok{};
  const FileDescriptor file{::open(kForwardFile, O_WRONLY | O_CLOEXEC)};
  if (!file || ::write(file.get(), "1\n", 2) != 2) return failed(kForwardFile);
  return Ok{};
}

void HostNetwork::stop_forwarding() const {
  const FileDescriptor lock = lock_run_folder();
  const std::string folder = forward_folder();
  std::error_code ignored;
  std::filesystem::remove(folder + "/" + home_id_, ignored);
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename() == "original") continue;
    const std::string other{trim(read_or_empty(entry.path()))};
    if (std::filesystem::exists(other)) return;  // that home needs it still
  }
  const std::string original{trim(read_or_empty(folder + "/original"))};
  if (original == "0") {
    static_cast<void>(write_file(kForwardFile, "0\n"));  // nobody is left to tell
  }
  std::filesystem::remove_all(folder, ignored);
}

Status HostNetwork::set_up() {
  if (is_set_up_) return Ok{};
  TG_ASSIGN_OR_RETURN(link::Netlink netlink, link::Netlink::open());
  link::Route whole;
  whole.kind = link::Route::Kind::Unreachable;
  whole.destination = range_;
  TG_RETURN_IF_ERROR(netlink.add_route(whole));
  TG_RETURN_IF_ERROR(add_table());
  TG_RETURN_IF_ERROR(forward());
  is_set_up_ = true;
  return Ok{};
}

void HostNetwork::tear_down() {
  for (const std::string& veth : veths()) {
    remove_veth(veth);
  }
  Result<link::Netlink> netlink = link::Netlink::open();
  link::Route whole;
  whole.kind = link::Route::Kind::Unreachable;
  whole.destination = range_;
  if (netlink && !netlink->remove_route(whole)) return;
  remove_table();
  stop_forwarding();
  is_set_up_ = false;
}

std::string link_prefix(const std::string& home_id) {
  return "tg" + home_id.substr(0, kHomeIdInNames) + "-";
}

std::string HostNetwork::veth_of(link::Ipv4 address) const {
  std::array<char, 8> offset{};
  std::snprintf(offset.data(), offset.size(), "%x", address.value - range_.first.value);
  return link_prefix(home_id_) + offset.data();
}

Result<InstanceNetwork> HostNetwork::add_instance(link::Ipv4 address) const {
  constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";
  const std::string veth = veth_of(address);
  const FileDescriptor here{::open(kOwnNamespace, O_RDONLY | O_CLOEXEC)};
  if (!here || ::unshare(CLONE_NEWNET) != 0) return failed("a network namespace");
  InstanceNetwork made{FileDescriptor{::open(kOwnNamespace, O_RDONLY | O_CLOEXEC)}, veth};
  Result<link::Netlink> inside = link::Netlink::open();
  const bool back = ::setns(here.get(), CLONE_NEWNET) == 0;
  TG_CHECK(back);  // this thread would go on in the instance's network
  if (!inside) return inside.error();
  TG_ASSIGN_OR_RETURN(link::Netlink outside, link::Netlink::open());
  TG_RETURN_IF_ERROR(outside.remove_link(veth));
  TG_RETURN_IF_ERROR(outside.add_veth(veth, "eth0", made.network_namespace.get()));
  TG_RETURN_IF_ERROR(outside.add_address(veth, kGateway, 32));
  TG_RETURN_IF_ERROR(outside.set_up(veth));
  if (machine_resolv_conf().forward_to) {
    // For names alone: the table's guard drops what is sent to loopback otherwise.
    TG_RETURN_IF_ERROR(write_file("/proc/sys/net/ipv4/conf/" + veth + "/route_localnet", "1\n"));
  }
  TG_RETURN_IF_ERROR(inside->set_up("lo"));
  TG_RETURN_IF_ERROR(inside->add_address("eth0", address, 32));
  TG_RETURN_IF_ERROR(inside->set_up("eth0"));
  link::Route out;
  out.destination = {link::Ipv4{0}, 0};
  out.link = "eth0";
  out.gateway = kGateway;
  TG_RETURN_IF_ERROR(inside->add_route(out));
  link::Route to;
  to.destination = {address, 32};
  to.link = veth;
  TG_RETURN_IF_ERROR(outside.add_route(to));
  return made;
}

void HostNetwork::remove_veth(const std::string& name) {
  Result<link::Netlink> netlink = link::Netlink::open();
  if (!netlink) return;
  const Status removed = netlink->remove_link(name);
  if (!removed) return;  // it goes with its namespace
}

std::vector<std::string> HostNetwork::veths() const {
  std::vector<std::string> ours;
  Result<link::Netlink> netlink = link::Netlink::open();
  const Result<std::vector<std::string>> all =
      netlink ? netlink->links() : Result<std::vector<std::string>>{netlink.error()};
  if (!all) return ours;
  for (const std::string& name : *all) {
    if (name.starts_with(link_prefix(home_id_))) ours.push_back(name);
  }
  return ours;
}

Status probe_nft() {
  return link::run_nft("list tables\n");
}

ResolvConf resolv_conf_from(std::string_view machine, std::string_view upstream) {
  ResolvConf conf;
  std::string servers;
  std::string options;
  for (const std::string& line : split(machine, '\n')) {
    const std::string_view text = trim(line);
    if (text.starts_with("nameserver")) {
      const std::string_view address = trim(text.substr(std::strlen("nameserver")));
      const bool loopback = address.starts_with("127.");
      if (loopback && !conf.forward_to) conf.forward_to = link::parse_ipv4(address);
      if (!loopback && address != "::1") servers += line + "\n";
    } else if (!text.empty() && !text.starts_with('#')) {
      options += line + "\n";
    }
  }
  if (!servers.empty()) return {servers + options, std::nullopt};
  if (!upstream.empty()) {
    // systemd-resolved answers on its loopback device only, and keeps the real servers here.
    const ResolvConf real = resolv_conf_from(upstream, {});
    if (!real.forward_to && real.text.find("nameserver") != std::string::npos) return real;
  }
  if (conf.forward_to) servers = std::string{"nameserver "} + kDnsForwarder + "\n";
  conf.text = servers + options;
  return conf;
}

std::string machines_own_resolv_conf() {
  std::error_code error;
  const auto real = std::filesystem::canonical("/etc/resolv.conf", error);
  return read_or_empty(error ? "/etc/resolv.conf" : real.string());
}

ResolvConf machine_resolv_conf() {
  return resolv_conf_from(machines_own_resolv_conf(),
                          read_or_empty("/run/systemd/resolve/resolv.conf"));
}

}  // namespace tidegate::compute_process
