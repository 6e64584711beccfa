#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {
namespace {

void send_status(Shim& shim, int fd, uint32_t sequence, int refused) {
  Status status = shim.status;
  status.size = sizeof status;
  status.refused = static_cast<uint32_t>(refused);
  status.held = shim.held_count;
  status.sequence = sequence;
  send(fd, &status, sizeof status, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void close_client(Shim& shim, unsigned index) {
  close(shim.clients[index].fd);
  shim.clients[index] = shim.clients[--shim.client_count];
}

HeldDescriptor* find_held(Shim& shim, const char* name) {
  for (unsigned i = 0; i < shim.held_count; ++i) {
    if (strcmp(shim.held[i].name, name) == 0) return &shim.held[i];
  }
  return nullptr;
}

/// The name travels in "name:fd,name:fd".
bool is_name(const char* name) {
  return name[0] != 0 && strpbrk(name, ":,=\n") == nullptr;
}

int hold(Shim& shim, const char* name, int fd) {
  if (fd < 0) return EBADF;
  HeldDescriptor* held = find_held(shim, name);
  const bool room = held != nullptr || shim.held_count < kMaxHeld;
  if (!is_name(name) || !room) {
    close(fd);
    return room ? EINVAL : ENOSPC;
  }
  if (held != nullptr) {
    close(held->fd);
  } else {
    held = &shim.held[shim.held_count++];
    snprintf(held->name, sizeof held->name, "%s", name);
  }
  held->fd = fd;
  return 0;
}

int release(Shim& shim, const char* name) {
  HeldDescriptor* held = find_held(shim, name);
  if (held == nullptr) return ENOENT;
  close(held->fd);
  *held = shim.held[--shim.held_count];
  return 0;
}

int perform(Shim& shim, Client& client, const Request& request, int fd) {
  const Operation operation = static_cast<Operation>(request.operation);
  if (operation != Operation::Hold && fd >= 0) close(fd);
  switch (operation) {
    case Operation::Stat:
      return 0;
    case Operation::Watch:
      client.watching = true;
      return 0;
    case Operation::Stop:
      ask_stop(shim);
      return 0;
    case Operation::Kill:
      ask_kill(shim);
      return 0;
    case Operation::Hold:
      return hold(shim, request.name, fd);
    case Operation::Release:
      return release(shim, request.name);
  }
  return ENOSYS;
}

/// The one descriptor that came along, or -1; any further ones are closed.
int descriptor_of(struct msghdr& message) {
  int fd = -1;
  for (struct cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int received = -1;
      memcpy(&received, CMSG_DATA(part) + i * sizeof(int), sizeof received);
      if (fd < 0) {
        fd = received;
      } else {
        close(received);
      }
    }
  }
  return fd;
}

bool same_user(int fd) {
  struct {
    pid_t pid;
    uid_t uid;
    gid_t gid;
  } peer = {};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == geteuid());
}

}  // namespace

bool open_listener(Shim& shim) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, kSocketFile);
  unlink(kSocketFile);
  shim.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const struct sockaddr* name = reinterpret_cast<const struct sockaddr*>(&address);
  return shim.listener >= 0 && bind(shim.listener, name, sizeof address) == 0 &&
         chmod(kSocketFile, 0600) == 0 && listen(shim.listener, kMaxClients) == 0;
}

void accept_client(Shim& shim) {
  const int fd = accept4(shim.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (!same_user(fd)) {
    close(fd);
    return;
  }
  if (shim.client_count == kMaxClients) close_client(shim, 0);
  shim.clients[shim.client_count++] = Client{fd, false};
}

void serve_client(Shim& shim, unsigned index) {
  Client& client = shim.clients[index];
  Request request = {};
  alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
  struct iovec part = {&request, sizeof request};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = recvmsg(client.fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const int fd = got > 0 ? descriptor_of(message) : -1;
  if (got < static_cast<ssize_t>(sizeof request) || request.magic != kMagic) {
    if (fd >= 0) close(fd);
    close_client(shim, index);
    return;
  }
  request.name[kMaxNameBytes - 1] = 0;
  int refused = EPROTO;
  if (request.version == kVersion) {
    refused = perform(shim, client, request, fd);
  } else if (fd >= 0) {
    close(fd);
  }
  send_status(shim, client.fd, request.sequence, refused);
}

void tell_watchers(Shim& shim) {
  for (unsigned i = 0; i < shim.client_count; ++i) {
    if (shim.clients[i].watching) send_status(shim, shim.clients[i].fd, 0, 0);
  }
}

}  // namespace tidegate::shim
