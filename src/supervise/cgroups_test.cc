#include "supervise/cgroups.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

namespace tidegate::supervise {
namespace {

// Recorded: one controller per v1 hierarchy, v2 beside them without controllers.
constexpr const char* kHybridMounts =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr const char* kHybridOwn =
    "9:name=systemd:/\n8:pids:/\n6:freezer:/\n4:memory:/session/b4\n2:cpuacct:/\n1:cpu:/\n0::/\n";
// systemd before v2: cpu and cpuacct share a hierarchy.
constexpr const char* kV1Mounts =
    "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "31 25 0:27 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory\n";
constexpr const char* kV1Own = "5:cpu,cpuacct:/user.slice\n3:memory:/user.slice/user-0.slice\n";
constexpr const char* kV2Mounts =
    "26 24 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kV2Own = "0::/user.slice/user-0.slice/session-1.scope\n";

TEST_CASE("cgroups: without root v2 begins at our own position, v1 stays as it is") {
  CgroupLayout v2{CgroupKind::V2, {}, "/sys/fs/cgroup"};
  CHECK(below_own(v2, "0::/user.slice/user-7.slice/tg.scope\n").unified ==
        "/sys/fs/cgroup/user.slice/user-7.slice/tg.scope");
  CHECK(below_own(v2, "0::/\n") == v2);
  CHECK(below_own(v2, "") == v2);
  const CgroupLayout v1{CgroupKind::Hybrid, {{"cpu", "/c"}}, "/u"};
  CHECK(below_own(v1, "4:cpu:/a\n0::/b\n") == v1);
}

TEST_CASE("cgroup layout: what recorded machines have") {
  CHECK(cgroup_layout(kHybridMounts, kHybridOwn) ==
        CgroupLayout{CgroupKind::Hybrid,
                     {{"cpu", "/sys/fs/cgroup/cpu"},
                      {"cpuacct", "/sys/fs/cgroup/cpuacct"},
                      {"memory", "/sys/fs/cgroup/memory/session/b4"},
                      {"freezer", "/sys/fs/cgroup/freezer"},
                      {"pids", "/sys/fs/cgroup/pids"}},
                     "/sys/fs/cgroup/unified"});
  CHECK(cgroup_layout(kV1Mounts, kV1Own) ==
        CgroupLayout{CgroupKind::V1,
                     {{"cpu", "/sys/fs/cgroup/cpu,cpuacct/user.slice"},
                      {"cpuacct", "/sys/fs/cgroup/cpu,cpuacct/user.slice"},
                      {"memory", "/sys/fs/cgroup/memory/user.slice/user-0.slice"}},
                     std::nullopt});
  CHECK(cgroup_layout(kV2Mounts, kV2Own) == CgroupLayout{CgroupKind::V2, {}, "/sys/fs/cgroup"});
  CHECK(cgroup_layout("27 1 254:0 / / rw - ext4 /dev/vda rw\n", "0::/\n").kind == CgroupKind::None);
}

TEST_CASE("cgroup layout: a container sees its own part of a v1 hierarchy only") {
  const CgroupLayout layout =
      cgroup_layout("50 40 0:29 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
                    "4:memory:/docker/abc/inner\n");
  CHECK(layout.controllers.at("memory") == "/sys/fs/cgroup/memory/inner");
}

TEST_CASE("cgroup limits: each kind's files and numbers") {
  const CgroupLimits limits{0.25, 256 << 20, 100};
  const CgroupTree hybrid{cgroup_layout(kHybridMounts, kHybridOwn), "tidegate-ab"};
  const auto v1 = limit_writes(hybrid.paths_of("i-1"), limits);
  CHECK(v1 ==
        std::vector<CgroupWrite>{
            {"/sys/fs/cgroup/cpu/tidegate-ab/i-1/cpu.cfs_period_us", "100000"},
            {"/sys/fs/cgroup/cpu/tidegate-ab/i-1/cpu.cfs_quota_us", "25000"},
            {"/sys/fs/cgroup/memory/session/b4/tidegate-ab/i-1/memory.limit_in_bytes", "268435456"},
            {"/sys/fs/cgroup/pids/tidegate-ab/i-1/pids.max", "100"}});
  const CgroupTree v2{cgroup_layout(kV2Mounts, kV2Own), "tidegate-ab"};
  CHECK(limit_writes(v2.paths_of("i-1"), limits) ==
        std::vector<CgroupWrite>{{"/sys/fs/cgroup/tidegate-ab/i-1/cpu.max", "25000 100000"},
                                 {"/sys/fs/cgroup/tidegate-ab/i-1/memory.max", "268435456"},
                                 {"/sys/fs/cgroup/tidegate-ab/i-1/memory.swap.max", "0"},
                                 {"/sys/fs/cgroup/tidegate-ab/i-1/pids.max", "100"}});
  CHECK(limit_writes({{"cpu", "/c"}}, {0.001, 1, 1})[1].text == "1000");
}

TEST_CASE("cgroup paths: their text reads back") {
  const CgroupPaths paths{{"cpu", "/a/b=c"}, {"unified", "/u"}};
  CHECK(parse_cgroup_paths(to_text(paths)) == paths);
}

class Tree {
 public:
  Tree() {
    std::string name = "/tmp/tg-cgroup-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { std::filesystem::remove_all(path); }
  void file(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
  std::string path;
};

TEST_CASE("cgroup meter: reads v1's files, nanoseconds become microseconds") {
  const Tree tree;
  tree.file("cpuacct.usage", "1234567890\n");
  tree.file("memory.usage_in_bytes", "4096\n");
  tree.file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  tree.file("cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 5000000\n");
  const CgroupMeter meter{{{"cpu", tree.path}, {"cpuacct", tree.path}, {"memory", tree.path}}};
  CHECK(meter.cpu_used() == Duration{1234567});
  CHECK(meter.memory_bytes() == 4096);
  CHECK(meter.oom_kills() == 3);
  CHECK(meter.throttled() == Duration{5000});
}

TEST_CASE("cgroup meter: reads v2's files") {
  const Tree tree;
  tree.file("cpu.stat", "usage_usec 777\nuser_usec 1\nnr_throttled 1\nthrottled_usec 55\n");
  tree.file("memory.current", "8192\n");
  tree.file("memory.events", "low 0\noom 2\noom_kill 1\n");
  const CgroupMeter meter{{{"unified", tree.path}}};
  CHECK(meter.cpu_used() == Duration{777});
  CHECK(meter.memory_bytes() == 8192);
  CHECK(meter.oom_kills() == 1);
  CHECK(meter.throttled() == Duration{55});
}

TEST_CASE("cgroup meter: without files there is no number, not a zero") {
  const CgroupMeter meter{{{"unified", "/no/such/folder"}}};
  CHECK(meter.cpu_used() == std::nullopt);
  CHECK(meter.memory_bytes() == std::nullopt);
}

}  // namespace
}  // namespace tidegate::supervise
