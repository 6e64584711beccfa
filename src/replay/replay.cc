#include "replay/replay.h"

#include <map>
#include <memory>
#include <optional>

#include "replay/pack.h"
#include "replay/recorder.h"
#include "replay/unpack.h"

namespace tidegate::replay {
namespace {

/// The answers of the frame under way.
class Tape {
 public:
  void load(std::string_view answers) { in_.emplace(answers); }
  Unpacker& raw() { return *in_; }

  /// The next answer, when it is one to that call; else the engine went another way.
  Unpacker* next(Call call) {
    if (is_lost_) {
      return nullptr;
    }
    const auto found = in_->get<Call>();
    is_lost_ = found != call || in_->failed();
    return is_lost_ ? nullptr : &*in_;
  }
  bool ends() { return next(Call::End) != nullptr; }
  bool is_lost() const { return is_lost_ || in_->failed(); }

 private:
  std::optional<Unpacker> in_;
  bool is_lost_ = false;
};

Error lost() {
  return Error{ErrorCode::Corrupt, "Corrupt", "the recording has another answer here"};
}

class ReplayedCompute final : public ports::Compute {
 public:
  explicit ReplayedCompute(Tape& tape) : tape_(tape) {}
  ports::HostCapacity capacity() const override {
    Unpacker* in = tape_.next(Call::Capacity);
    return in != nullptr ? in->get<ports::HostCapacity>() : ports::HostCapacity{};
  }
  std::vector<ports::Capability> capabilities() const override { return {}; }
  Status check_image(const ports::ProcessImage& /*image*/) const override {
    Unpacker* in = tape_.next(Call::CheckImage);
    return in != nullptr ? get_result<Ok>(*in) : Status{lost()};
  }
  void launch(const ports::LaunchSpec& /*spec*/) override {}
  void stop(const groups::InstanceId& /*id*/) override {}
  void kill(const groups::InstanceId& /*id*/) override {}
  void set_target_lifecycle_state(const groups::InstanceId& /*id*/,
                                  const std::string& /*state*/) override {}
  std::vector<std::string> troubles() const override {
    Unpacker* in = tape_.next(Call::Troubles);
    return in != nullptr ? in->get<std::vector<std::string>>() : std::vector<std::string>{};
  }
  std::vector<ports::InstanceObservation> snapshot() override {
    if (Unpacker* in = tape_.next(Call::Snapshot)) {
      in->get_delta(seen_);
    }
    return seen_;
  }
  Result<ports::ConsoleChunk> console(const groups::InstanceId& /*id*/,
                                      std::uint64_t /*offset*/,
                                      std::size_t /*max_bytes*/) override {
    return lost();
  }

 private:
  Tape& tape_;
  std::vector<ports::InstanceObservation> seen_;
};

class ReplayedDataPlane final : public ports::DataPlane {
 public:
  explicit ReplayedDataPlane(Tape& tape) : tape_(tape) {}
  void publish(const balancing::DataPlaneConfig& /*config*/) override {}
  const balancing::DataPlaneReport& report() override {
    if (Unpacker* in = tape_.next(Call::Report)) {
      in->get_delta(seen_);
    }
    return seen_;
  }
  Result<std::string> assign_address(const balancing::LoadBalancerArn& /*arn*/) override {
    Unpacker* in = tape_.next(Call::AssignAddress);
    return in != nullptr ? get_result<std::string>(*in) : Result<std::string>{lost()};
  }
  void release_address(const balancing::LoadBalancerArn& /*arn*/) override {}

 private:
  Tape& tape_;
  balancing::DataPlaneReport seen_;
};

class ReplayedStore final : public ports::StateStore {
 public:
  explicit ReplayedStore(Tape& tape) : tape_(tape) {}
  Result<std::map<std::string, std::string>> read(const std::string& /*prefix*/) override {
    using Found = std::map<std::string, std::string>;
    Unpacker* in = tape_.next(Call::StoreRead);
    return in != nullptr ? get_result<Found>(*in) : Result<Found>{lost()};
  }
  ports::Revision revision() const override { return revision_; }
  Result<ports::Revision> append(const std::vector<ports::StoreOperation>& /*batch*/,
                                 std::uint64_t /*epoch*/,
                                 ports::Revision /*expected*/) override {
    Unpacker* in = tape_.next(Call::StoreAppend);
    auto revision =
        in != nullptr ? get_result<ports::Revision>(*in) : Result<ports::Revision>{lost()};
    revision_ = revision ? *revision : revision_;
    return revision;
  }

 private:
  Tape& tape_;
  ports::Revision revision_;
};

class ReplayedMetrics final : public ports::MetricStore {
 public:
  explicit ReplayedMetrics(Tape& tape) : tape_(tape) {}
  void put(std::span<const metrics::MetricSample> /*samples*/) override {}
  std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                       Instant /*from*/,
                                       Instant /*to*/,
                                       Duration /*period*/) const override {
    auto& seen = seen_[metric];
    if (Unpacker* in = tape_.next(Call::MetricsRead)) {
      in->get_delta(seen);
    }
    return seen;
  }
  std::vector<metrics::MetricId> list(const std::string& /*metric_namespace*/) const override {
    Unpacker* in = tape_.next(Call::MetricsList);
    return in != nullptr ? in->get<std::vector<metrics::MetricId>>()
                         : std::vector<metrics::MetricId>{};
  }
  std::string unit(const metrics::MetricId& /*metric*/) const override {
    Unpacker* in = tape_.next(Call::MetricsUnit);
    return in != nullptr ? in->get<std::string>() : std::string{};
  }
  std::vector<metrics::DistributionPoint> read_distributions(const metrics::MetricId& metric,
                                                             Instant /*from*/,
                                                             Instant /*to*/,
                                                             Duration /*period*/) const override {
    auto& written = distributions_[metric];
    if (Unpacker* in = tape_.next(Call::MetricsDistributions)) {
      in->get_delta(written);
    }
    std::vector<metrics::DistributionPoint> points;
    for (const WrittenDistribution& point : written) {
      points.push_back({point.timestamp, {point.values, metrics::Sketch::of_bins(point.bins)}});
    }
    return points;
  }
  std::optional<Instant> newest(const metrics::MetricId& /*metric*/) const override {
    Unpacker* in = tape_.next(Call::MetricsNewest);
    return in != nullptr ? in->get<std::optional<Instant>>() : std::nullopt;
  }

 private:
  Tape& tape_;
  mutable std::map<metrics::MetricId, std::vector<metrics::Datapoint>> seen_;
  mutable std::map<metrics::MetricId, std::vector<WrittenDistribution>> distributions_;
};

class ReplayedNotifier final : public ports::Notifier {
 public:
  explicit ReplayedNotifier(Tape& tape) : tape_(tape) {}
  void notify(const ports::Notification& /*notification*/) override {}
  std::vector<ports::DeliveryFailure> failures() override {
    Unpacker* in = tape_.next(Call::Failures);
    return in != nullptr ? in->get<std::vector<ports::DeliveryFailure>>()
                         : std::vector<ports::DeliveryFailure>{};
  }

 private:
  Tape& tape_;
};

class ReplayedCache final : public ports::Cache {
 public:
  explicit ReplayedCache(Tape& tape) : tape_(tape) {}
  std::vector<std::string> addresses() const override {
    Unpacker* in = tape_.next(Call::CacheAddresses);
    return in != nullptr ? in->get<std::vector<std::string>>() : std::vector<std::string>{};
  }
  void ensure(const ports::CacheSpec& /*spec*/) override {}
  void remove(const caches::CacheClusterId& /*id*/) override {}
  std::vector<caches::CacheObservation> snapshot() override {
    if (Unpacker* in = tape_.next(Call::Caches)) {
      in->get_delta(seen_);
    }
    return seen_;
  }

 private:
  Tape& tape_;
  std::vector<caches::CacheObservation> seen_;
};

Error corrupt(const std::string& sentence) {
  return Error{ErrorCode::Corrupt, "Corrupt", sentence};
}

/// A length and as many bytes; nothing when they are not all there.
std::optional<std::string_view> take_block(std::string_view& bytes) {
  constexpr std::size_t kLongestVarint = 10;
  Unpacker in{bytes.substr(0, kLongestVarint)};
  const std::uint64_t length = in.get_varint();
  Packer again;
  again.put_varint(length);
  const std::size_t head = again.bytes().size();
  if (in.failed() || length > bytes.size() || head > bytes.size() - length) {
    return std::nullopt;
  }
  const std::string_view block = bytes.substr(head, length);
  bytes.remove_prefix(head + length);
  return block;
}

class Machine {
 public:
  Machine(const engine::Settings& settings, const LedgerSink& ledger)
      : ledger_(ledger),
        engine_(settings,
                engine::Ports{compute_, data_plane_, store_, metrics_, notifier_, cache_}) {}

  /// Error: the engine refuses its state.
  Status play(std::string_view frame, Replayed& result) {
    tape_.load(frame);
    const auto kind = tape_.raw().get<FrameKind>();
    const auto now = tape_.raw().get<Instant>();
    result.first = result.first == Instant{} ? now : result.first;
    result.last = now;
    TG_RETURN_IF_ERROR(run(kind, now, result));
    for (const engine::LedgerEntry& entry : take_entries(kind)) {
      digest_.add(engine::to_json_line(entry));
      if (ledger_) {
        ledger_(entry);
      }
    }
    result.ledger_entries = digest_.lines();
    result.difference = difference(now);
    return Ok{};
  }

 private:
  Status run(FrameKind kind, Instant now, Replayed& result) {
    switch (kind) {
      case FrameKind::Recovery:
        return engine_.recover(now);
      case FrameKind::Command: {
        const auto principal = tape_.raw().get<engine::Principal>();
        const auto command = tape_.raw().get<engine::Command>();
        ++result.commands;
        // What it answered is in the ledger's future, or in nobody's interest.
        static_cast<void>(engine_.execute(principal, command, now));
        return Ok{};
      }
      case FrameKind::WokenTick:
        engine_.wake();
        [[fallthrough]];
      case FrameKind::Tick:
        ++result.ticks;
        engine_.tick(now);
        return Ok{};
    }
    return corrupt("the recording has a frame of an unknown kind");
  }

  /// As the recorder had them: a command's entries are told with the next tick.
  std::vector<engine::LedgerEntry> take_entries(FrameKind kind) {
    return kind == FrameKind::Tick || kind == FrameKind::WokenTick
               ? engine_.take_ledger()
               : std::vector<engine::LedgerEntry>{};
  }

  std::string difference(Instant now) {
    const std::string when = "at " + format_iso8601_millis(now) + ", after " +
                             std::to_string(digest_.lines()) + " ledger entries, ";
    if (!tape_.ends()) {
      return when + "the engine asked for something else than it did in the recording";
    }
    const std::uint64_t lines = tape_.raw().get_varint();
    const auto hash = tape_.raw().get<std::uint64_t>();
    if (lines != digest_.lines()) {
      return when + "the recording has " + std::to_string(lines);
    }
    return hash == digest_.hash() ? std::string{}
                                  : when + "the recording has an entry that reads otherwise";
  }

  const LedgerSink& ledger_;
  Tape tape_;
  ReplayedCompute compute_{tape_};
  ReplayedDataPlane data_plane_{tape_};
  ReplayedStore store_{tape_};
  ReplayedMetrics metrics_{tape_};
  ReplayedNotifier notifier_{tape_};
  ReplayedCache cache_{tape_};
  engine::Engine engine_;
  LedgerDigest digest_;
};

}  // namespace

Result<Replayed> replay(std::string_view recording,
                        std::string_view version,
                        const LedgerSink& ledger) {
  const auto line_end = recording.find('\n');
  if (!recording.starts_with(kMagic) || line_end == std::string_view::npos) {
    return corrupt("it is no recording: those begin with '" + std::string{kMagic} + "'");
  }
  Replayed result;
  result.version = recording.substr(kMagic.size(), line_end - kMagic.size());
  if (result.version != version) {
    return corrupt("it was recorded by version " + result.version + ", this is " +
                   std::string{version} + ": a recording is replayed by the build that made it");
  }
  recording.remove_prefix(line_end + 1);
  const auto head = take_block(recording);
  if (!head) {
    return corrupt("its head is cut");
  }
  Unpacker in{*head};
  Machine machine{in.get<engine::Settings>(), ledger};
  while (!recording.empty() && result.difference.empty()) {
    const auto frame = take_block(recording);
    if (!frame) {
      result.is_cut = true;
      break;
    }
    TG_RETURN_IF_ERROR(machine.play(*frame, result));
  }
  return result;
}

}  // namespace tidegate::replay
