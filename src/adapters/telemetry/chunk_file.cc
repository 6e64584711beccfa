#include "adapters/telemetry/chunk_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "adapters/store/sqlite/database.h"
#include "adapters/telemetry/chunk_codec.h"
#include "base/file_descriptor.h"

namespace tidegate::telemetry {
namespace {

using store_sqlite::Database;
using store_sqlite::Statement;

constexpr std::int64_t kFileVersion = 1;

constexpr const char* kSchema =
    "CREATE TABLE series (id INTEGER PRIMARY KEY, metric TEXT NOT NULL, unit TEXT NOT NULL,"
    " newest INTEGER NOT NULL, first0 INTEGER, last0 INTEGER, first1 INTEGER, last1 INTEGER,"
    " first2 INTEGER, last2 INTEGER, first3 INTEGER, last3 INTEGER);"
    "CREATE TABLE chunk (tier INTEGER, idx INTEGER, series INTEGER, body TEXT NOT NULL,"
    " PRIMARY KEY (tier, idx, series)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

// WAL and NORMAL: a commit is one write without a sync; a checkpoint syncs. What a power cut takes
// is the newest commits, never the file's order.
constexpr const char* kSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;"
    "PRAGMA journal_size_limit = 8388608;";

Error damaged(const std::string& what) {
  return Error{ErrorCode::Corrupt, "MetricStore", what};
}

/// Made before SQLite makes it, so that nobody else ever may read it.
Status make_private(const std::string& path) {
  const FileDescriptor file{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    return Error{full ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable,
                 "MetricStore",
                 "cannot open " + path + ": " + std::strerror(errno)};
  }
  return Ok{};
}

Status set_up(Database& database, const std::string& path) {
  TG_RETURN_IF_ERROR(database.execute(kSettings));
  TG_ASSIGN_OR_RETURN(const std::int64_t version, database.number("PRAGMA user_version"));
  TG_ASSIGN_OR_RETURN(const std::int64_t tables,
                      database.number("SELECT count(*) FROM sqlite_master"));
  if (version == 0 && tables == 0) {
    TG_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
    TG_RETURN_IF_ERROR(database.execute(kSchema));
    return database.execute("COMMIT");
  }
  if (version != kFileVersion) {
    return damaged(path + ": it is no metric store of this version");
  }
  TG_ASSIGN_OR_RETURN(const std::string verdict, database.text("PRAGMA quick_check(1)"));
  return verdict == "ok" ? Status{Ok{}} : Status{damaged(path + ": " + verdict)};
}

}  // namespace

struct ChunkFile::Connections {
  // Statements end before their database.
  Database reader, writer;
  Statement find, put, remove, put_series, remove_series;

  Status prepare() {
    TG_ASSIGN_OR_RETURN(
        find, reader.prepare("SELECT body FROM chunk WHERE tier = ? AND idx = ? AND series = ?"));
    TG_ASSIGN_OR_RETURN(put, writer.prepare("REPLACE INTO chunk VALUES (?, ?, ?, ?)"));
    TG_ASSIGN_OR_RETURN(
        remove, writer.prepare("DELETE FROM chunk WHERE tier = ? AND idx = ? AND series = ?"));
    TG_ASSIGN_OR_RETURN(
        put_series,
        writer.prepare("REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    TG_ASSIGN_OR_RETURN(remove_series, writer.prepare("DELETE FROM series WHERE id = ?"));
    return Ok{};
  }

  static void bind_key(Statement& statement, const ChunkKey& key) {
    statement.bind(1, static_cast<std::int64_t>(key.tier));
    statement.bind(2, key.index);
    statement.bind(3, key.series);
  }

  Status write_series(const SeriesRow& row) {
    const std::string metric = encode(row.metric);
    put_series.bind(1, row.id);
    put_series.bind(2, std::string_view{metric});
    put_series.bind(3, std::string_view{row.unit});
    put_series.bind(4, row.newest.time_since_epoch().count());
    int column = 5;
    for (const Filed& filed : row.filed) {
      put_series.bind(column++, filed.first);
      put_series.bind(column++, filed.last);
    }
    return put_series.run();
  }

  Status write_all(const ChunkBatch& batch) {
    for (const ChunkKey& key : batch.removed) {
      bind_key(remove, key);
      TG_RETURN_IF_ERROR(remove.run());
    }
    for (const ChunkBatch::Body& body : batch.bodies) {
      bind_key(put, body.key);
      put.bind(4, std::string_view{body.bytes});
      TG_RETURN_IF_ERROR(put.run());
    }
    for (const SeriesRow& row : batch.series) {
      TG_RETURN_IF_ERROR(write_series(row));
    }
    for (const std::int64_t id : batch.removed_series) {
      remove_series.bind(1, id);
      TG_RETURN_IF_ERROR(remove_series.run());
    }
    return Ok{};
  }
};

ChunkFile::ChunkFile(std::unique_ptr<Connections> connections)
    : connections_(std::move(connections)) {}
ChunkFile::~ChunkFile() = default;

Result<std::unique_ptr<ChunkFile>> ChunkFile::open(const std::string& path) {
  TG_RETURN_IF_ERROR(make_private(path));
  auto connections = std::make_unique<Connections>();
  TG_ASSIGN_OR_RETURN(connections->writer, Database::open(path));
  TG_RETURN_IF_ERROR(set_up(connections->writer, path));
  TG_ASSIGN_OR_RETURN(connections->reader, Database::open(path));
  TG_RETURN_IF_ERROR(connections->reader.execute("PRAGMA busy_timeout = 5000"));
  TG_RETURN_IF_ERROR(connections->prepare());
  return std::make_unique<ChunkFile>(std::move(connections));
}

Result<std::vector<SeriesRow>> ChunkFile::all_series() {
  std::vector<SeriesRow> rows;
  TG_ASSIGN_OR_RETURN(Statement all,
                      connections_->reader.prepare("SELECT * FROM series ORDER BY id"));
  while (true) {
    TG_ASSIGN_OR_RETURN(const bool more, all.step());
    if (!more) {
      return rows;
    }
    SeriesRow row;
    row.id = all.number(0);
    TG_ASSIGN_OR_RETURN(row.metric, decode_metric(all.text(1)));
    row.unit = all.text(2);
    row.newest = Instant{Duration{all.number(3)}};
    int column = 4;
    for (Filed& filed : row.filed) {
      filed.first = all.number(column++);
      filed.last = all.number(column++);
    }
    rows.push_back(std::move(row));
  }
}

Result<std::optional<Chunk>> ChunkFile::read(const ChunkKey& key) {
  Statement& find = connections_->find;
  Connections::bind_key(find, key);
  TG_ASSIGN_OR_RETURN(const bool there, find.step());
  if (!there) {
    return std::optional<Chunk>{};
  }
  const std::string body = find.text(0);
  find.reset();
  TG_ASSIGN_OR_RETURN(Chunk chunk, decode_chunk(key.index, body));
  return std::optional<Chunk>{std::move(chunk)};
}

Status ChunkFile::write(const ChunkBatch& batch) {
  TG_RETURN_IF_ERROR(connections_->writer.execute("BEGIN IMMEDIATE"));
  Status written = connections_->write_all(batch);
  if (written) {
    written = connections_->writer.execute("COMMIT");
  }
  if (!written && connections_->writer.in_transaction()) {
    const Status undone = connections_->writer.execute("ROLLBACK");
    return undone ? written : undone;
  }
  return written;
}

Result<std::int64_t> ChunkFile::bytes() {
  return connections_->writer.number(
      "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
      "pragma_freelist_count, pragma_page_size");
}

std::string set_aside(const std::string& path) {
  const std::string aside = path + ".bad";
  unlink((path + "-wal").c_str());
  unlink((path + "-shm").c_str());
  if (rename(path.c_str(), aside.c_str()) != 0) {
    return "cannot rename it: " + std::string{std::strerror(errno)};
  }
  return aside;
}

}  // namespace tidegate::telemetry
