// Real shims, plain programs: starts, ends, restarts, adoption, held descriptors.
#include "supervise/shim.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/text.h"

namespace tidegate::supervise {
namespace {

constexpr std::chrono::milliseconds kPatience{20000};

std::string shim_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tidegate-shim";
}

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/tg-shim-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string read(const std::string& name) const {
    std::ifstream in(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_;
};

ShimSpec bash(const Folder& folder, const std::string& script) {
  ShimSpec spec;
  spec.id = "test";
  spec.folder = folder.path();
  spec.arguments = {"/bin/bash", "-c", script};
  spec.environment = {"PATH=/usr/bin:/bin", "GREETING=hello"};
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Never);
  spec.restart.first_delay_ms = 10;
  return spec;
}

std::unique_ptr<Shim> started(const ShimSpec& spec) {
  Result<std::unique_ptr<Shim>> shim = Shim::start({shim_path(), spec.folder}, spec);
  INFO((shim ? std::string{} : shim.error().message));
  REQUIRE(shim);
  return std::move(*shim);
}

bool wait_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(kPatience.count())) == 1;
}

Ended end_of(Shim& shim) {
  REQUIRE(wait_readable(shim.process_fd()));
  const Result<Ended> ended = read_ended(shim.folder());
  REQUIRE(ended);
  return *ended;
}

/// Receives until the condition holds.
template <typename Condition>
void wait_status(Shim& shim, Condition condition) {
  while (!condition(shim.status())) {
    REQUIRE(wait_readable(shim.connection_fd()));
    shim.receive();
    REQUIRE_FALSE(shim.has_ended());
  }
}

void wait_console(const Folder& folder, const std::string& text) {
  for (int i = 0; i < 2000 && folder.read("console.log").find(text) == std::string::npos; ++i) {
    ::poll(nullptr, 0, 10);
  }
  CHECK(folder.read("console.log").find(text) != std::string::npos);
}

TEST_CASE("shim: a program gets its environment and nothing else, and its console is kept") {
  const Folder folder;
  const auto shim =
      started(bash(folder, "echo $GREETING; echo oops >&2; ls /proc/self/fd; read x; exit 3"));
  const Ended ended = end_of(*shim);
  CHECK(ended.how == shim::End::Exited);
  CHECK(WEXITSTATUS(ended.wait_status) == 3);
  CHECK(folder.read("console.log") == "hello\noops\n0\n1\n2\n3\n");
}

TEST_CASE("shim: its command line names the id, and not what it runs") {
  const Folder folder;
  const auto shim = started(bash(folder, "exec sleep 1000"));
  std::ifstream in("/proc/" + std::to_string(shim->pid()) + "/cmdline");
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  CHECK(line == std::string("tidegate-shim\0test\0", 19));
  CHECK(shim->kill_and_wait());
  CHECK(read_ended(folder.path())->how == shim::End::Killed);
}

TEST_CASE("shim: stop sends its signal once, and nothing is restarted after it") {
  const Folder folder;
  ShimSpec spec =
      bash(folder, "trap 'echo got; exit 0' TERM; echo up; while :; do sleep 0.01; done");
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  const auto shim = started(spec);
  wait_console(folder, "up\n");
  CHECK(shim->stop());
  CHECK(shim->stop());
  const Ended ended = end_of(*shim);
  CHECK(ended.how == shim::End::Stopped);
  CHECK(ended.run == 0);
  CHECK(folder.read("console.log") == "up\ngot\n");
}

TEST_CASE("shim: restarts with back-off, exit 0 too, and gives up after most_restarts") {
  const Folder folder;
  ShimSpec spec = bash(folder, "echo run; exit 0");
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  spec.restart.first_delay_ms = 1;
  const auto shim = started(spec);
  const Ended ended = end_of(*shim);
  CHECK(ended.how == shim::End::GaveUp);
  CHECK(ended.restarts == 5);
  CHECK(ended.run == 5);
  std::size_t runs = 0;
  const std::string console = folder.read("console.log");
  for (std::size_t at = 0; (at = console.find("run\n", at)) != std::string::npos; ++at) {
    ++runs;
  }
  CHECK(runs == 6);
}

TEST_CASE("shim: OnFailure leaves exit 0 alone") {
  const Folder folder;
  ShimSpec spec = bash(folder, "exit 0");
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::OnFailure);
  // It may end before its start is reported as done; its exit file says what happened either way.
  const Result<std::unique_ptr<Shim>> shim = Shim::start({shim_path(), spec.folder}, spec);
  if (shim) REQUIRE(wait_readable((*shim)->process_fd()));
  CHECK(read_ended(folder.path())->how == shim::End::Exited);
}

TEST_CASE("shim: a program that does not exist is a sentence, not a restart") {
  const Folder folder;
  ShimSpec spec = bash(folder, "");
  spec.arguments = {"/no/such/program"};
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  const Result<std::unique_ptr<Shim>> shim = Shim::start({shim_path(), spec.folder}, spec);
  if (shim) REQUIRE(wait_readable((*shim)->process_fd()));
  const Result<Ended> ended = read_ended(folder.path());
  REQUIRE(ended);
  CHECK(ended->how == shim::End::SetupFailed);
  CHECK(ended->text == "run /no/such/program: No such file or directory");
}

TEST_CASE("shim: is found again, and a second start of its folder finds it too") {
  const Folder folder;
  const ShimSpec spec = bash(folder, "exec sleep 1000");
  const auto first = started(spec);
  const auto second = started(spec);
  CHECK(second->pid() == first->pid());
  Result<Shim::Adoption> adopted = Shim::adopt(folder.path());
  REQUIRE(adopted);
  REQUIRE(std::holds_alternative<std::unique_ptr<Shim>>(*adopted));
  auto& third = *std::get<std::unique_ptr<Shim>>(*adopted);
  CHECK(third.pid() == first->pid());
  const Result<shim::Status> status = third.stat();
  REQUIRE(status);
  CHECK(status->state == static_cast<std::uint32_t>(shim::State::Running));
  CHECK(third.kill_and_wait());
}

TEST_CASE("shim: killed, it takes its program along and is Lost") {
  const Folder folder;
  const auto shim = started(bash(folder, "exec sleep 1000"));
  const int child =
      shim->status().child_pid != 0 ? shim->status().child_pid : shim->stat()->child_pid;
  const FileDescriptor child_fd{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  REQUIRE(child_fd);
  ::syscall(SYS_pidfd_send_signal, shim->process_fd(), SIGKILL, nullptr, 0);
  CHECK(wait_readable(child_fd.get()));
  CHECK(wait_readable(shim->process_fd()));
  const Result<Shim::Adoption> adopted = Shim::adopt(folder.path());
  REQUIRE(adopted);
  CHECK(std::holds_alternative<Lost>(*adopted));
}

TEST_CASE("shim: of another boot, or with another start time, is Lost though the pid lives") {
  const Folder folder;
  const std::string self = std::to_string(::getpid());
  for (const std::string& state :
       {"1 another-boot " + self + " 1 0 0 0\n", "1 " + boot_id() + " " + self + " 1 0 0 0\n"}) {
    std::ofstream(folder.path() + "/state") << state;
    const Result<Shim::Adoption> adopted = Shim::adopt(folder.path());
    REQUIRE(adopted);
    CHECK(std::holds_alternative<Lost>(*adopted));
  }
  CHECK(Shim::adopt("/no/such/folder").error().code == ErrorCode::NotFound);
}

TEST_CASE("shim: one of another version is watched and killed, and not talked to") {
  const Folder folder;
  const auto shim = started(bash(folder, "exec sleep 1000"));
  const std::string state = folder.read("state");
  std::ofstream(folder.path() + "/state") << "7" << state.substr(1);
  const Result<Shim::Adoption> adopted = Shim::adopt(folder.path());
  REQUIRE(adopted);
  const auto* other = std::get_if<OtherVersion>(&*adopted);
  REQUIRE(other != nullptr);
  CHECK(other->why.find("speaks version 7") != std::string::npos);
  kill_process(other->process);
  CHECK(wait_readable(other->process.get()));
}

TEST_CASE("shim: the console is rotated and bounded, and its offsets go on") {
  const Folder folder;
  ShimSpec spec = bash(folder, "for i in {1..3000}; do echo 0123456789012345678901234567890; done");
  spec.console_bytes = 4096;
  const Result<std::unique_ptr<Shim>> shim = Shim::start({shim_path(), spec.folder}, spec);
  if (shim) REQUIRE(wait_readable((*shim)->process_fd()));
  std::size_t files = 0;
  std::uintmax_t bytes = 0;
  std::size_t end = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("console.log")) continue;
    ++files;
    bytes += entry.file_size();
    if (name != "console.log")
      end = static_cast<std::size_t>(*parse_int(name.substr(12))) + entry.file_size();
  }
  end += std::filesystem::file_size(folder.path() + "/console.log");
  CHECK(files == 2);
  CHECK(end == 3000 * 32);
  CHECK(bytes <= 2 * (4096 + (64 << 10)));
}

TEST_CASE("shim: a held listener outlives its program, and the next run finds it by name") {
  const Folder folder;
  const FileDescriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener.get(), name, size) == 0);
  REQUIRE(::listen(listener.get(), 8) == 0);
  REQUIRE(::getsockname(listener.get(), name, &size) == 0);

  // The first run dies at once; a later one, which finds a marker, answers on the held listener.
  const std::string script =
      "echo fds=$TIDEGATE_FDS; if [ ! -e " + folder.path() +
      "/go ]; then exit 1; fi; "
      "exec python3 -c 'import os,socket\n"
      "fd=dict(p.split(\":\") for p in os.environ[\"TIDEGATE_FDS\"].split(\",\"))[\"http\"]\n"
      "c,_=socket.socket(fileno=int(fd)).accept(); c.send(b\"served\"); c.close()'";
  ShimSpec spec = bash(folder, script);
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  spec.restart.first_delay_ms = 20;
  spec.restart.most_restarts = 30;
  const auto shim = started(spec);
  CHECK(shim->hold("http", listener.get()));
  CHECK(shim->hold("bad:name", listener.get()).error().code == ErrorCode::InvalidArgument);
  CHECK(shim->release("none").error().code == ErrorCode::NotFound);
  wait_console(folder, "fds=http:");

  const FileDescriptor client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::connect(client.get(), name, size) == 0);  // queued: nobody accepts yet
  std::ofstream(folder.path() + "/go") << "x";
  REQUIRE(wait_readable(client.get()));
  std::array<char, 16> answer{};
  CHECK(::read(client.get(), answer.data(), answer.size()) == 6);
  CHECK(shim->kill_and_wait());
}

TEST_CASE("shim: a watcher hears of each run") {
  const Folder folder;
  ShimSpec spec = bash(folder, "sleep 0.02; exit 7");
  spec.restart.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  spec.restart.most_restarts = 30;
  const auto shim = started(spec);
  wait_status(*shim, [](const shim::Status& status) { return status.run >= 1; });
  wait_status(*shim, [](const shim::Status& status) {
    return status.main_exited == 1 && WEXITSTATUS(status.main_wait_status) == 7;
  });
  CHECK(shim->kill_and_wait());
}

TEST_CASE("shim: what a plain program leaves behind is killed with its end") {
  const Folder folder;
  const auto shim = started(bash(folder, "setsid sleep 1000 & echo pid=$!.; sleep 0.05; exit 0"));
  const Ended ended = end_of(*shim);
  CHECK(ended.how == shim::End::Exited);
  const std::string console = folder.read("console.log");
  const std::string pid = console.substr(4, console.find('.') - 4);
  CHECK_FALSE(std::filesystem::exists("/proc/" + pid + "/exe"));
}

TEST_CASE("shim: a socket path over 100 bytes is refused with its length") {
  ShimSpec spec;
  spec.folder = "/tmp/" + std::string(90, 'x');
  spec.arguments = {"/bin/true"};
  const auto shim = Shim::start({shim_path(), "/tmp"}, spec);
  REQUIRE_FALSE(shim);
  CHECK(shim.error().message.find("102 bytes") != std::string::npos);
}

}  // namespace
}  // namespace tidegate::supervise
