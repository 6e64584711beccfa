# One set of warnings for all our code; third-party headers come in as SYSTEM.
add_library(tidegate_warnings INTERFACE)
target_compile_options(tidegate_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wcast-qual -Wimplicit-fallthrough -Wextra-semi -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(tidegate_warnings INTERFACE -Wthread-safety -Wno-unknown-warning-option
    -Wno-c2y-extensions          # __COUNTER__ in doctest, from clang 22 on
    -Wno-deprecated-declarations)  # libstdc++ 12 uses what it deprecates (stable_sort)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 imagines them where a std::string leaves a std::variant or std::optional (GCC bugs 105329,
  # 105562); the sanitizers and clang look for the real ones.
  target_compile_options(tidegate_warnings INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread)
endif()
target_compile_definitions(tidegate_warnings INTERFACE _GLIBCXX_ASSERTIONS)
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # One seed gives one ledger from every compiler: no fused multiply-add (x86-64's baseline has none).
  target_compile_options(tidegate_warnings INTERFACE -ffp-contract=off)
endif()
