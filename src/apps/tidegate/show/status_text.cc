#include "apps/tidegate/show/status_text.h"

#include <algorithm>
#include <cstdint>

#include "apps/tidegate/show/alarms_text.h"
#include "apps/tidegate/show/cost_text.h"
#include "apps/tidegate/show/words.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

Colour colour_of_verdict(const std::string& verdict) {
  if (verdict == "READY") {
    return Colour::Green;
  }
  return verdict == "CREATING" ? Colour::Yellow : Colour::Red;
}

std::string header(const Json& status, const Json& stack, Paint paint) {
  const std::string verdict = stack["Verdict"].string_or("");
  std::string when = status["Now"].string_or("");
  if (when.size() >= 19) {
    when = when.substr(0, 10) + " " + when.substr(11, 8) + "Z";
  }
  std::string line = painted(paint, Colour::Bold, stack["StackName"].string_or("")) + "  " +
                     status["Region"].string_or("") + "  " + when + "     " +
                     painted(paint, colour_of_verdict(verdict), verdict);
  const std::string text = stack["VerdictText"].string_or("");
  if (!text.empty()) {
    line += ": " + text;
  }
  const std::string stack_status = stack["StackStatus"].string_or("CREATE_COMPLETE");
  if (stack_status != "CREATE_COMPLETE" && stack_status != "UPDATE_COMPLETE") {
    line += "  " + stack_status;
    const std::string reason = stack["StackStatusReason"].string_or("");
    line += reason.empty() ? "" : ": " + reason;
  }
  return line + "\n";
}

std::string url_row(const Json& stack) {
  const std::string url = stack["Url"].string_or("");
  if (url.empty()) {
    return "";
  }
  const std::string note = stack["UrlNote"].string_or("");
  return row("URL", url + (note.empty() ? "" : "   " + note));
}

std::string zones_text(const Json& zones, const std::string& region) {
  std::vector<std::string> names;
  for (const Json& zone : zones.items()) {
    names.push_back(short_zone(zone.string_or(""), region));
  }
  return join(names, " ");
}

std::string group_row(const Json& group, const std::string& region) {
  std::int64_t in_service = 0;
  for (const Json& instance : group["Instances"].items()) {
    in_service += instance["LifecycleState"].string_or("") == "InService" ? 1 : 0;
  }
  const std::string group_status = group["Status"].string_or("Active");
  return row("Group",
             group["AutoScalingGroupName"].string_or("") + " " + group_status + "  min " +
                 count_text(group["MinSize"]) + " max " + count_text(group["MaxSize"]) +
                 " desired " + count_text(group["DesiredCapacity"]) + ", in service " +
                 std::to_string(in_service) + "  health " + group["HealthCheckType"].string_or("") +
                 "  zones " + zones_text(group["AvailabilityZones"], region));
}

std::string template_rows(const Json& launch_template) {
  if (!launch_template.is_object()) {
    return "";
  }
  std::string line = launch_template["LaunchTemplateName"].string_or("") + " " +
                     launch_template["LaunchTemplateId"].string_or("") + " v" +
                     count_text(launch_template["Version"]) + "  " +
                     launch_template["InstanceType"].string_or("");
  if (launch_template["VCpus"].is_number()) {
    line += " (" + format_double(launch_template["VCpus"].number_or(0)) + " vCPU/" +
            memory_text(launch_template["MemoryMiB"].int_or(0)) + ", here " +
            format_double(launch_template["HereVCpus"].number_or(0)) + "/" +
            memory_text(launch_template["HereMemoryMiB"].int_or(0)) + ")";
  }
  const std::string user_data = launch_template["UserData"].string_or("");
  line += user_data.empty() ? "" : "  user data " + user_data;
  std::string text = row("Template", line);
  const std::string image = launch_template["ImageId"].string_or("");
  if (!image.empty()) {
    text += row("", image + " " + launch_template["ImageState"].string_or("available"));
  }
  return text;
}

std::string policy_row(const Json& policy) {
  const std::string state = policy["Enabled"].bool_or(true) ? " Active  " : " Disabled  ";
  std::string line =
      policy["PolicyName"].string_or("") + state + policy["PolicyType"].string_or("") + "  CPU ";
  line += percent_text(policy["CpuPercent"]) + " of " + percent_text(policy["TargetValue"]);
  const std::string out = policy["Out"].string_or(""), in = policy["In"].string_or("");
  line += out.empty() ? "" : "  out " + out;
  line += in.empty() ? "" : ", in " + in;
  const std::string note = policy["Note"].string_or("");
  return row("Policy", line + (note.empty() ? "" : "  " + note));
}

std::string redis_row(const Json& cache) {
  std::string line =
      cache["CacheClusterId"].string_or("") + " " + cache["CacheClusterStatus"].string_or("");
  const std::string version = cache["EngineVersion"].string_or("");
  const std::string asked = cache["EngineVersionAsked"].string_or("");
  line += version.empty() ? "" : "  " + version;
  line += asked.empty() || asked == version ? "" : " (asked " + asked + ")";
  line += "  " + cache["CacheNodeType"].string_or("") + "  " + cache["Endpoint"].string_or("");
  const std::string ping = cache["Ping"].string_or("");
  line += ping.empty() ? "" : "  PING " + ping;
  if (cache["Instances"].is_number()) {
    line += ", " + count_text(cache["InstancesConnected"]) + "/" + count_text(cache["Instances"]) +
            " instances connected";
  }
  return row("Redis", line);
}

std::string targets_row(const Json& group, const std::string& region) {
  std::string line = group["TargetGroupName"].string_or("") + " " +
                     group["Protocol"].string_or("HTTP") + ":" + count_text(group["Port"]) + " " +
                     group["HealthCheckPath"].string_or("") + "  " + count_text(group["Healthy"]) +
                     " healthy " + count_text(group["Unhealthy"]) + " unhealthy " +
                     count_text(group["Unused"]) + " unused";
  for (const char* state : {"Initial", "Draining"}) {
    if (group[state].int_or(0) > 0) {
      line += " " + count_text(group[state]) + " " + to_lower(state);
    }
  }
  std::vector<std::string> listeners;
  for (const Json& listener : group["Listeners"].items()) {
    listeners.push_back(listener.string_or(""));
  }
  line += listeners.empty() ? "  no listener" : "  listener " + join(listeners, " ");
  const std::string zones = zones_text(group["Zones"], region);
  return row("Targets", line + (zones.empty() ? "" : ", zones enabled " + zones));
}

Colour colour_of_state(const std::string& state) {
  if (state == "InService" || state == "healthy") {
    return Colour::Green;
  }
  return state == "unhealthy" || state == "unused" ? Colour::Red : Colour::Yellow;
}

/// Instances that share the machine's network differ by their port.
std::string place_of(const Json& instance) {
  const std::string address = instance["PrivateIpAddress"].string_or("-");
  return address.starts_with("127.") ? address + ":" + std::to_string(instance["Port"].int_or(0))
                                     : address;
}

std::vector<Cell> instance_cells(const Json& instance, const std::string& region) {
  const std::string state = instance["LifecycleState"].string_or("");
  const std::string target = instance["TargetHealth"]["State"].string_or("-");
  return {{instance["InstanceId"].string_or(""), Colour::None},
          {short_zone(instance["AvailabilityZone"].string_or(""), region), Colour::None},
          {place_of(instance), Colour::None},
          {count_text(instance["LaunchTemplateVersion"]), Colour::None},
          {state, colour_of_state(state)},
          {target, target == "-" ? Colour::None : colour_of_state(target)},
          {percent_text(instance["CpuPercent"]), Colour::None},
          {share_text(instance["TrafficShare"]), Colour::None},
          {instance["Why"].string_or(""), Colour::None}};
}

std::string instances_table(const Json& group, const std::string& region, Paint paint) {
  std::vector<std::vector<Cell>> rows(1);
  for (const char* name :
       {"INSTANCE", "ZONE", "ADDRESS", "VER", "GROUP", "BALANCER", "CPU", "TRAFFIC", "WHY"}) {
    rows[0].push_back({name, Colour::Dim});
  }
  for (const Json& instance : group["Instances"].items()) {
    rows.push_back(instance_cells(instance, region));
  }
  std::string text = rows.size() > 1 ? table(paint, rows) : "";
  const auto& outside = group["Outside"].items();
  if (outside.empty()) {
    return text + "outside the group    none\n";
  }
  for (const Json& target : outside) {
    text += painted(paint, Colour::Red, "outside the group    ") +
            target["TargetId"].string_or("") + " in " + target["TargetGroupName"].string_or("") +
            "  " + target["TargetHealth"]["State"].string_or("") + "  takes " +
            share_text(target["TrafficShare"]) + "  " + target["Why"].string_or("") + "\n";
  }
  return text;
}

std::string last_row(const Json& group) {
  const Json& last = group["LastActivity"];
  if (!last.is_object()) {
    return "";
  }
  const std::string line = clock_text(last["StartTime"].string_or("")) + " " +
                           last["StatusCode"].string_or("") + ": " +
                           last["Description"].string_or("");
  // What went wrong is said here; why it was done at all, by `explain activity`.
  const std::string message = last["StatusMessage"].string_or("");
  return row("Last", message.empty() ? line : line + "  " + message);
}

/// `redis`: rows of the stack's caches, which stand between its target groups and its instances.
std::string group_text(const Json& group,
                       const std::string& region,
                       const std::string& redis,
                       Paint paint) {
  std::string text = group_row(group, region) + template_rows(group["Template"]);
  for (const Json& policy : group["Policies"].items()) {
    text += policy_row(policy);
  }
  for (const Json& target_group : group["TargetGroups"].items()) {
    text += targets_row(target_group, region);
  }
  return text + redis + instances_table(group, region, paint);
}

std::string capacity_row(const Json& group) {
  const auto now = static_cast<std::int64_t>(group["Instances"].items().size());
  std::string line = "now " + std::to_string(now) + ", peak " + count_text(group["MaxSize"]);
  if (group["HostFits"].is_number()) {
    line += "; this host fits " + count_text(group["HostFits"]);
  }
  return row("Capacity", line);
}

std::string cost_row(const Json& cost) {
  return cost.is_object() ? row("Cost", cost_line(cost)) : "";
}

std::string next_row(const Json& stack) {
  const auto& groups = stack["AutoScalingGroups"].items();
  if (groups.empty()) {
    return "";
  }
  const bool rehearses = stack["StackStatus"].is_string();
  return row("Next",
             std::string{rehearses ? "tidegate rehearse scale-up | " : ""} +
                 "tidegate explain group " + groups.front()["AutoScalingGroupName"].string_or("") +
                 " | eval \"$(tidegate env)\"");
}

std::string stack_text(const Json& status, const Json& stack, Paint paint) {
  const std::string region = status["Region"].string_or("");
  std::string text = header(status, stack, paint) + url_row(stack);
  for (const Json& problem : stack["Problems"].items()) {
    text += painted(paint, Colour::Red, "Problem   ") + problem.string_or("") + "\n";
  }
  const auto& groups = stack["AutoScalingGroups"].items();
  std::string redis;
  for (const Json& cache : stack["CacheClusters"].items()) {
    redis += redis_row(cache);
  }
  for (const Json& group : groups) {
    text += group_text(group, region, redis, paint);
    redis.clear();  // once, above the first group's instances
  }
  text += redis;
  text += alarms_text(stack["Alarms"], paint);
  for (const Json& group : groups) {
    text += last_row(group);
  }
  text += cost_row(stack["Cost"]);
  for (const Json& group : groups) {
    text += capacity_row(group);
  }
  return text + next_row(stack);
}

/// The stacks, and last what belongs to none as if it were one.
std::vector<Json> shown_of(const Json& status) {
  std::vector<Json> all = status["Stacks"].items();
  if (status["WithoutStack"].is_object()) {
    all.push_back(status["WithoutStack"]);
    all.back().set("StackName", "(no stack)");
  }
  return all;
}

}  // namespace

std::string status_text(const Json& status, Paint paint) {
  std::string text;
  for (const Json& trouble : status["Troubles"].items()) {
    text += painted(paint, Colour::Red, "Trouble   ") + trouble.string_or("") + "\n";
  }
  const auto all = shown_of(status);
  if (all.empty()) {
    return text + "no stack; create one: tidegate up TEMPLATE\n";
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += (i > 0 ? "\n" : "") + stack_text(status, all[i], paint);
  }
  return text;
}

bool all_ready(const Json& status) {
  const auto all = shown_of(status);
  return std::all_of(all.begin(), all.end(), [](const Json& stack) {
    return stack["Verdict"].string_or("") == "READY";
  });
}

}  // namespace tidegate::apps
