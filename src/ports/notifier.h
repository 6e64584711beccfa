// The notifier: tells somebody that an alarm changed its state. Non-blocking; at least once per
// transition (the engine journals the transition first). Implementations: adapters/notify (Exec),
// sim.
#pragma once

#include <string>
#include <vector>

namespace tidegate::ports {

struct Receiver {
  std::string name;  // "on-call"
  std::string
      command;  // Exec: path of a program, run with the message as JSON on its standard input
  bool operator==(const Receiver&) const = default;
};

struct Notification {
  std::string id;  // of the transition; a repeated id is the same message
  Receiver receiver;
  std::string subject;
  std::string message;  // JSON as SNS delivers alarms: AlarmName, NewStateValue, OldStateValue,
                        // NewStateReason, …
};

struct DeliveryFailure {
  std::string receiver;
  std::string detail;  // one sentence
};

class Notifier {
 public:
  Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  virtual ~Notifier() = default;

  virtual void notify(const Notification& notification) = 0;
  /// Failed deliveries since the last call.
  virtual std::vector<DeliveryFailure> failures() = 0;
};

}  // namespace tidegate::ports
