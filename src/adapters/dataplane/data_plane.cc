#include "adapters/dataplane/data_plane.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dataplane/cookie_key.h"
#include "base/log.h"
#include "net/link/netlink.h"

namespace tidegate::dataplane {
namespace {

constexpr int kPollMs = 100;  // between tries to connect
constexpr std::int64_t kStartBackoffMs = 1000;
constexpr int kSendMs = 5000;
constexpr std::size_t kReadBytes = 256 * 1024;

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

/// The balancer is restarted for ever, within a second: no window ever sees that many restarts.
shim::RestartPolicy restart_policy() {
  shim::RestartPolicy policy;
  policy.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  policy.first_delay_ms = 50;
  policy.longest_delay_ms = 500;
  policy.most_restarts = UINT32_MAX;
  return policy;
}

enum class Change { Add, Remove };

Status change_link_address(const std::optional<std::string>& name,
                           const std::string& address,
                           Change change) {
  const auto parsed = link::parse_ipv4(address);
  if (!name || !parsed) {
    return Ok{};
  }
  TG_ASSIGN_OR_RETURN(auto netlink, link::Netlink::open());
  return change == Change::Add ? netlink.add_address(*name, *parsed, 32)
                               : netlink.remove_address(*name, *parsed, 32);
}

/// A sealed copy of the snapshot, which a restarted balancer starts from without `serve`.
Result<net::Fd> sealed(const std::string& text) {
  net::Fd fd{memfd_create("tidegate-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return net::errno_error("snapshot", errno);
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return net::errno_error("seal the snapshot", errno);
  }
  return fd;
}

}  // namespace

DataPlane::DataPlane(Settings settings)
    : settings_(std::move(settings)),
      listeners_(settings_.workers),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

DataPlane::~DataPlane() {
  {
    const std::lock_guard lock(exchange_mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void DataPlane::on_report(std::function<void()> callback) {
  const std::lock_guard lock(exchange_mutex_);
  on_report_ = std::move(callback);
}

void DataPlane::publish(const balancing::DataPlaneConfig& config) {
  {
    const std::lock_guard lock(exchange_mutex_);
    wanted_ = config;
  }
  eventfd_write(wake_.get(), 1);
}

const balancing::DataPlaneReport& DataPlane::report() {
  const std::lock_guard lock(exchange_mutex_);
  if (newest_is_new_) {
    reported_ = newest_;
    newest_is_new_ = false;
  }
  return reported_;
}

Result<std::string> DataPlane::assign_address(const balancing::LoadBalancerArn& arn) {
  if (const auto known = addresses_.find(arn); known != addresses_.end()) {
    return known->second;
  }
  for (const auto& address : settings_.addresses) {
    const bool used = std::any_of(addresses_.begin(), addresses_.end(), [&](const auto& entry) {
      return entry.second == address;
    });
    if (!used) {
      TG_RETURN_IF_ERROR(change_link_address(settings_.address_link, address, Change::Add));
      addresses_.emplace(arn, address);
      return address;
    }
  }
  return Error{ErrorCode::ResourceExhausted,
               "TooManyLoadBalancers",
               "no address is left for another load balancer (" +
                   std::to_string(settings_.addresses.size()) + " are in use)"};
}

void DataPlane::release_address(const balancing::LoadBalancerArn& arn) {
  const auto known = addresses_.find(arn);
  if (known == addresses_.end()) {
    return;
  }
  take_off_link(known->second);
  addresses_.erase(known);
}

void DataPlane::take_off_link(const std::string& address) {
  if (const auto removed = change_link_address(settings_.address_link, address, Change::Remove);
      !removed) {
    log_event(LogLevel::Warn,
              "address_not_removed",
              {{"address", address}, {"why", removed.error().message}});
  }
}

void DataPlane::remember_address(const balancing::LoadBalancerArn& arn,
                                 const std::string& address) {
  if (std::find(settings_.addresses.begin(), settings_.addresses.end(), address) ==
      settings_.addresses.end()) {
    return;  // a Listen address: the machine's own
  }
  addresses_.insert_or_assign(arn, address);
  if (const auto added = change_link_address(settings_.address_link, address, Change::Add);
      !added) {
    log_event(LogLevel::Error,
              "address_not_added",
              {{"address", address}, {"why", added.error().message}});
  }
}

void DataPlane::stop_balancer() {
  {
    const std::lock_guard lock(exchange_mutex_);
    stop_balancer_ = true;
    stopping_ = true;
  }
  eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
  for (const std::string& address : settings_.addresses) {
    take_off_link(address);
  }
}

void DataPlane::run() {
  while (true) {
    {
      const std::lock_guard lock(exchange_mutex_);
      if (stopping_) {
        break;
      }
    }
    work_once();
  }
  if (stop_balancer_) {
    end_balancer();
  }
}

void DataPlane::end_balancer() {
  if (shim_ == nullptr && !adopt_shim()) {
    return;
  }
  disconnect("stopped");
  if (const auto killed = shim_->kill_and_wait(); !killed) {
    log_event(LogLevel::Error, "balancer_not_stopped", {{"why", killed.error().message}});
  }
  shim_.reset();
}

void DataPlane::take_wanted() {
  const std::lock_guard lock(exchange_mutex_);
  if (wanted_) {
    asked_ = std::exchange(wanted_, std::nullopt);
    config_.reset();
  }
}

void DataPlane::work_once() {
  take_wanted();
  if (asked_) {
    ensure_shim();
  }
  if (shim_ != nullptr && !socket_) {
    connect();
  }
  if (shim_ != nullptr && asked_ && !config_ && hello_) {
    apply_config(*asked_);
  }
  if (socket_ && config_ && !config_sent_) {
    send_config();
  }
  std::array<pollfd, 2> waits{pollfd{wake_.get(), POLLIN, 0},
                              pollfd{socket_ ? socket_.get() : -1, POLLIN, 0}};
  poll(waits.data(), waits.size(), kPollMs);
  eventfd_t ignored = 0;
  eventfd_read(wake_.get(), &ignored);
  if (socket_ && waits[1].revents != 0) {
    read_messages();
  }
}

bool DataPlane::adopt_shim() {
  auto adoption = supervise::Shim::adopt(folder());
  if (!adoption) {
    return false;
  }
  auto* running = std::get_if<std::unique_ptr<supervise::Shim>>(&*adoption);
  if (running == nullptr) {
    return false;
  }
  shim_ = std::move(*running);
  return true;
}

void DataPlane::ensure_shim() {
  if (shim_ != nullptr && !shim_->has_ended()) {
    return;
  }
  if (shim_ != nullptr) {
    log_event(LogLevel::Error, "balancer_shim_gone", {{"folder", folder()}});
    shim_.reset();
    disconnect("its shim is gone");
    listeners_.forget();
    config_.reset();  // everything is bound and sent anew
  }
  if (monotonic_ms() < next_start_ || adopt_shim()) {
    return;
  }
  next_start_ = monotonic_ms() + kStartBackoffMs;
  start_shim();
}

supervise::ShimSpec DataPlane::shim_spec() const {
  supervise::ShimSpec spec;
  spec.id = "balancer";
  spec.folder = folder();
  spec.arguments = {settings_.tidegate_program, "balancer"};
  spec.environment = {"TIDEGATE_HOME=" + settings_.home,
                      "TIDEGATE_WORKERS=" + std::to_string(settings_.workers),
                      "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  if (settings_.user && supervise::others_can_run(settings_.tidegate_program)) {
    spec.user = supervise::User{settings_.user->uid, settings_.user->gid};
  }
  if (settings_.user) {
    spec.capabilities =
        0;  // where the program lies in a private folder, the caller's user without any capability
  }
  spec.new_privileges = supervise::ShimSpec::NewPrivileges::Denied;
  spec.restart = restart_policy();
  return spec;
}

void DataPlane::start_shim() {
  if (mkdir(folder().c_str(), 0700) != 0 && errno != EEXIST) {
    log_event(
        LogLevel::Error, "balancer_folder", {{"why", net::errno_error(folder(), errno).message}});
    return;
  }
  auto control = net::listen_unix(folder() + "/control.sock", SOCK_STREAM);
  if (!control) {
    log_event(LogLevel::Error, "balancer_control", {{"why", control.error().message}});
    return;
  }
  auto spec = shim_spec();
  spec.held.push_back({"control", control->get()});
  auto started = supervise::Shim::start({settings_.shim_program, settings_.home}, spec);
  if (!started) {
    log_event(LogLevel::Error, "balancer_not_started", {{"why", started.error().message}});
    return;
  }
  shim_ = std::move(*started);
}

void DataPlane::connect() {
  const auto address = net::SocketAddress::unix_path(folder() + "/control.sock");
  if (!address) {
    return;
  }
  auto socket = net::start_connect(*address);
  if (!socket) {
    return;  // tried again after the next poll
  }
  socket_ = std::move(*socket);
  reader_ = {};
  known_ = {};
  hello_ = false;
  config_sent_ = false;
}

void DataPlane::disconnect(const std::string& why) {
  if (socket_) {
    log_event(LogLevel::Warn, "balancer_disconnected", {{"why", why}});
  }
  socket_.reset();
  hello_ = false;
  config_sent_ = false;
  known_.connected = false;
  publish_report();
}

void DataPlane::read_messages() {
  std::string buffer(kReadBytes, '\0');
  while (socket_) {
    const ssize_t size = read(socket_.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      break;
    }
    if (size <= 0) {
      disconnect(size == 0 ? "it closed the control connection" : "the control connection broke");
      return;
    }
    reader_.append(std::string_view{buffer.data(), static_cast<std::size_t>(size)});
  }
  while (true) {
    auto text = reader_.next();
    if (!text) {
      disconnect(text.error().message);
      return;
    }
    if (!*text) {
      return;
    }
    if (const auto message = balancing::decode(**text)) {
      take(*message);
    } else if (message.error().code != ErrorCode::Unsupported) {
      disconnect(message.error().message);
      return;
    }
  }
}

void DataPlane::take(const balancing::WireMessage& message) {
  if (const auto* hello = std::get_if<balancing::HelloMessage>(&message)) {
    listeners_.know(hello->sockets);
    known_ = {};
    known_.connected = true;
    known_.epoch = hello->epoch;
    known_.generation = hello->generation;
    hello_ = true;
    config_.reset();  // compared with what it holds, and sent anew
  } else if (const auto* report = std::get_if<balancing::ReportMessage>(&message)) {
    balancing::merge(known_, *report);
  }
  known_.connected = hello_;
  publish_report();
}

void DataPlane::publish_report() {
  std::function<void()> tell;
  {
    const std::lock_guard lock(exchange_mutex_);
    newest_ = known_;
    newest_.bindings = bindings_;
    newest_is_new_ = true;
    tell = on_report_;
  }
  if (tell) {
    tell();
  }
}

/// Binds what is missing and leaves it with the shim before the balancer hears of it.
void DataPlane::apply_config(balancing::DataPlaneConfig config) {
  std::vector<BoundSocket> fresh;
  bindings_.clear();
  std::vector<balancing::ListenerConfig> bound;
  for (auto& listener : config.listeners) {
    auto outcome = listeners_.ensure(listener);
    std::move(outcome.fresh.begin(), outcome.fresh.end(), std::back_inserter(fresh));
    if (outcome.binding.bound_port != 0) {
      listener.port = outcome.binding.bound_port;
      bound.push_back(listener);
    }
    bindings_.push_back(std::move(outcome.binding));
  }
  config.listeners = std::move(bound);
  for (const auto& name : listeners_.drop_unused(config)) {
    static_cast<void>(shim_->release(to_string(name)));
  }
  hand_over(std::move(fresh));
  config.cookie_key = cookie_key(folder());
  hold_snapshot(config);
  config_ = std::move(config);
  config_sent_ = false;
  publish_report();
}

void DataPlane::hand_over(std::vector<BoundSocket> sockets) {
  for (const auto& socket : sockets) {
    if (const auto held = shim_->hold(to_string(socket.name), socket.fd.get()); !held) {
      log_event(LogLevel::Error,
                "listener_not_held",
                {{"socket", to_string(socket.name)}, {"why", held.error().message}});
    }
  }
  for (std::size_t first = 0; first < sockets.size() && socket_;
       first += balancing::kSocketsPerMessageMax) {
    const std::size_t end = std::min(sockets.size(), first + balancing::kSocketsPerMessageMax);
    balancing::SocketsMessage message;
    std::vector<int> fds;
    for (std::size_t i = first; i < end; ++i) {
      message.names.push_back(sockets[i].name);
      fds.push_back(sockets[i].fd.get());
    }
    if (const auto sent = net::send_with_fds(socket_.get(), balancing::encode(message), fds);
        !sent) {
      disconnect(sent.error().message);
    }
  }
}

void DataPlane::hold_snapshot(const balancing::DataPlaneConfig& config) {
  const auto snapshot = sealed(balancing::to_json(config).dump());
  const Status held =
      snapshot ? shim_->hold("snapshot", snapshot->get()) : Status{snapshot.error()};
  if (!held) {
    log_event(LogLevel::Error, "snapshot_not_held", {{"why", held.error().message}});
  }
}

void DataPlane::send_config() {
  if (const auto sent = send_all(balancing::encode(balancing::ConfigMessage{*config_})); !sent) {
    disconnect(sent.error().message);
    return;
  }
  config_sent_ = true;
}

/// Waits while the balancer is slow to read, at most kSendMs a time.
Status DataPlane::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) {
      return net::errno_error("send to the balancer", errno);
    }
    pollfd wait{socket_.get(), POLLOUT, 0};
    if (poll(&wait, 1, kSendMs) == 0) {
      return Error{
          ErrorCode::Timeout, "BalancerSlow", "the balancer does not read its control connection"};
    }
  }
  return Ok{};
}

}  // namespace tidegate::dataplane
