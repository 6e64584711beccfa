// A way to the control plane of this home, and how verbs speak of what went wrong.
#pragma once

#include <memory>
#include <string>

#include "apps/tidegate/client.h"
#include "apps/tidegate/command_line.h"
#include "apps/tidegate/environment.h"

namespace tidegate::apps {

/// A client with the home's root key; nothing is sent yet. Errors: NotFound (NoHome), or the key
/// file's.
Result<std::unique_ptr<Client>> connect(const Environment& environment);

/// Whether a control plane of this home answers, signed, at the API's address. Error: what it
/// answered instead (another home's), or Unavailable.
Status check_reached(const Environment& environment);

/// Nobody answers, as opposed to an answer that is an error.
bool is_not_reached(const Error& error);

/// Prints `tidegate: …` on stderr; the exit status that says so.
Exit report(const Error& error, const Environment& environment);

/// One line on stderr.
void progress(const std::string& line);
/// Text on stdout, at once.
void print(const std::string& text);

void pause_for(Duration time);
/// Of a clock that is never set.
MonotonicInstant monotonic_now();
inline double seconds_since(MonotonicInstant begin) {
  return std::chrono::duration<double>(monotonic_now() - begin).count();
}

}  // namespace tidegate::apps
