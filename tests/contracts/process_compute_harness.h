// The real process driver in a home of its own, for the contract and for what only it promises.
// Needs root and namespaces of the test's own (tools/in-netns.sh).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapters/compute/process/process_compute.h"
#include "contracts/compute_contract.h"
#include "temporary_folder.h"

namespace tidegate::contracts {

class WallClock final : public ports::Clock {
 public:
  Instant now() override {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return Instant{std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_nsec / 1000}};
  }
};

/// Of this run of the program: the cgroups of others that run beside it are in the same tree.
inline std::string run_id() {
  struct stat about{};
  ::stat("/proc/self/ns/net", &about);
  char text[8];
  std::snprintf(text, sizeof text, "%04x", static_cast<unsigned>(about.st_ino & 0xffff));
  return text;
}

class ProcessHarness final : public ComputeHarness {
 public:
  /// `home`: 1 or 2 characters that tell homes of one test apart.
  explicit ProcessHarness(const std::string& home = "0") {
    settings_.home = folder_.path();
    settings_.home_id = run_id() + home;
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    settings_.shim_path = self.parent_path() / "tidegate-shim";
    Result<compute_process::ClaimedRange> claimed =
        compute_process::claim_range(folder_.path(), std::nullopt);
    REQUIRE(claimed);
    lock_ = std::move(claimed->lock);
    settings_.range = claimed->range;
    settings_.range_lock = lock_.get();
    open();
  }
  ~ProcessHarness() override {
    if (compute_ == nullptr) open();
    for (const auto& one : compute_->snapshot()) {
      compute_->kill(one.id);
    }
    for (int i = 0; i < kComputePatience && !compute_->snapshot().empty(); ++i) {
      pass_time();
    }
    WARN(compute_->snapshot().empty());
  }

  ports::Compute& compute() override { return *compute_; }
  void pass_time() override { ::poll(nullptr, 0, 10); }

  /// The control plane goes away; what runs goes on.
  void close() { compute_.reset(); }
  void open() {
    auto opened = compute_process::ProcessCompute::open(settings_, clock_);
    INFO((opened ? std::string{} : opened.error().message));
    REQUIRE(opened);
    compute_ = std::move(*opened);
  }
  const std::string& home() const { return folder_.path(); }
  std::string folder_of(const std::string& id) const { return home() + "/instances/" + id; }
  const compute_process::Settings& settings() const { return settings_; }

 private:
  TemporaryFolder folder_;
  WallClock clock_;
  FileDescriptor lock_;
  compute_process::Settings settings_;
  std::unique_ptr<compute_process::ProcessCompute> compute_;
};

}  // namespace tidegate::contracts
