// ports::Notifier by programs: each receiver's messages go to its program, one after the other, in
// a thread of their own, so that a receiver that hangs delays no other. notify() and failures()
// never wait; any thread. Messages that wait when the object is destroyed are not delivered: the
// engine has them in its journal.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/notifier.h"

namespace tidegate::notify {

inline constexpr std::size_t kMaxReceivers = 32;   // each has a thread
inline constexpr std::size_t kMaxQueued = 64;      // messages that wait, per receiver
inline constexpr std::size_t kMaxRemembered = 64;  // delivered ids per receiver: not sent again
inline constexpr std::size_t kMaxFailures = 256;   // kept until failures() takes them

struct Options {
  std::chrono::milliseconds timeout = std::chrono::seconds{30};  // of one run of the program
  std::vector<std::chrono::milliseconds> back_off = {            // before each repetition
      std::chrono::seconds{1},
      std::chrono::seconds{5},
      std::chrono::seconds{25}};
};

/// What programs find in their environment: PATH, LANG, and these.
inline constexpr const char* kReceiverVariable = "TIDEGATE_RECEIVER";
inline constexpr const char* kIdVariable = "TIDEGATE_NOTIFICATION_ID";

class ExecNotifier final : public ports::Notifier {
 public:
  explicit ExecNotifier(Options options = {});
  ~ExecNotifier() override;

  void notify(const ports::Notification& notification) override;
  std::vector<ports::DeliveryFailure> failures() override;

 private:
  class Failures;
  class Delivery;

  const Options options_;
  std::unique_ptr<Failures> failures_;
  std::mutex deliveries_lock_;                                   // guards deliveries_
  std::map<std::string, std::unique_ptr<Delivery>> deliveries_;  // by receiver
};

}  // namespace tidegate::notify
