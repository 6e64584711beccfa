#include <cstdio>
#include <string>
#include <vector>

#include "apps/tidegate/command_line.h"

int main(int argc, char** argv) {
  using namespace tidegate::apps;
  const Command command = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (const Say* say = std::get_if<Say>(&command)) {
    std::fputs(say->text.c_str(), say->exit == Exit::Done ? stdout : stderr);
    return static_cast<int>(say->exit);
  }
  return 1;
}
