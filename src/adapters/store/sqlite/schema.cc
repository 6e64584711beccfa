#include "adapters/store/sqlite/schema.h"

#include <array>
#include <string>

namespace tidegate::store_sqlite {
namespace {

/// Step i leads from version i to version i + 1. Steps are never edited once released.
constexpr std::array<const char*, kSchemaVersion> kSteps{
    R"(
    CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
    INSERT INTO schema_version VALUES (0);
    CREATE TABLE head (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      revision INTEGER NOT NULL,
      epoch INTEGER NOT NULL
    ) STRICT;
    INSERT INTO head VALUES (1, 0, 0);
    CREATE TABLE entry (
      key TEXT PRIMARY KEY NOT NULL,
      value TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    )",
};

Result<std::int64_t> version_of(Database& database) {
  TG_ASSIGN_OR_RETURN(const std::int64_t tables,
                      database.number("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) {
    return std::int64_t{0};
  }
  TG_ASSIGN_OR_RETURN(
      const std::int64_t ours,
      database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"));
  if (ours == 0) {
    return Error{ErrorCode::Corrupt, "StateStore", "it is a database, but not one of tidegate"};
  }
  return database.number("SELECT version FROM schema_version");
}

}  // namespace

Status migrate(Database& database) {
  TG_ASSIGN_OR_RETURN(std::int64_t version, version_of(database));
  if (version > kSchemaVersion) {
    return Error{ErrorCode::FailedPrecondition,
                 "NewerSchema",
                 "it has schema version " + std::to_string(version) +
                     ", this tidegate knows up to " + std::to_string(kSchemaVersion) +
                     ": run the newer tidegate that wrote it"};
  }
  for (; version < kSchemaVersion; ++version) {
    TG_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
    TG_RETURN_IF_ERROR(database.execute(kSteps[static_cast<std::size_t>(version)]));
    const std::string mark = "UPDATE schema_version SET version = " + std::to_string(version + 1);
    TG_RETURN_IF_ERROR(database.execute(mark.c_str()));
    TG_RETURN_IF_ERROR(database.execute("COMMIT"));
  }
  return Ok{};
}

}  // namespace tidegate::store_sqlite
