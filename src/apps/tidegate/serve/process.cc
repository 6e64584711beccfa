#include "apps/tidegate/serve/process.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

namespace tidegate::apps {
namespace {

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

bool is_serve_of(pid_t pid, const std::string& home) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto arguments = split(text_of(folder + "/cmdline"), '\0');
  const auto variables = split(text_of(folder + "/environ"), '\0');
  return arguments.size() >= 2 && arguments[1] == "serve" &&
         std::find(variables.begin(), variables.end(), "TIDEGATE_HOME=" + home) != variables.end();
}

}  // namespace

std::optional<Process> Process::find(const std::string& file, const std::string& home) {
  const auto pid = parse_int(trim(text_of(file)));
  if (!pid || *pid < 1 || *pid > (1 << 22)) {
    return std::nullopt;
  }
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(*pid), 0));
  if (fd < 0) {
    return std::nullopt;
  }
  Process process{static_cast<pid_t>(*pid), fd};
  if (process.ends_within({}) || !is_serve_of(process.pid_, home)) {
    return std::nullopt;
  }
  return process;
}

Process::Process(Process&& other) noexcept : pid_(other.pid_), fd_(std::exchange(other.fd_, -1)) {}

Process::~Process() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

void Process::signal(int number) const {
  syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0);
}

bool Process::ends_within(MonotonicTime::duration time) const {
  pollfd ended{fd_, POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return poll(&ended, 1, static_cast<int>(ms)) == 1;
}

std::string own_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  const bool usable = !error && std::filesystem::exists(path, error);
  return usable ? path.string() : "/proc/self/exe";  // the file was replaced: the running one
}

void exec_self(const std::vector<std::string>& arguments, const std::string& home) {
  const std::string program = own_program();
  setenv("TIDEGATE_HOME", home.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no thread yet
  std::vector<std::string> words = {"tidegate"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
}

}  // namespace tidegate::apps
