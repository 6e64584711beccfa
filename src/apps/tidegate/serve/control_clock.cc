#include "apps/tidegate/serve/control_clock.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"

namespace tidegate::apps {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec time{};
  TG_CHECK(clock_gettime(id, &time) == 0);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

constexpr std::size_t kMarkBytes = 20;  // fixed width: overwritten in place, never truncated

}  // namespace

RawTime machine_time() {
  return RawTime{read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

ControlClock::ControlClock(TimeSource source, Instant mark) : source_(std::move(source)) {
  const RawTime raw = source_();
  const std::int64_t marked = mark.time_since_epoch().count();
  const bool set_back = raw.wall < marked;
  last_told_ = set_back ? marked + kMarkInterval.count() : raw.wall;
  last_steady_ = raw.steady;
  offset_ = last_told_ - raw.steady;
}

Instant ControlClock::now() {
  const std::lock_guard lock{mutex_};
  const RawTime raw = source_();
  const std::int64_t elapsed = std::max<std::int64_t>(0, raw.steady - last_steady_);
  const std::int64_t most = elapsed / 2;
  const std::int64_t wanted = (raw.wall - raw.steady) - offset_;
  offset_ += std::clamp(wanted, -most, most);
  last_steady_ = raw.steady;
  last_told_ = std::max(last_told_, raw.steady + offset_);
  return Instant{Duration{last_told_}};
}

Result<Instant> read_clock_mark(const std::string& file) {
  std::ifstream in{file};
  if (!in) {
    return Instant{};
  }
  std::string text;
  std::getline(in, text);
  const auto micros = parse_int(trim(text));
  if (!micros || *micros < 0) {
    return Error{
        ErrorCode::Corrupt,
        "CorruptClockMark",
        "the clock's mark " + file + " cannot be read; delete it if the machine's clock is right"};
  }
  return Instant{Duration{*micros}};
}

Status write_clock_mark(const std::string& file, Instant mark) {
  std::string text = std::to_string(mark.time_since_epoch().count());
  text.insert(0, kMarkBytes - std::min(kMarkBytes, text.size()), ' ');
  text += '\n';
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  const int reason = errno;
  if (fd >= 0) {
    close(fd);
  }
  if (!written) {
    return Error{ErrorCode::ResourceExhausted,
                 "ClockMarkNotWritten",
                 "cannot write " + file + ": " + std::strerror(reason)};
  }
  return Ok{};
}

}  // namespace tidegate::apps
