// Shell completion: source <(tidegate completion bash). A test keeps the words those of the command
// line.
#pragma once

namespace tidegate::apps {

extern const char* const kBashCompletion;
extern const char* const kZshCompletion;

}  // namespace tidegate::apps
