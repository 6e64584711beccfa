// Nothing: the request or answer of an operation that has none.
#pragma once

namespace tidegate::api {
struct Nothing {};
}  // namespace tidegate::api
