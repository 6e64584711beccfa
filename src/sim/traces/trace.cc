#include "sim/traces/trace.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace tidegate::traces {
namespace {

constexpr std::int64_t kNotMeasured = -1;
constexpr std::int64_t kMostPerBucket = 1'000'000'000'000;
constexpr std::size_t kMaxRemarks = 5;

/// The numbers of one line, as they are written.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t begin = line.find_first_not_of(" \t,;", at);
    if (begin == std::string_view::npos) {
      break;
    }
    const std::size_t end = std::min(line.find_first_of(" \t,;", begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

/// "1998-04-30T21:30:00 (GMT …)", "2023-11-16 18:15:46.68…": the date and time it begins with.
std::optional<Instant> instant_in(std::string text) {
  constexpr std::size_t kWholeSeconds = 19;
  if (text.size() < kWholeSeconds) {
    return std::nullopt;
  }
  text.resize(kWholeSeconds);
  std::replace(text.begin(), text.end(), ' ', 'T');
  const auto instant = parse_iso8601(text + "Z");
  return instant ? std::optional{*instant} : std::nullopt;
}

class Reader {
 public:
  Reader(std::string_view file, std::string_view text) : file_(file), text_(text) {}

  Result<Trace> read() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      ++line_;
      TG_RETURN_IF_ERROR(take_line(trim(text_.substr(begin, end - begin))));
      begin = end + 1;
    }
    if (columns_ == 0) {
      return wrong("the trace has no line with a count");
    }
    tell_how_many_holes();
    if (hole_count_ == trace_.buckets.size() && !trace_.is_per_request) {
      return wrong("nothing in the trace was measured: every bucket is -1");
    }
    if (trace_.is_per_request) {
      spread_work();
    }
    if (trace_.name.empty()) {
      trace_.name = std::string{file_};
    }
    return std::move(trace_);
  }

 private:
  Error wrong(const std::string& sentence) const {
    return Error{
        ErrorCode::InvalidArgument,
        "ValidationError",
        std::string{file_} + (line_ > 0 ? ":" + std::to_string(line_) : "") + ": " + sentence};
  }

  Status take_line(std::string_view line) {
    if (line.starts_with('#')) {
      return take_header(trim(line.substr(1)));
    }
    if (line.empty()) {
      return wrong("an empty line; a bucket that was not measured is written -1");
    }
    const auto words = words_of(line);
    if (columns_ == 0) {
      TG_RETURN_IF_ERROR(begin_counts(words.size()));
    }
    if (words.size() != columns_) {
      return wrong("'" + std::string{line} + "' has " + std::to_string(words.size()) +
                   " columns, the lines before it have " + std::to_string(columns_));
    }
    return trace_.is_per_request ? take_request(words) : take_count(words.front());
  }

  Status take_header(std::string_view header) {
    const auto colon = header.find(':');
    if (colon == std::string_view::npos) {
      return Ok{};  // a comment
    }
    const std::string key{trim(header.substr(0, colon))};
    const std::string value{trim(header.substr(colon + 1))};
    if (key == "trace") {
      trace_.name = value;
    } else if (key == "source") {
      trace_.source = value;
    } else if (key == "start") {
      trace_.start = instant_in(value);
    } else if (key == "step_s") {
      const auto seconds = parse_double(value);
      if (!seconds || *seconds < seconds_of(kCell) || *seconds > 86'400) {
        return wrong("step_s '" + value + "' is no number of seconds from 0.2 to 86400");
      }
      trace_.step = from_seconds(*seconds);
      if (trace_.step % kCell != Duration{0}) {
        return wrong("step_s '" + value + "' is no multiple of 0.2 seconds");
      }
    }
    return Ok{};
  }

  Status begin_counts(std::size_t columns) {
    columns_ = columns;
    if (columns == 3) {
      trace_.is_per_request = true;
      trace_.step = kCell;
      return Ok{};
    }
    if (columns != 1) {
      return wrong("a line has " + std::to_string(columns) +
                   " columns; valid are 1 (requests of a bucket) and 3 (milliseconds since the "
                   "first request, context tokens, generated tokens)");
    }
    if (trace_.step == Duration{0}) {
      return wrong("counts begin before a header '# step_s: SECONDS' said how long a bucket is");
    }
    return Ok{};
  }

  Status take_count(const std::string& word) {
    const auto count = parse_int(word);
    if (!count || *count > kMostPerBucket) {
      return wrong("'" + word + "' is no whole number of requests");
    }
    if (*count < kNotMeasured) {
      return wrong("'" + word + "' is negative; a bucket that was not measured is written -1");
    }
    if (trace_.step * static_cast<std::int64_t>(trace_.buckets.size() + 1) > kLongestTrace) {
      return wrong("the trace is longer than 366 days");
    }
    if (*count == kNotMeasured) {
      hole_begin_ = hole_begin_ == 0 ? line_ : hole_begin_;
      hole_end_ = line_;
      ++hole_count_;
      const double held = trace_.buckets.empty() ? 0 : trace_.buckets.back().requests;
      trace_.buckets.push_back({held, held, false});
      return Ok{};
    }
    end_hole();
    const auto requests = static_cast<double>(*count);
    trace_.buckets.push_back({requests, requests, true});
    return Ok{};
  }

  /// A hole that ended with the line before this one goes to the remarks.
  void end_hole() {
    if (hole_begin_ == 0) {
      return;
    }
    if (++holes_ <= kMaxRemarks) {
      trace_.remarks.push_back(
          std::string{file_} + ":" + std::to_string(hole_begin_) +
          (hole_end_ > hole_begin_ ? "-" + std::to_string(hole_end_) : "") +
          ": not measured (-1): the load before it is kept, and this time is not scored");
    }
    hole_begin_ = 0;
  }

  void tell_how_many_holes() {
    end_hole();
    if (holes_ > kMaxRemarks) {
      trace_.remarks.push_back(std::string{file_} + ": " + std::to_string(holes_ - kMaxRemarks) +
                               " more holes, " + std::to_string(hole_count_) +
                               " buckets not measured in all");
    }
  }

  Status take_request(const std::vector<std::string>& words) {
    std::vector<std::int64_t> numbers;
    for (const std::string& word : words) {
      const auto number = parse_int(word);
      if (!number) {
        return wrong("'" + word + "' is no whole number");
      }
      if (*number < 0) {
        return wrong("'" + word + "' is negative");
      }
      numbers.push_back(*number);
    }
    const Duration at = std::chrono::milliseconds{
        std::min<std::int64_t>(numbers[0], kLongestTrace / std::chrono::milliseconds{1} + 1)};
    if (at > kLongestTrace) {
      return wrong("the trace is longer than 366 days");
    }
    if (at < newest_) {
      return wrong("its time " + words[0] + " is before that of the line before it, " +
                   std::to_string(newest_ / std::chrono::milliseconds{1}) +
                   "; requests are in the order of their times");
    }
    newest_ = at;
    trace_.buckets.resize(static_cast<std::size_t>(at / kCell) + 1);
    trace_.buckets.back().requests += 1;
    trace_.buckets.back().work += static_cast<double>(std::max<std::int64_t>(numbers[2], 1));
    return Ok{};
  }

  /// Work so far is in generated tokens; a request of as many as the mean has a weight of 1.
  void spread_work() {
    double requests = 0;
    double tokens = 0;
    for (const Bucket& bucket : trace_.buckets) {
      requests += bucket.requests;
      tokens += bucket.work;
    }
    for (Bucket& bucket : trace_.buckets) {
      bucket.work *= requests / tokens;
    }
  }

  std::string_view file_;
  std::string_view text_;
  std::size_t line_ = 0;
  std::size_t columns_ = 0;
  std::size_t hole_begin_ = 0;  // its first line; 0: not in one
  std::size_t hole_end_ = 0;    // the last line of the newest one
  std::size_t hole_count_ = 0;  // buckets in all of them
  std::size_t holes_ = 0;
  Duration newest_{};
  Trace trace_;
};

}  // namespace

double Trace::requests() const {
  double sum = 0;
  for (const Bucket& bucket : buckets) {
    sum += bucket.is_measured ? bucket.requests : 0;
  }
  return sum;
}

Result<Trace> parse_trace(std::string_view file, std::string_view text) {
  return Reader{file, text}.read();
}

}  // namespace tidegate::traces
