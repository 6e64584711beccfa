#include "supervise/shim.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "supervise/files.h"

namespace tidegate::supervise {
namespace {

Error gone(const std::string& folder) {
  return Error{ErrorCode::Unavailable, "InternalFailure", "the shim of " + folder + " is gone"};
}

Error too_slow(const std::string& folder) {
  return Error{ErrorCode::Timeout, "InternalFailure", "the shim of " + folder + " does not answer"};
}

bool readable(int fd, std::chrono::milliseconds wait) {
  pollfd one{fd, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&one, 1, static_cast<int>(wait.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Error refusal(const shim::Status& status, const std::string& name) {
  const int error = static_cast<int>(status.refused);
  const std::string why = "'" + name + "': " + ::strerrordesc_np(error);
  if (error == ENOENT) return Error{ErrorCode::NotFound, "InternalFailure", why};
  if (error == ENOSPC) return Error{ErrorCode::ResourceExhausted, "InternalFailure", why};
  if (error == EPROTO || error == ENOSYS) {
    return Error{ErrorCode::FailedPrecondition,
                 "InternalFailure",
                 "the shim speaks version " + std::to_string(status.version) +
                     " and does not know this request"};
  }
  return Error{ErrorCode::InvalidArgument, "InternalFailure", why};
}

/// The process with that number is the shim that wrote the state. Its pidfd is open already: were
/// the number reused later, the pidfd would not be it.
bool is_same(const ShimState& state) {
  const Result<std::string> line =
      read_small_file("/proc/" + std::to_string(state.shim_pid) + "/stat");
  if (!line) return false;
  const Result<ProcessStat> stat = parse_process_stat(*line);
  return stat && stat->start_time == state.shim_start_time && stat->state != 'Z' &&
         stat->state != 'X';
}

std::string other_version(const std::string& folder, std::int64_t version) {
  return "the shim of " + folder + " speaks version " + std::to_string(version) +
         ", this tidegate version " + std::to_string(shim::kVersion);
}

Shim::Adoption gone_without(const std::string& folder, std::string why) {
  Result<Ended> ended = read_ended(folder);
  if (ended) return *std::move(ended);
  return Lost{std::move(why)};
}

}  // namespace

Result<Shim::Adoption> Shim::adopt(const std::string& folder) {
  TG_ASSIGN_OR_RETURN(const std::string text, read_small_file(folder + "/" + shim::kStateFile));
  TG_ASSIGN_OR_RETURN(const ShimState state, parse_state(text, folder));
  if (state.boot_id != boot_id()) {
    return gone_without(folder, "it ran before the machine was started anew");
  }
  FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, state.shim_pid, 0))};
  if (!process || !is_same(state)) return gone_without(folder, "its shim was killed");
  if (state.version != shim::kVersion) {
    return Adoption{OtherVersion{std::move(process), other_version(folder, state.version)}};
  }
  auto found = std::make_unique<Shim>(Key{});
  found->folder_ = folder;
  found->pid_ = state.shim_pid;
  found->process_ = std::move(process);
  const tidegate::Status connected = found->connect();
  // It may be on its way out: its exit file is written before its socket goes.
  if (!connected && readable(found->process_.get(), kAnswerTime)) {
    return gone_without(folder, "its shim was killed");
  }
  TG_RETURN_IF_ERROR(connected);
  return Adoption{std::move(found)};
}

tidegate::Status Shim::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ + "/" + shim::kSocketFile;
  if (path.size() > shim::kMaxSocketPath) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "the socket path " + path + " is longer than " +
                     std::to_string(shim::kMaxSocketPath) + " bytes: choose a shorter home"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  connection_ = FileDescriptor{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (!connection_ || ::connect(connection_.get(), name, sizeof address) != 0) return gone(folder_);
  return send(shim::Operation::Watch, "", std::nullopt);
}

tidegate::Status Shim::send(shim::Operation operation,
                            const std::string& name,
                            std::optional<int> fd) {
  shim::Request request;
  request.operation = static_cast<std::uint32_t>(operation);
  request.sequence = ++sequence_;
  if (name.size() >= sizeof request.name) {
    return Error{
        ErrorCode::InvalidArgument, "InternalFailure", "'" + name + "' is too long a name"};
  }
  std::memcpy(request.name, name.data(), name.size());
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{&request, sizeof request};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int copied = *fd;
    std::memcpy(CMSG_DATA(header), &copied, sizeof copied);
  }
  if (::sendmsg(connection_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EAGAIN) return too_slow(folder_);
    return gone(folder_);
  }
  return Ok{};
}

bool Shim::receive() {
  const shim::Status before = status_;
  shim::Status fresh;
  for (;;) {
    fresh = shim::Status{};
    const ssize_t got = ::recv(connection_.get(), &fresh, sizeof fresh, MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(offsetof(shim::Status, text))) break;
    if (fresh.magic == shim::kMagic) status_ = fresh;
  }
  return before.state != status_.state || before.run != status_.run ||
         before.main_exited != status_.main_exited || before.end != status_.end ||
         before.child_pid != status_.child_pid;
}

tidegate::Status Shim::call(shim::Operation operation,
                            const std::string& name,
                            std::optional<int> fd) {
  TG_RETURN_IF_ERROR(send(operation, name, fd));
  const std::uint32_t mine = sequence_;
  while (status_.sequence != mine) {
    if (!readable(connection_.get(), kAnswerTime)) return too_slow(folder_);
    shim::Status fresh;
    const ssize_t got = ::recv(connection_.get(), &fresh, sizeof fresh, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return gone(folder_);
    if (got > 0 && fresh.magic == shim::kMagic) status_ = fresh;
  }
  if (status_.refused != 0) return refusal(status_, name);
  return Ok{};
}

Result<shim::Status> Shim::stat() {
  TG_RETURN_IF_ERROR(call(shim::Operation::Stat, "", std::nullopt));
  return status_;
}

tidegate::Status Shim::stop() {
  return send(shim::Operation::Stop, "", std::nullopt);
}

tidegate::Status Shim::kill() {
  return send(shim::Operation::Kill, "", std::nullopt);
}

tidegate::Status Shim::kill_and_wait() {
  if (kill() && readable(process_.get(), kAnswerTime)) return Ok{};
  kill_process(process_);
  if (readable(process_.get(), kAnswerTime)) return Ok{};
  return too_slow(folder_);
}

void kill_process(const FileDescriptor& process) {
  ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

tidegate::Status Shim::hold(const std::string& name, int fd) {
  return call(shim::Operation::Hold, name, fd);
}

tidegate::Status Shim::release(const std::string& name) {
  return call(shim::Operation::Release, name, std::nullopt);
}

bool Shim::has_ended() const {
  return readable(process_.get(), std::chrono::milliseconds{0});
}

}  // namespace tidegate::supervise
