#include "adapters/notify/exec_notifier.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "temporary_folder.h"

namespace tidegate::notify {
namespace {

using ports::Notification;
using std::chrono::milliseconds;

constexpr int kDeadline = 60'000;  // ms, for what takes a few

/// A receiver that is a script in a folder of its own, and a pipe by which it tells what it did.
class Receiver {
 public:
  explicit Receiver(const std::string& body) {
    REQUIRE(mkfifo(folder_.file("told").c_str(), 0600) == 0);
    told_ = FileDescriptor{open(folder_.file("told").c_str(), O_RDWR | O_CLOEXEC)};
    REQUIRE(static_cast<bool>(told_));
    std::ofstream{program()} << "#!/bin/sh\n" << body << "\n";
    REQUIRE(chmod(program().c_str(), 0700) == 0);
  }

  std::string program() const { return folder_.file("receiver.sh"); }
  std::string file(const std::string& name) const { return folder_.file(name); }

  Notification message(const std::string& id, const std::string& text) const {
    return {id, {"on-call", program()}, "ALARM: a", text};
  }

  /// The next line it told.
  std::string told() const {
    std::string line;
    for (char c = 0; c != '\n';) {
      pollfd polled{told_.get(), POLLIN, 0};
      REQUIRE(poll(&polled, 1, kDeadline) == 1);
      REQUIRE(read(told_.get(), &c, 1) == 1);
      line += c;
    }
    line.pop_back();
    return line;
  }
  bool has_told() const {
    pollfd polled{told_.get(), POLLIN, 0};
    return poll(&polled, 1, 0) == 1;
  }

 private:
  TemporaryFolder folder_;
  FileDescriptor told_;
};

Options quick(std::size_t repetitions) {
  Options options;
  options.timeout = milliseconds{kDeadline};
  options.back_off.assign(repetitions, milliseconds{1});
  return options;
}

/// The failures once there are any.
std::vector<ports::DeliveryFailure> awaited_failures(ExecNotifier& notifier) {
  for (int tries = 0; tries < kDeadline; ++tries) {
    if (auto failures = notifier.failures(); !failures.empty()) {
      return failures;
    }
    poll(nullptr, 0, 1);
  }
  return {};
}

}  // namespace

TEST_CASE("ExecNotifier: the program gets the message on its standard input") {
  const Receiver receiver{"cat > message; echo done > told"};
  ExecNotifier notifier{quick(0)};
  const std::string text(200'000, 'x');  // more than a pipe holds
  notifier.notify(receiver.message("1", text));
  CHECK(receiver.told() == "done");
  std::ifstream in{receiver.file("message")};
  CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == text);
  CHECK(notifier.failures().empty());
}

TEST_CASE("ExecNotifier: a program that reads nothing is fine") {
  const Receiver receiver{"echo done > told"};
  ExecNotifier notifier{quick(0)};
  notifier.notify(receiver.message("1", std::string(1'000'000, 'x')));
  CHECK(receiver.told() == "done");
}

TEST_CASE("ExecNotifier: the environment is minimal and no descriptor of ours is in the program") {
  const Receiver receiver{
      "env | cut -d= -f1 | sort | tr '\\n' ' ' > told; echo > told\n"
      "ls /proc/self/fd | tr '\\n' ' ' > told; echo > told\n"
      "echo $TIDEGATE_RECEIVER $TIDEGATE_NOTIFICATION_ID > told"};
  const FileDescriptor leaked{open("/dev/null", O_RDONLY)};  // not close-on-exec
  ExecNotifier notifier{quick(0)};
  notifier.notify(receiver.message("id-7", "{}"));
  CHECK(receiver.told() == "LANG PATH PWD TIDEGATE_NOTIFICATION_ID TIDEGATE_RECEIVER ");
  CHECK(receiver.told() == "0 1 2 3 ");  // 3 is ls reading the folder
  CHECK(receiver.told() == "on-call id-7");
}

TEST_CASE("ExecNotifier: a command is a path and never a shell's text") {
  const Receiver receiver{"echo ran > told"};
  ExecNotifier notifier{quick(0)};
  Notification notification = receiver.message("1", "{}");
  notification.receiver.command += "; true";
  notifier.notify(notification);
  const auto failures = awaited_failures(notifier);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].detail.find("cannot run " + receiver.program() + "; true") !=
        std::string::npos);
  CHECK(!receiver.has_told());
}

TEST_CASE("ExecNotifier: a failing program is tried again and then reported with what it said") {
  const Receiver receiver{"echo tried > told; echo cannot reach the pager >&2; exit 3"};
  ExecNotifier notifier{quick(3)};
  notifier.notify(receiver.message("1", "{}"));
  const auto failures = awaited_failures(notifier);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].receiver == "on-call");
  CHECK(failures[0].detail ==
        "\"ALARM: a\" was not delivered in 4 attempts: " + receiver.program() +
            " exited with status 3; it said: cannot reach the pager");
  for (int attempt = 0; attempt < 4; ++attempt) {
    CHECK(receiver.told() == "tried");
  }
  CHECK(!receiver.has_told());
  CHECK(notifier.failures().empty());
}

TEST_CASE("ExecNotifier: the first attempt that succeeds is the last") {
  const Receiver receiver{"echo tried > told; mkdir first 2>/dev/null && exit 1; exit 0"};
  ExecNotifier notifier{quick(3)};
  notifier.notify(receiver.message("1", "{}"));
  notifier.notify(receiver.message("2", "{}"));
  CHECK(receiver.told() == "tried");
  CHECK(receiver.told() == "tried");
  CHECK(receiver.told() == "tried");  // of the second message
  CHECK(notifier.failures().empty());
}

TEST_CASE("ExecNotifier: a program that hangs is killed with all its children") {
  const Receiver receiver{"sleep 1000 & echo $! > told; echo $$ > told; wait"};
  Options options = quick(0);
  options.timeout = milliseconds{2000};
  ExecNotifier notifier{options};
  notifier.notify(receiver.message("1", "{}"));
  const auto failures = awaited_failures(notifier);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].detail.find("did not end within 2 s") != std::string::npos);
  for (int process = 0; process < 2; ++process) {
    const int pid = std::stoi(receiver.told());
    int alive = 0;
    for (int tries = 0; tries < kDeadline && alive == 0; ++tries) {
      std::ifstream status{"/proc/" + std::to_string(pid) + "/stat"};
      std::string word;
      status >> word >> word >> word;
      alive = status && word != "Z" ? 0 : 1;  // gone, or waiting for init to reap it
      poll(nullptr, 0, 1);
    }
    CHECK(alive == 1);
  }
}

TEST_CASE("ExecNotifier: the same id is the same message") {
  const Receiver receiver{"cat > told; echo > told"};
  ExecNotifier notifier{quick(0)};
  notifier.notify(receiver.message("1", "one"));
  notifier.notify(receiver.message("1", "one again"));
  CHECK(receiver.told() == "one");
  notifier.notify(receiver.message("2", "two"));
  CHECK(receiver.told() == "two");
  notifier.notify(receiver.message("1", "one once more"));
  notifier.notify(receiver.message("3", "three"));
  CHECK(receiver.told() == "three");
}

TEST_CASE("ExecNotifier: a receiver that hangs delays no other, and its queue is bounded") {
  const Receiver hanging{"echo hangs > told; sleep 1000"};
  const Receiver other{"echo done > told"};
  ExecNotifier notifier{quick(0)};
  notifier.notify(hanging.message("0", "{}"));
  CHECK(hanging.told() == "hangs");
  Notification prompt = other.message("1", "{}");
  prompt.receiver.name = "pager";
  notifier.notify(prompt);
  CHECK(other.told() == "done");
  for (std::size_t i = 1; i < kMaxQueued; ++i) {
    notifier.notify(hanging.message(std::to_string(i), "{}"));
  }
  CHECK(notifier.failures().empty());
  notifier.notify(hanging.message("one too many", "{}"));
  const auto failures = notifier.failures();
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].detail == "\"ALARM: a\" was dropped: 64 messages wait already");
}  // and stopping does not wait for the one that hangs

TEST_CASE("ExecNotifier: threads and failures are bounded") {
  const Receiver receiver{"exit 0"};
  ExecNotifier notifier{quick(0)};
  for (std::size_t i = 0; i < kMaxReceivers + kMaxFailures + 10; ++i) {
    Notification notification = receiver.message("1", "{}");
    notification.receiver.name = "receiver-" + std::to_string(i);
    notifier.notify(notification);
  }
  const auto failures = notifier.failures();
  REQUIRE(failures.size() == kMaxFailures);
  CHECK(failures.back().receiver == "receiver-" + std::to_string(kMaxReceivers + kMaxFailures + 9));
}

TEST_CASE("ExecNotifier: by default 30 s a run and three repetitions that wait longer each time") {
  const Options options;
  CHECK(options.timeout == std::chrono::seconds{30});
  REQUIRE(options.back_off.size() == 3);
  CHECK(options.back_off[0] < options.back_off[1]);
  CHECK(options.back_off[1] < options.back_off[2]);
}

}  // namespace tidegate::notify
