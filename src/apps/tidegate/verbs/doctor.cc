#include "apps/tidegate/verbs/doctor.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "apps/tidegate/serve/control_plane.h"
#include "apps/tidegate/serve/wiring.h"
#include "apps/tidegate/show/paint.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/reach.h"
#include "base/text.h"
#include "net/socket.h"
#include "supervise/shim.h"

namespace tidegate::apps {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLeastDisk_MiB = 512;
constexpr rlim_t kDescriptors = 4096;

enum class Need { Required, Useful };

struct Finding {
  std::string name;
  bool present = false;
  Need need = Need::Useful;
  std::string detail;
};

Finding root_finding() {
  const bool root = geteuid() == 0;
  return {"root",
          root,
          Need::Useful,
          root ? "instances get their own network namespace and address"
               : "instances have the reduced form: what follows says what they lack"};
}

Finding home_finding(const std::string& home) {
  std::string folder = home;
  while (folder.size() > 1 && !std::filesystem::exists(folder)) {
    folder = std::filesystem::path{folder}.parent_path().string();
  }
  struct statvfs space{};
  const bool known = statvfs(folder.c_str(), &space) == 0;
  const std::uint64_t free_mib = known ? space.f_bavail * space.f_frsize / kMiB : 0;
  if (access(folder.c_str(), W_OK) != 0) {
    return {"home", false, Need::Required, home + " cannot be written; set TIDEGATE_HOME"};
  }
  return {"home",
          free_mib >= kLeastDisk_MiB,
          Need::Required,
          home + ", " + std::to_string(free_mib) + " MiB free" +
              (free_mib >= kLeastDisk_MiB ? "" : ": too little for state and consoles")};
}

Finding api_finding(const Environment& environment) {
  const std::string name =
      "API " + environment.api_host + ":" + std::to_string(environment.api_port);
  if (check_reached(environment)) {
    return {name, true, Need::Required, "this home's control plane answers"};
  }
  const auto address = net::SocketAddress::ip(environment.api_host, environment.api_port);
  const auto listener = address ? net::listen_tcp(*address, net::PortSharing::Exclusive)
                                : Result<net::Fd>{address.error()};
  return listener
             ? Finding{name, true, Need::Required, "free"}
             : Finding{
                   name, false, Need::Required, listener.error().message + "; set TIDEGATE_API"};
}

Finding low_ports_finding() {
  const auto address = net::SocketAddress::ip("127.0.0.1", 80);
  const auto listener = net::listen_tcp(*address, net::PortSharing::Exclusive);
  return {"port 80",
          listener.has_value(),
          Need::Useful,
          listener ? "a load balancer may listen there"
                   : listener.error().message + "; a listener there becomes port 8080"};
}

Finding machine_finding() {
  struct sysinfo info{};
  sysinfo(&info);
  const auto total_mib = static_cast<std::uint64_t>(info.totalram) * info.mem_unit / kMiB;
  return {"CPUs and memory",
          total_mib >= 1024,
          Need::Useful,
          std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " CPUs, " + std::to_string(total_mib) +
              " MiB; instance types are scaled to fit (TIDEGATE_INSTANCE_SCALE)"};
}

Finding descriptors_finding() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {"file descriptors",
          limit.rlim_max >= kDescriptors,
          Need::Useful,
          std::to_string(limit.rlim_max) + " at most: bounds a balancer's connections"};
}

Finding shim_finding() {
  const std::string shim = shim_program();
  const bool there = access(shim.c_str(), X_OK) == 0;
  return {"tidegate-shim",
          there,
          Need::Required,
          there ? shim : shim + " is missing; build it: make build"};
}

/// One process for the home, from its first instance to its last.
Finding metadata_finding(const std::string& home) {
  const std::string name = "metadata service";
  if (!std::filesystem::exists(home + "/metadata")) {
    return {name, true, Need::Useful, "starts with the first instance"};
  }
  auto adoption = supervise::Shim::adopt(home + "/metadata");
  auto* shim = adoption ? std::get_if<std::unique_ptr<supervise::Shim>>(&*adoption) : nullptr;
  const auto status = shim != nullptr ? (*shim)->stat() : Result<shim::Status>{Error{}};
  const bool runs = status && status->child_pid > 0;
  return {name,
          runs,
          Need::Useful,
          runs ? "pid " + std::to_string(status->child_pid) + " answers the instances"
               : "it is down: instances get no answer from their metadata address; a running "
                 "control plane starts it again each second, its log is " +
                     home + "/metadata/console.log"};
}

Finding redis_finding() {
  for (const std::string& program : cache_redis::Settings::default_programs()) {
    if (access(program.c_str(), X_OK) == 0) {
      return {"Redis", true, Need::Useful, program + ", for AWS::ElastiCache::CacheCluster"};
    }
  }
  return {"Redis",
          false,
          Need::Useful,
          "AWS::ElastiCache::CacheCluster needs it: apt-get install redis-tools"};
}

/// Each running instance to each cache of its stack, asked from inside the instance.
void add_cache_findings(std::vector<Finding>& findings, const Environment& environment) {
  const auto client = connect(environment);
  const auto status =
      client ? (*client)->call("tidegate", "GetStatus") : Result<Json>{client.error()};
  if (!status || geteuid() != 0) {
    return;
  }
  for (const CacheReach& reach : cache_reaches(*status, environment.home)) {
    findings.push_back({reach.cache + " from " + reach.instance,
                        reach.trouble.empty(),
                        Need::Useful,
                        reach.trouble.empty() ? "answers, by its name" : reach.trouble});
  }
}

std::vector<Finding> findings_of(const Environment& environment) {
  std::vector<Finding> findings = {root_finding(),
                                   home_finding(environment.home),
                                   api_finding(environment),
                                   low_ports_finding(),
                                   machine_finding(),
                                   descriptors_finding(),
                                   shim_finding(),
                                   metadata_finding(environment.home),
                                   redis_finding()};
  for (const ports::Capability& capability : driver_capabilities()) {
    findings.push_back({capability.name, capability.present, Need::Useful, capability.detail});
  }
  add_cache_findings(findings, environment);
  return findings;
}

std::string text_of(const std::vector<Finding>& findings, Paint paint) {
  std::vector<std::vector<Cell>> rows;
  for (const Finding& finding : findings) {
    const bool bad = !finding.present && finding.need == Need::Required;
    rows.push_back({{finding.present ? "yes" : "no",
                     finding.present ? Colour::Green : (bad ? Colour::Red : Colour::Yellow)},
                    {finding.name, Colour::None},
                    {finding.detail, Colour::None}});
  }
  return table(paint, rows) +
         "An instance is a process tree in namespaces of its own: it shares this kernel, and is no "
         "VM.\n";
}

Json json_of(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push(Json::object({{"Name", finding.name},
                            {"Present", finding.present},
                            {"Required", finding.need == Need::Required},
                            {"Detail", finding.detail}}));
  }
  return Json::object({{"Capabilities", list}});
}

}  // namespace

Exit run_doctor(const Doctor& doctor, const Environment& environment) {
  const auto findings = findings_of(environment);
  print(doctor.output == Output::Json ? json_of(findings).dump(2) + "\n"
                                      : text_of(findings, paint_of(STDOUT_FILENO)));
  const bool fit = std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.present || finding.need == Need::Useful;
  });
  return fit ? Exit::Done : Exit::Failed;
}

}  // namespace tidegate::apps
