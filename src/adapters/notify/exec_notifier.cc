#include "adapters/notify/exec_notifier.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>

#include "adapters/notify/child_process.h"
#include "base/check.h"
#include "base/file_descriptor.h"
#include "base/log.h"

namespace tidegate::notify {
namespace {

using ports::DeliveryFailure;
using ports::Notification;

std::vector<std::string> environment_of(const Notification& notification) {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "LANG=C.UTF-8",
          std::string{kReceiverVariable} + "=" + notification.receiver.name,
          std::string{kIdVariable} + "=" + notification.id};
}

}  // namespace

class ExecNotifier::Failures {
 public:
  void add(const std::string& receiver, const std::string& detail) {
    log_event(LogLevel::Error, "notification_failed", {{"receiver", receiver}, {"detail", detail}});
    const std::lock_guard guard{lock_};
    if (failures_.size() == kMaxFailures) {
      failures_.erase(failures_.begin());
    }
    failures_.push_back({receiver, detail});
  }

  std::vector<DeliveryFailure> take() {
    const std::lock_guard guard{lock_};
    return std::exchange(failures_, {});
  }

 private:
  std::mutex lock_;  // guards failures_
  std::vector<DeliveryFailure> failures_;
};

/// One receiver's queue and thread.
class ExecNotifier::Delivery {
 public:
  Delivery(const Options& options, Failures& failures)
      : options_(options), failures_(failures), stop_(eventfd(0, EFD_CLOEXEC)) {
    TG_CHECK(static_cast<bool>(stop_));
    thread_ = std::thread{[this] { loop(); }};
  }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery() {
    {
      const std::lock_guard guard{lock_};
      stopping_ = true;
    }
    eventfd_write(stop_.get(), 1);
    changed_.notify_one();
    thread_.join();
  }

  void add(const Notification& notification) {
    const std::lock_guard guard{lock_};
    if (knows(notification.id)) {
      return;
    }
    if (waiting_.size() == kMaxQueued) {
      failures_.add(notification.receiver.name,
                    "\"" + notification.subject + "\" was dropped: " + std::to_string(kMaxQueued) +
                        " messages wait already");
      return;
    }
    waiting_.push_back(notification);
    changed_.notify_one();
  }

 private:
  /// With lock_ held. Waiting, under way (it stays at the front until then), or delivered lately.
  bool knows(const std::string& id) const {
    return std::any_of(waiting_.begin(),
                       waiting_.end(),
                       [&id](const Notification& other) { return other.id == id; }) ||
           std::find(delivered_.begin(), delivered_.end(), id) != delivered_.end();
  }

  void loop() {
    std::unique_lock guard{lock_};
    while (true) {
      changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) {
        return;
      }
      const Notification notification = waiting_.front();
      guard.unlock();
      const Status delivered = deliver(notification);
      guard.lock();
      waiting_.pop_front();
      if (delivered) {
        delivered_.push_back(notification.id);
        delivered_.erase(delivered_.begin(),
                         delivered_.end() - static_cast<std::ptrdiff_t>(
                                                std::min(delivered_.size(), kMaxRemembered)));
      }
    }
  }

  Status deliver(const Notification& notification) {
    const ChildProcess child{notification.receiver.command,
                             environment_of(notification),
                             notification.message,
                             options_.timeout};
    Status result = run(child, stop_.get());
    for (const std::chrono::milliseconds pause : options_.back_off) {
      if (result || wait_for_stop(pause)) {
        break;
      }
      result = run(child, stop_.get());
    }
    if (!result && !wait_for_stop(std::chrono::milliseconds{0})) {
      failures_.add(notification.receiver.name,
                    "\"" + notification.subject + "\" was not delivered in " +
                        std::to_string(options_.back_off.size() + 1) +
                        " attempts: " + result.error().message);
    }
    return result;
  }

  /// True as soon as we stop, false when the pause is over.
  bool wait_for_stop(std::chrono::milliseconds pause) const {
    pollfd polled{stop_.get(), POLLIN, 0};
    return poll(&polled, 1, static_cast<int>(pause.count())) > 0;
  }

  const Options& options_;
  Failures& failures_;
  const FileDescriptor stop_;  // readable: end what runs, and the thread

  std::mutex lock_;  // guards all below
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<Notification> waiting_;  // the front one is under way
  std::deque<std::string> delivered_;
  std::thread thread_;
};

ExecNotifier::ExecNotifier(Options options)
    : options_(std::move(options)), failures_(std::make_unique<Failures>()) {}

ExecNotifier::~ExecNotifier() = default;

void ExecNotifier::notify(const Notification& notification) {
  const std::lock_guard guard{deliveries_lock_};
  auto found = deliveries_.find(notification.receiver.name);
  if (found == deliveries_.end()) {
    if (deliveries_.size() == kMaxReceivers) {
      failures_->add(notification.receiver.name,
                     "there are " + std::to_string(kMaxReceivers) + " receivers already");
      return;
    }
    found =
        deliveries_
            .emplace(notification.receiver.name, std::make_unique<Delivery>(options_, *failures_))
            .first;
  }
  found->second->add(notification);
}

std::vector<DeliveryFailure> ExecNotifier::failures() {
  return failures_->take();
}

}  // namespace tidegate::notify
