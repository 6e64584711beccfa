#include "adapters/compute/process/metadata_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "adapters/compute/process/files.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/link/netlink.h"
#include "net/loop.h"
#include "net/socket.h"
#include "supervise/files.h"
#include "supervise/metadata_wire.h"

namespace tidegate::compute_process {
namespace {

namespace wire = metadata_wire;

constexpr std::chrono::seconds kStartAgain{1};
constexpr std::chrono::seconds kPatience{5};  // until it is trouble that nobody answers
constexpr int kBacklog = 64;                  // asked for before the service runs

std::string socket_folder(const std::string& folder) {
  return folder + "/control.sock";
}
std::string documents_folder(const std::string& folder) {
  return folder + "/documents";
}

/// Signs the tokens; a start anew under the same shim reads it again.
Result<FileDescriptor> key_file() {
  FileDescriptor file{::memfd_create("tidegate-metadata-key", MFD_CLOEXEC)};
  const std::string key = net::random_bytes(wire::kKeyBytes);
  if (!file || ::write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
    return failed("the key of the metadata service");
  }
  return file;
}

/// As root the service is another user's process, which reads by its group.
Status share(int fd, mode_t mode, const std::optional<supervise::User>& user) {
  const bool given = !user || ::fchown(fd, static_cast<uid_t>(-1), user->gid) == 0;
  if (!given || ::fchmod(fd, mode) != 0) return failed("sharing with the metadata service");
  return Ok{};
}

shim::RestartPolicy restart_policy() {
  shim::RestartPolicy policy;
  policy.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  policy.first_delay_ms = 50;
  policy.longest_delay_ms = 500;
  policy.most_restarts = UINT32_MAX;
  return policy;
}

}  // namespace

Result<FileDescriptor> listen_for_metadata(int network_namespace) {
  const FileDescriptor here{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!here || ::setns(network_namespace, CLONE_NEWNET) != 0) {
    return failed("entering the instance's network");
  }
  Result<link::Netlink> inside = link::Netlink::open();
  FileDescriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const bool back = ::setns(here.get(), CLONE_NEWNET) == 0;
  TG_CHECK(back);  // this thread would go on in the instance's network
  if (!inside) return inside.error();
  TG_RETURN_IF_ERROR(inside->add_address("lo", kMetadataAddress, 32));
  TG_ASSIGN_OR_RETURN(const auto address,
                      net::SocketAddress::ip(link::to_string(kMetadataAddress), kMetadataPort));
  const int yes = 1;
  const int hops = 1;
  if (!listener || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::setsockopt(listener.get(), IPPROTO_IP, IP_TTL, &hops, sizeof hops) != 0 ||
      ::bind(listener.get(), address.get(), address.size()) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return failed("listening at " + address.text() + " in the instance's network");
  }
  return listener;
}

Result<FileDescriptor> listen_for_metadata_at(link::Ipv4 address) {
  TG_ASSIGN_OR_RETURN(const auto at,
                      net::SocketAddress::ip(link::to_string(address), kSharedMetadataPort));
  return net::listen_tcp(at, net::PortSharing::Exclusive, kBacklog);
}

std::string mac_of(const FileDescriptor& socket, const std::string& link) {
  ifreq request{};
  link.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) return {};
  std::string text;
  for (int i = 0; i < 6; ++i) {
    const auto byte = static_cast<unsigned char>(request.ifr_hwaddr.sa_data[i]);
    text += (i == 0 ? "" : ":") + hex_encode(std::string(1, static_cast<char>(byte)));
  }
  return text;
}

MetadataProcess::MetadataProcess(MetadataSettings settings, Listen listen)
    : settings_(std::move(settings)), listen_(std::move(listen)) {}

std::string MetadataProcess::document_file(const groups::InstanceId& id) const {
  return documents_folder(folder()) + "/" + id.value + std::string{wire::kDocumentSuffix};
}

Status MetadataProcess::describe(const groups::InstanceId& id, const Json& document) {
  ::mkdir(folder().c_str(), 0700);
  ::mkdir(documents_folder(folder()).c_str(), 0750);
  const std::string fresh = document_file(id) + ".new";
  const std::string text = document.dump(1) + "\n";
  const FileDescriptor file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return failed(fresh);
  }
  TG_RETURN_IF_ERROR(share(file.get(), 0640, settings_.user));
  if (::rename(fresh.c_str(), document_file(id).c_str()) != 0) return failed(fresh);
  return Ok{};
}

Result<Json> MetadataProcess::document_of(const groups::InstanceId& id) const {
  TG_ASSIGN_OR_RETURN(const std::string text, supervise::read_small_file(document_file(id)));
  return Json::parse(text);
}

void MetadataProcess::add(const groups::InstanceId& id, FileDescriptor listener) {
  wanted_.insert(id);
  if (greeted_) {
    hand_over(id, listener);
    return;
  }
  waiting_[id] = std::move(listener);
  tend();
}

void MetadataProcess::remove(const groups::InstanceId& id) {
  wanted_.erase(id);
  waiting_.erase(id);
  ::unlink(document_file(id).c_str());
  if (!greeted_) return;  // the next greeting tells what is too much
  const Status sent = net::send_with_fds(connection_.get(), wire::kRemove + id.value, {});
  if (!sent) disconnect();
  release(id);
}

void MetadataProcess::tend() {
  if (wanted_.empty() || settings_.tidegate_path.empty()) return;
  const MonotonicInstant now = net::monotonic_now();
  if (shim_ != nullptr && shim_->has_ended()) {
    shim_.reset();
    disconnect();
    fail("its shim was killed");
  }
  if (shim_ == nullptr) {
    if (now < next_start_) return;
    next_start_ = now + kStartAgain;
    const Status started = adopt_shim() ? Status{Ok{}} : start_shim();
    if (!started) {
      fail(started.error().message);
      return;
    }
  }
  if (!connection_) connect();
  take_greeting();
  if (greeted_) {
    away_since_.reset();
  } else if (!away_since_) {
    away_since_ = now;
  }
}

bool MetadataProcess::adopt_shim() {
  Result<supervise::Shim::Adoption> adoption = supervise::Shim::adopt(folder());
  if (!adoption) return false;
  if (const auto* other = std::get_if<supervise::OtherVersion>(&*adoption)) {
    supervise::kill_process(other->process);  // every socket is made anew for the next one
    return false;
  }
  auto* running = std::get_if<std::unique_ptr<supervise::Shim>>(&*adoption);
  if (running == nullptr) return false;
  shim_ = std::move(*running);
  return true;
}

Status MetadataProcess::start_shim() {
  ::mkdir(folder().c_str(), 0700);
  ::mkdir(documents_folder(folder()).c_str(), 0750);
  const bool another_user = settings_.user && supervise::others_can_run(settings_.tidegate_path);
  const FileDescriptor documents{
      ::open(documents_folder(folder()).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!documents) return failed(documents_folder(folder()));
  TG_RETURN_IF_ERROR(share(documents.get(), 0750, settings_.user));
  TG_ASSIGN_OR_RETURN(const FileDescriptor key, key_file());
  TG_ASSIGN_OR_RETURN(const FileDescriptor control,
                      net::listen_unix(socket_folder(folder()), SOCK_SEQPACKET));
  supervise::ShimSpec spec;
  spec.id = "metadata";
  spec.folder = folder();
  spec.arguments = {settings_.tidegate_path, "metadata"};
  spec.environment = {"TIDEGATE_HOME=" + settings_.home, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  if (another_user) spec.user = settings_.user;
  if (settings_.user) spec.capabilities = 0;
  spec.new_privileges = supervise::ShimSpec::NewPrivileges::Denied;
  spec.restart = restart_policy();
  spec.held = {{std::string{wire::kControl}, control.get()},
               {std::string{wire::kDocuments}, documents.get()},
               {std::string{wire::kKey}, key.get()}};
  TG_ASSIGN_OR_RETURN(shim_, supervise::Shim::start({settings_.shim_path, settings_.home}, spec));
  return Ok{};
}

void MetadataProcess::connect() {
  const auto address = net::SocketAddress::unix_path(socket_folder(folder()));
  if (!address) return;
  Result<net::Fd> connection = net::start_connect(*address, SOCK_SEQPACKET);
  if (connection) connection_ = std::move(*connection);
}

/// What it serves already, each time that it begins to listen to us: what it lacks is given to it.
/// Afterwards only its end is to be read.
void MetadataProcess::take_greeting() {
  if (!connection_) return;
  std::vector<char> buffer(wire::kMaxPacketBytes);
  const ssize_t got = ::recv(connection_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    disconnect();
    return;
  }
  const std::string_view text{buffer.data(), static_cast<std::size_t>(got)};
  std::set<std::string> served;
  for (const std::string& name : split(text, '\n')) {
    if (!name.empty()) served.insert(name);
  }
  greeted_ = true;
  why_.clear();
  const std::set<groups::InstanceId> wanted = wanted_;
  for (const groups::InstanceId& id : wanted) {
    if (served.erase(id.value) == 0 && greeted_) supply(id);
  }
  for (const std::string& left : served) {
    remove(groups::InstanceId{left});
  }
}

void MetadataProcess::supply(const groups::InstanceId& id) {
  const auto waiting = waiting_.find(id);
  if (waiting != waiting_.end()) {
    hand_over(id, waiting->second);
    waiting_.erase(id);
    return;
  }
  release(id);  // one that only the shim has still would be in the way of a new one
  const Result<FileDescriptor> listener = listen_(id);
  if (listener) {
    hand_over(id, *listener);
  } else {
    log_event(
        LogLevel::Warn, "no_metadata", {{"instance", id.value}, {"why", listener.error().message}});
  }
}

void MetadataProcess::release(const groups::InstanceId& id) {
  const tidegate::Status released = shim_->release(id.value);
  if (released || released.error().code == ErrorCode::NotFound) return;
  log_event(LogLevel::Warn,
            "metadata_socket_left",
            {{"instance", id.value}, {"why", released.error().message}});
}

/// The process first: what the shim alone has would not be in its next greeting.
void MetadataProcess::hand_over(const groups::InstanceId& id, const FileDescriptor& listener) {
  const std::array<int, 1> fds{listener.get()};
  const Status sent = net::send_with_fds(connection_.get(), wire::kAdd + id.value, fds);
  if (!sent) {
    disconnect();
    return;
  }
  const tidegate::Status held = shim_->hold(id.value, listener.get());
  if (!held) {
    log_event(LogLevel::Warn,
              "metadata_socket_not_held",
              {{"instance", id.value}, {"why", held.error().message}});
  }
}

void MetadataProcess::disconnect() {
  connection_.reset();
  greeted_ = false;
}

void MetadataProcess::fail(const std::string& why) {
  if (why != why_) log_event(LogLevel::Error, "metadata_service_down", {{"why", why}});
  why_ = why;
  if (!away_since_) away_since_ = net::monotonic_now();
}

void MetadataProcess::end() {
  if (shim_ != nullptr || adopt_shim()) {
    const tidegate::Status ended = shim_->kill_and_wait();
    if (!ended)
      log_event(LogLevel::Warn, "metadata_service_left", {{"why", ended.error().message}});
  }
  shim_.reset();
  disconnect();
  waiting_.clear();
  away_since_.reset();
  next_start_ = MonotonicInstant{};
  std::error_code ignored;
  std::filesystem::remove_all(folder(), ignored);
}

std::string MetadataProcess::trouble() const {
  if (wanted_.empty() || !away_since_ || net::monotonic_now() - *away_since_ < kPatience) return {};
  return "the instances' metadata service (169.254.169.254) does not answer" +
         (why_.empty() ? "" : ": " + why_) + "; it is started again each second";
}

}  // namespace tidegate::compute_process
