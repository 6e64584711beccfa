// The tables of the state file and the steps from one version of them to the next.
#pragma once

#include <cstdint>

#include "adapters/store/sqlite/database.h"
#include "base/result.h"

namespace tidegate::store_sqlite {

/// The version this program writes. A file of a newer one is refused, an older one is migrated.
inline constexpr std::int64_t kSchemaVersion = 1;

/// Makes the tables of a new file, or migrates an old one; one transaction per step. Errors:
/// FailedPrecondition "NewerSchema"; Corrupt.
Status migrate(Database& database);

}  // namespace tidegate::store_sqlite
