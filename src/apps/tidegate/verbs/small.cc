#include "apps/tidegate/completion.h"
#include "apps/tidegate/serve/home.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/verbs.h"

namespace tidegate::apps {

Exit run_env(const ShowEnv& env, const Environment& environment) {
  const auto key = read_root_key(environment.home);
  if (!key) {
    return report(key.error(), environment);
  }
  const std::string url = environment.api_host == "0.0.0.0"
                              ? "http://127.0.0.1:" + std::to_string(environment.api_port)
                              : environment.api_url();
  const Json::Object values = {{"AWS_ENDPOINT_URL", url},
                               {"AWS_REGION", environment.region},
                               {"AWS_DEFAULT_REGION", environment.region},
                               {"AWS_ACCESS_KEY_ID", key->access_key_id},
                               {"AWS_SECRET_ACCESS_KEY", key->secret_access_key}};
  if (env.output == Output::Json) {
    print(Json{values}.dump(2) + "\n");
    return Exit::Done;
  }
  std::string text;
  for (const auto& [name, value] : values) {
    text += "export " + name + "='" + value.string_or("") + "'\n";
  }
  text += "unset AWS_SESSION_TOKEN\n";  // one of another account would go with our key: refused
  print(text + "# aws cli before 2.13 (Debian's) needs: --endpoint-url \"$AWS_ENDPOINT_URL\"\n");
  return Exit::Done;
}

Exit run_version(const Version& version) {
  if (version.output == Output::Json) {
    print(Json::object({{"Version", TIDEGATE_VERSION}}).dump(2) + "\n");
  } else {
    print("tidegate " TIDEGATE_VERSION "\n");
  }
  return Exit::Done;
}

Exit run_completion(const Completion& completion) {
  print(completion.shell == "zsh" ? kZshCompletion : kBashCompletion);
  return Exit::Done;
}

}  // namespace tidegate::apps
