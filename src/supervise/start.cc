// Starting a shim: posix_spawn (vfork underneath, safe beside threads) of the static binary, which
// leaves us by a second fork of its own. Descriptors go to fixed low numbers, the spec into a
// memfd.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "supervise/files.h"
#include "supervise/shim.h"

namespace tidegate::supervise {
namespace {

constexpr int kReportDescriptor = shim::kSpecDescriptor + 1;
constexpr int kFirstDescriptor = shim::kSpecDescriptor + 2;
constexpr int kOutOfTheWay = 200;  // copies live there, so that no dup2 below overwrites a source

Error failure(const std::string& what) {
  return Error{ErrorCode::Internal, "InternalFailure", what};
}

Result<FileDescriptor> spec_file(const std::string& bytes) {
  FileDescriptor file{::memfd_create("tidegate-shim-spec", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!file ||
      ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return failure(std::string{"the shim's spec cannot be written: "} + ::strerrordesc_np(errno));
  }
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}

/// posix_spawn's two structures, freed at the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    for (int fd = 0; fd < 3; ++fd) {
      ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
    }
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  tidegate::Status pass(int fd, int as) {
    FileDescriptor copy{::fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay)};
    if (!copy)
      return failure(std::string{"a descriptor cannot be passed: "} + ::strerrordesc_np(errno));
    ::posix_spawn_file_actions_adddup2(&actions_, copy.get(), as);
    copies_.push_back(std::move(copy));
    return Ok{};
  }

  tidegate::Status pass_all(const std::vector<int>& all, int first) {
    for (const int fd : all) {
      TG_RETURN_IF_ERROR(pass(fd, first++));
    }
    return Ok{};
  }

  Result<pid_t> spawn(const ShimProgram& program, const std::string& id) {
    std::string name = "tidegate-shim";
    std::string argument = id;
    std::string home = "TIDEGATE_HOME=" + program.home;
    char* arguments[] = {name.data(), argument.data(), nullptr};
    char* environment[] = {home.data(), nullptr};
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, program.path.c_str(), &actions_, &attributes_, arguments, environment);
    if (error != 0) return failure(program.path + " cannot be run: " + ::strerrordesc_np(error));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  std::vector<FileDescriptor> copies_;
};

/// What the shim says of its start; a closed pipe means that it had no time to say anything.
Result<shim::Status> read_report(int fd) {
  pollfd one{fd, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&one, 1, static_cast<int>(kStartTime.count()));
  } while (ready < 0 && errno == EINTR);
  shim::Status report;
  if (ready == 0) return failure("the shim does not start: no word from it for 10 s");
  if (::read(fd, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) {
    return failure("the shim did not accept its spec");
  }
  return report;
}

tidegate::Status check_paths(const ShimSpec& spec) {
  const std::size_t length = spec.folder.size() + 1 + std::strlen(shim::kSocketFile);
  if (length <= shim::kMaxSocketPath) return Ok{};
  return Error{ErrorCode::InvalidArgument,
               "ValidationError",
               "the socket path in " + spec.folder + " would have " + std::to_string(length) +
                   " bytes, the limit is " + std::to_string(shim::kMaxSocketPath) +
                   ": choose a shorter TIDEGATE_HOME"};
}

Result<shim::Status> spawn_shim(const ShimProgram& program, const ShimSpec& spec) {
  TG_ASSIGN_OR_RETURN(const FileDescriptor file,
                      spec_file(encode(spec, kFirstDescriptor, kReportDescriptor)));
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return failure("no pipe for the shim's report");
  const FileDescriptor report{ends[0]};
  FileDescriptor report_write{ends[1]};
  SpawnPlan plan;
  TG_RETURN_IF_ERROR(plan.pass(file.get(), shim::kSpecDescriptor));
  TG_RETURN_IF_ERROR(plan.pass(report_write.get(), kReportDescriptor));
  TG_RETURN_IF_ERROR(plan.pass_all(descriptors_of(spec), kFirstDescriptor));
  TG_ASSIGN_OR_RETURN(const pid_t parent, plan.spawn(program, spec.id));
  report_write.reset();
  Result<shim::Status> told = read_report(report.get());
  int wait_status = 0;
  while (::waitpid(parent, &wait_status, 0) < 0 && errno == EINTR) {
  }
  return told;
}

}  // namespace

Result<std::unique_ptr<Shim>> Shim::start(const ShimProgram& program, const ShimSpec& spec) {
  TG_RETURN_IF_ERROR(check_paths(spec));
  TG_ASSIGN_OR_RETURN(const shim::Status told, spawn_shim(program, spec));
  const auto how = static_cast<shim::End>(told.end);
  if (how != shim::End::None && how != shim::End::AlreadyRunning) return failure(told.text);
  TG_ASSIGN_OR_RETURN(Adoption adopted, adopt(spec.folder));
  if (auto* found = std::get_if<std::unique_ptr<Shim>>(&adopted)) return std::move(*found);
  if (const auto* ended = std::get_if<Ended>(&adopted)) {
    return failure(ended->text.empty() ? "the program ended at once" : ended->text);
  }
  if (const auto* other = std::get_if<OtherVersion>(&adopted)) return failure(other->why);
  return failure("the shim was killed as soon as it stood");
}

bool others_can_run(const std::string& program) {
  using std::filesystem::perms;
  for (auto path = std::filesystem::path(program); path != path.root_path();
       path = path.parent_path()) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error || (status.permissions() & perms::others_exec) == perms::none) return false;
  }
  return true;
}

}  // namespace tidegate::supervise
