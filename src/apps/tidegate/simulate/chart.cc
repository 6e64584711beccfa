#include "apps/tidegate/simulate/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "base/xml.h"

namespace tidegate::apps {
namespace {

constexpr double kWidth = 1200;
constexpr double kLeft = 74;
constexpr double kRight = 24;
constexpr double kHead = 74;  // title, subtitle, legend
constexpr double kLoadHeight = 110;
constexpr double kBetween = 26;
constexpr double kFleetHeight = 210;
constexpr double kFoot = 46;
constexpr double kPanel = kHead + kLoadHeight + kBetween + kFleetHeight + kFoot;
constexpr std::size_t kMostMarks = 400;  // decisions beyond it are a band, not marks

constexpr const char* kStyle =
    "<style>text{font-family:'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif;"
    "font-size:12px;fill:#33404d}.title{font-size:17px;font-weight:600;fill:#16202a}"
    ".axis{font-size:11px;fill:#5b6875}.grid{stroke:#e3e8ed;stroke-width:1}"
    ".frame{stroke:#9aa7b3;stroke-width:1}.load{fill:#c9d6e2}"
    ".short{fill:#d64545;fill-opacity:.85}.supply{fill:#4f9d8b;fill-opacity:.34}"
    ".supplyline{fill:none;stroke:#2b7f6c;stroke-width:1.4}"
    ".need{fill:none;stroke:#1f2d3a;stroke-width:1.2}.limit{stroke:#9aa7b3;"
    "stroke-dasharray:5 4;stroke-width:1}.out{fill:#e08a1e}.in{fill:#5470c6}"
    ".bad{fill:#d64545;fill-opacity:.16}</style>\n";

std::string number(double value) {
  return format_double(std::round(value * 10) / 10);
}

/// One decimal is finer than a pixel.
std::string point(double x, double y) {
  return number(x) + "," + number(y);
}

std::string text_at(double x, double y, const char* anchor, const char* kind, std::string_view s) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
         "\" class=\"" + kind + "\">" + xml_escape(s) + "</text>\n";
}

std::string line_of(double x1, double y1, double x2, double y2, const char* kind) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" class=\"" + kind + "\"/>\n";
}

std::string path_of(const std::string& d, const char* kind) {
  return "<path d=\"" + d + "\" class=\"" + kind + "\"/>\n";
}

std::string rectangle(double x, double y, double width, double height, const char* kind) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) +
         "\" height=\"" + number(height) + "\" class=\"" + kind + "\"/>\n";
}

/// Where values and times are on the paper.
struct Plot {
  double top = 0;
  double height = 0;
  double most = 1;  // value at the top

  double y(double value) const { return top + height * (1 - value / most); }
  double bottom() const { return top + height; }
};

class Panel {
 public:
  Panel(const SimulationReport& report, const Simulated& run, double top)
      : report_(report), run_(run), points_(run.outcome.chart), top_(top) {
    length_ = run.outcome.chart_step * static_cast<std::int64_t>(points_.size());
    double load = 0;
    double fleet = run.outcome.min_size;
    for (const traces::ChartPoint& p : points_) {
      load = std::max(load, p.requests_per_second);
      fleet = std::max({fleet, static_cast<double>(p.need), static_cast<double>(p.serving_most)});
    }
    load_ticks_ = even_ticks(load, 3);
    fleet_ticks_ = even_ticks(fleet * 1.08, 5);
    load_ = {top + kHead, kLoadHeight, load_ticks_.back()};
    fleet_ = {load_.bottom() + kBetween, kFleetHeight, fleet_ticks_.back()};
  }

  std::string svg() const {
    return head() + axes() + bad_time() + load_area() + supply() + shortage() + need() + limits() +
           decisions();
  }

 private:
  double x(std::size_t index) const {
    const auto count = static_cast<double>(std::max<std::size_t>(points_.size(), 1));
    return kLeft + (kWidth - kLeft - kRight) * static_cast<double>(index) / count;
  }
  double x_at(Duration at) const {
    return kLeft + (kWidth - kLeft - kRight) * seconds_of(at) / std::max(seconds_of(length_), 1.0);
  }

  std::string head() const {
    const traces::Scores& s = run_.outcome.scores;
    const double over = s.oracle_hours > 0 ? s.instance_hours / s.oracle_hours : 0;
    std::string text =
        text_at(kLeft, top_ + 24, "start", "title", run_.name + " under " + report_.trace.name);
    std::string policies;
    for (const auto& policy : run_.subject.policies) {
      policies += (policies.empty() ? "" : ", ") + policy_text(policy);
    }
    text += text_at(kLeft,
                    top_ + 43,
                    "start",
                    "axis",
                    run_.subject.group.name.value + ", " + policies + ", " + length_text(length_) +
                        ", seed " + std::to_string(report_.seed) + " · " +
                        format_fixed(s.bad_percent, 3) + " % of requests in bad time · " +
                        format_fixed(s.instance_hours, 0) + " instance-hours, " +
                        format_fixed(over, 2) + " × the oracle's · " +
                        std::to_string(run_.outcome.decisions.size()) + " decisions");
    return text + legend();
  }

  std::string legend() const {
    struct Entry {
      const char* kind;
      const char* label;
    };
    constexpr std::array kEntries{Entry{"load", "load"},
                                  Entry{"need", "instances needed"},
                                  Entry{"supply", "instances in service"},
                                  Entry{"short", "missing"},
                                  Entry{"bad", "p95 over the SLO"},
                                  Entry{"out", "decided: out"},
                                  Entry{"in", "decided: in"}};
    std::string text;
    double at = kLeft;
    const double y = top_ + 61;
    for (const Entry& entry : kEntries) {
      const std::string kind = entry.kind;
      if (kind == "need") {
        text += line_of(at, y - 4, at + 14, y - 4, "need");
      } else if (kind == "out" || kind == "in") {
        text += triangle(at + 7, y - 4, kind == "out");
      } else {
        text += rectangle(at, y - 9, 14, 10, entry.kind);
        text += kind == "supply" ? line_of(at, y - 9, at + 14, y - 9, "supplyline") : "";
      }
      text += text_at(at + 19, y, "start", "axis", entry.label);
      at += 40 + 6.2 * static_cast<double>(std::string_view{entry.label}.size());
    }
    return text;
  }

  static std::string triangle(double x, double y, bool up) {
    const double tip = up ? y - 4 : y + 4;
    const double base = up ? y + 3 : y - 3;
    return "<path d=\"M" + point(x, tip) + "L" + point(x - 3.4, base) + "L" + point(x + 3.4, base) +
           "Z\" class=\"" + (up ? "out" : "in") + "\"/>\n";
  }

  std::string value_axis(const Plot& plot,
                         const std::vector<double>& ticks,
                         const char* title) const {
    std::string text;
    for (const double tick : ticks) {
      text += line_of(kLeft, plot.y(tick), kWidth - kRight, plot.y(tick), "grid");
      text += text_at(kLeft - 8, plot.y(tick) + 4, "end", "axis", with_commas_or_fraction(tick));
    }
    const double middle = plot.top + plot.height / 2;
    return text + "<text transform=\"translate(16," + number(middle) +
           ") rotate(-90)\" text-anchor=\"middle\">" + title + "</text>\n";
  }

  static std::string with_commas_or_fraction(double tick) {
    return tick == std::floor(tick) ? with_commas(tick) : format_double(tick);
  }

  std::string axes() const {
    std::string text = value_axis(load_, load_ticks_, "requests/s") +
                       value_axis(fleet_, fleet_ticks_, "instances");
    for (const TimeTick& tick : time_ticks(run_.outcome.begin, length_, 10)) {
      const double at = x_at(tick.at);
      text += line_of(at, load_.top, at, load_.bottom(), "grid") +
              line_of(at, fleet_.top, at, fleet_.bottom() + 5, "grid") +
              text_at(at, fleet_.bottom() + 19, "middle", "axis", tick.label);
    }
    text += line_of(kLeft, load_.bottom(), kWidth - kRight, load_.bottom(), "frame") +
            line_of(kLeft, fleet_.bottom(), kWidth - kRight, fleet_.bottom(), "frame");
    return text + text_at(kWidth - kRight,
                          fleet_.bottom() + 36,
                          "end",
                          "axis",
                          "time (UTC), from " + format_iso8601(run_.outcome.begin));
  }

  /// Over both plots, as wide as the time was bad.
  std::string bad_time() const {
    std::string text;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (points_[i].bad_share > 0) {
        const double width = std::max(0.8, (x(i + 1) - x(i)) * points_[i].bad_share);
        text += rectangle(x(i), load_.top, width, load_.height, "bad");
      }
    }
    return text;
  }

  std::string load_area() const {
    std::string d = "M" + point(kLeft, load_.bottom());
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const double y = load_.y(points_[i].requests_per_second);
      d += "L" + point(x(i), y) + "L" + point(x(i + 1), y);
    }
    return path_of(d + "L" + point(x(points_.size()), load_.bottom()) + "Z", "load");
  }

  template <typename Value>
  std::string steps(Value value) const {
    std::string d;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const double y = fleet_.y(value(points_[i]));
      d += (i == 0 ? "M" : "L") + point(x(i), y) + "L" + point(x(i + 1), y);
    }
    return d;
  }

  std::string supply() const {
    const std::string least = steps([](const auto& p) { return p.serving_least; });
    const std::string most = steps([](const auto& p) { return p.serving_most; });
    const std::string floor =
        "L" + point(x(points_.size()), fleet_.bottom()) + "L" + point(kLeft, fleet_.bottom()) + "Z";
    return path_of(most + floor, "supply") + path_of(least, "supplyline");
  }

  std::string need() const {
    return path_of(steps([](const auto& p) { return p.need; }), "need");
  }

  std::string shortage() const {
    std::string text;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const traces::ChartPoint& p = points_[i];
      if (p.need > p.serving_least) {
        const double top = fleet_.y(p.need);
        text += rectangle(
            x(i), top, std::max(0.8, x(i + 1) - x(i)), fleet_.y(p.serving_least) - top, "short");
      }
    }
    return text;
  }

  std::string limits() const {
    std::string text;
    for (const std::int32_t limit : {run_.outcome.min_size, run_.outcome.max_size}) {
      const std::string label =
          (limit == run_.outcome.min_size ? "MinSize " : "MaxSize ") + std::to_string(limit);
      if (limit <= fleet_.most) {
        text += line_of(kLeft, fleet_.y(limit), kWidth - kRight, fleet_.y(limit), "limit") +
                text_at(kWidth - kRight - 4, fleet_.y(limit) - 4, "end", "axis", label);
      }
    }
    return text;
  }

  /// Marks between the plots; where there are too many, one per pixel and direction.
  std::string decisions() const {
    std::string text;
    double last_out = -1;
    double last_in = -1;
    const bool is_dense = run_.outcome.decisions.size() > kMostMarks;
    for (const traces::Decision& decision : run_.outcome.decisions) {
      const double at = x_at(decision.at - run_.outcome.begin);
      const bool is_out = decision.to > decision.from;
      double& last = is_out ? last_out : last_in;
      if (is_dense && at - last < 3) {
        continue;
      }
      last = at;
      text += triangle(at, fleet_.top - (is_out ? 17 : 7), is_out);
    }
    return text;
  }

  const SimulationReport& report_;
  const Simulated& run_;
  const std::vector<traces::ChartPoint>& points_;
  double top_;
  Duration length_{};
  std::vector<double> load_ticks_;
  std::vector<double> fleet_ticks_;
  Plot load_;
  Plot fleet_;
};

std::string tick_label(Instant at, Duration step) {
  const std::string iso = format_iso8601(at);  // 2026-01-03T12:04:31Z
  constexpr std::size_t kDate = 10;
  constexpr std::size_t kTime = 11;
  if (step >= std::chrono::hours{24}) {
    return iso.substr(0, kDate);
  }
  const bool is_midnight = iso.substr(kTime, 8) == "00:00:00";
  if (is_midnight) {
    return iso.substr(5, 5);
  }
  return step >= std::chrono::minutes{1} ? iso.substr(kTime, 5) : iso.substr(kTime, 8);
}

}  // namespace

std::vector<double> even_ticks(double most, int count) {
  const double rough = std::max(most, 1e-6) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 5.0}) {
    if (rough <= nice * power * 1.0001) {
      step = nice * power;
      break;
    }
  }
  std::vector<double> ticks;
  for (int i = 0; ticks.empty() || ticks.back() < most; ++i) {
    ticks.push_back(step * i);
  }
  if (ticks.size() == 1) {
    ticks.push_back(step);
  }
  return ticks;
}

std::vector<TimeTick> time_ticks(Instant begin, Duration length, int count) {
  constexpr std::array<std::int64_t, 19> kSteps{1,
                                                5,
                                                10,
                                                30,
                                                60,
                                                120,
                                                300,
                                                600,
                                                900,
                                                1800,
                                                3600,
                                                7200,
                                                10800,
                                                21600,
                                                43200,
                                                86400,
                                                172800,
                                                604800,
                                                1209600};
  Duration step = std::chrono::hours{24 * 28};
  for (const std::int64_t seconds : kSteps) {
    if (length / std::chrono::seconds{seconds} < count) {
      step = std::chrono::seconds{seconds};
      break;
    }
  }
  std::vector<TimeTick> ticks;
  const auto since_epoch = begin.time_since_epoch();
  for (Duration at = (step - since_epoch % step) % step; at <= length; at += step) {
    ticks.push_back({at, tick_label(begin + at, step)});
  }
  return ticks;
}

std::string chart_svg(const SimulationReport& report) {
  const double height = kPanel * static_cast<double>(report.runs.size());
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) +
                    "\" height=\"" + number(height) + "\" viewBox=\"0 0 " + number(kWidth) + " " +
                    number(height) + "\" role=\"img\">\n<title>" +
                    xml_escape("Simulation of " + report.trace.name) + "</title>\n" + kStyle +
                    "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  double top = 0;
  for (const Simulated& run : report.runs) {
    svg += Panel{report, run, top}.svg();
    top += kPanel;
  }
  return svg + "</svg>\n";
}

}  // namespace tidegate::apps
