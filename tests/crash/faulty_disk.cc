#include "crash/faulty_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

namespace tidegate::crash {
namespace {

constexpr std::uint64_t kPiece = 512;  // what a disk writes whole or not at all

/// Empty where there is no such file. Called for each operation: read at once, not by character.
std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary | std::ios::ate};
  std::string bytes(in ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
  in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

FaultyDisk::FaultyDisk(std::uint64_t seed) : real_(sqlite3_vfs_find(nullptr)), rng_(seed) {
  vfs_ = *real_;
  vfs_.pNext = nullptr;
  vfs_.zName = "faulty-disk";
  vfs_.pAppData = this;
  vfs_.szOsFile = sizeof(File);
  vfs_.xOpen = &FaultyDisk::open;
  vfs_.xDelete = &FaultyDisk::remove;
  TG_CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyDisk::fail_after(std::uint64_t operations, Fault fault, std::uint64_t count) {
  plan_ = Plan{operations, count, fault};
  has_failed_ = false;
}

void FaultyDisk::fail_reads_after(std::uint64_t reads, std::uint64_t count) {
  read_plan_ = Plan{reads, count, Fault::IoError};
  has_failed_ = false;
}

void FaultyDisk::heal() {
  plan_.reset();
  read_plan_.reset();
}

std::optional<Fault> FaultyDisk::spend_operation() {
  if (is_dark_) {
    return Fault::PowerLoss;
  }
  ++operations_;
  if (!plan_) {
    return std::nullopt;
  }
  if (plan_->left > 0) {
    --plan_->left;
    return std::nullopt;
  }
  const Fault fault = plan_->fault;
  has_failed_ = true;
  is_dark_ = fault == Fault::PowerLoss;
  errno = fault == Fault::FullDisk ? ENOSPC : EIO;
  if (--plan_->count == 0) {
    plan_.reset();
  }
  return fault;
}

void FaultyDisk::apply(std::string& bytes, const Write& write) {
  if (write.truncate_to) {
    bytes.resize(std::min<std::uint64_t>(bytes.size(), *write.truncate_to));
    return;
  }
  if (bytes.size() < write.offset + write.bytes.size()) {
    bytes.resize(write.offset + write.bytes.size());
  }
  bytes.replace(write.offset, write.bytes.size(), write.bytes);
}

/// Some of its pieces arrive, others do not, a few are rubbish.
void FaultyDisk::apply_piecewise(std::string& durable, const Write& write) {
  for (std::uint64_t at = 0; at < write.bytes.size(); at += kPiece) {
    const std::uint64_t fate = rng_.below(8);
    Write piece{write.offset + at, write.bytes.substr(at, kPiece), {}};
    if (fate == 0) {
      for (char& c : piece.bytes) {
        c = static_cast<char>(rng_.below(256));
      }
    }
    if (fate <= 4) {
      apply(durable, piece);
    }
  }
}

void FaultyDisk::mangle(Image& image) {
  for (const Write& write : image.unsynced) {
    switch (rng_.below(3)) {
      case 0:
        break;
      case 1:
        apply(image.durable, write);
        break;
      default:
        write.truncate_to ? apply(image.durable, write) : apply_piecewise(image.durable, write);
    }
  }
}

void FaultyDisk::put_down(Image& image) const {
  const int descriptor = image.descriptor.get();
  TG_CHECK(ftruncate(descriptor, static_cast<off_t>(image.durable.size())) == 0);
  const auto written = pwrite(descriptor, image.durable.data(), image.durable.size(), 0);
  TG_CHECK(written == static_cast<ssize_t>(image.durable.size()));
}

void FaultyDisk::restore_deleted(Unsynced unsynced) {
  for (const Deleted& file : deleted_) {
    const bool comes_back =
        unsynced == Unsynced::Lost || (unsynced == Unsynced::Mangled && rng_.below(2) == 0);
    if (comes_back && access(file.path.c_str(), F_OK) != 0) {
      std::ofstream{file.path, std::ios::binary} << file.bytes;
    }
  }
  deleted_.clear();
}

void FaultyDisk::power_on(Unsynced unsynced) {
  for (auto& [inode, image] : images_) {
    if (unsynced == Unsynced::Kept) {
      image->durable = image->cached;
    } else if (unsynced == Unsynced::Mangled) {
      mangle(*image);
    }
    put_down(*image);
    const bool name_holds =
        unsynced == Unsynced::Kept || (unsynced == Unsynced::Mangled && rng_.below(2) == 0);
    if (!image->has_durable_name && !name_holds) {
      unlink(image->path.c_str());
    }
  }
  images_.clear();
  restore_deleted(unsynced);
  heal();
  is_dark_ = false;
}

FaultyDisk::File& FaultyDisk::as_file(sqlite3_file* file) {
  static_assert(std::is_standard_layout_v<File>);
  return *reinterpret_cast<File*>(file);
}

FaultyDisk::Image* FaultyDisk::image_at(const std::string& path, int flags) {
  const bool is_new = access(path.c_str(), F_OK) != 0;
  const int how = (flags & SQLITE_OPEN_CREATE) != 0 ? O_RDWR | O_CREAT : O_RDWR;
  FileDescriptor descriptor{::open(path.c_str(), how | O_CLOEXEC, 0644)};
  struct stat status{};
  if (!descriptor || fstat(descriptor.get(), &status) != 0) {
    return nullptr;
  }
  std::unique_ptr<Image>& image = images_[status.st_ino];
  if (!image) {
    image = std::make_unique<Image>();
    image->descriptor = std::move(descriptor);
    image->durable = bytes_of(path);
    image->cached = image->durable;
    image->has_durable_name = !is_new;
  }
  image->path = path;
  std::erase_if(deleted_, [&](const Deleted& file) { return file.path == path; });
  return image.get();
}

int FaultyDisk::open(
    sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* given) {
  FaultyDisk& disk = of(vfs);
  file->pMethods = nullptr;
  TG_CHECK(path != nullptr);  // the store has no temporary files
  const bool makes = access(path, F_OK) != 0;
  if (makes && disk.spend_operation()) {
    return SQLITE_CANTOPEN;
  }
  if (disk.is_dark_) {
    return SQLITE_IOERR;
  }
  Image* image = disk.image_at(path, flags);
  if (image == nullptr) {
    return SQLITE_CANTOPEN;
  }
  File& opened = as_file(file);
  opened.disk = &disk;
  opened.image = image;
  opened.deletes_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  opened.base.pMethods = &methods();
  if (given != nullptr) {
    *given = flags;
  }
  return SQLITE_OK;
}

int FaultyDisk::close(sqlite3_file* file) {
  File& closed = as_file(file);
  if (closed.deletes_on_close) {
    unlink(closed.image->path.c_str());
  }
  return SQLITE_OK;
}

int FaultyDisk::remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  FaultyDisk& disk = of(vfs);
  if (disk.spend_operation()) {
    return SQLITE_IOERR_DELETE;
  }
  if (access(path, F_OK) != 0) {
    return SQLITE_IOERR_DELETE_NOENT;
  }
  std::erase_if(disk.images_, [path](const auto& entry) { return entry.second->path == path; });
  if (sync_folder == 0) {
    disk.deleted_.push_back({path, bytes_of(path)});
  }
  return unlink(path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

int FaultyDisk::read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  File& opened = as_file(file);
  FaultyDisk& disk = *opened.disk;
  if (disk.is_dark_) {
    return SQLITE_IOERR_READ;
  }
  if (disk.read_plan_ && disk.read_plan_->left-- == 0) {
    disk.has_failed_ = true;
    errno = EIO;
    disk.read_plan_->left = 0;
    if (--disk.read_plan_->count == 0) {
      disk.read_plan_.reset();
    }
    return SQLITE_IOERR_READ;
  }
  const std::string& bytes = opened.image->cached;
  const auto from = std::min(static_cast<std::size_t>(offset), bytes.size());
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t there = std::min(wanted, bytes.size() - from);
  std::memcpy(to, bytes.data() + from, there);
  std::memset(static_cast<char*>(to) + there, 0, wanted - there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int FaultyDisk::write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  File& opened = as_file(file);
  Image& image = *opened.image;
  Write write{static_cast<std::uint64_t>(offset),
              {static_cast<const char*>(from), static_cast<std::size_t>(size)},
              {}};
  const bool was_dark = opened.disk->is_dark_;
  const std::optional<Fault> fault = opened.disk->spend_operation();
  if (fault == Fault::PowerLoss) {
    if (!was_dark) {
      image.unsynced.push_back(std::move(write));  // it was under way
    }
    return SQLITE_IOERR_WRITE;
  }
  if (fault) {  // a part of it was written
    write.bytes.resize(write.bytes.size() / 2);
  }
  apply(image.cached, write);
  image.unsynced.push_back(std::move(write));
  if (!fault) {
    return SQLITE_OK;
  }
  return fault == Fault::FullDisk ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int FaultyDisk::truncate(sqlite3_file* file, sqlite3_int64 size) {
  File& opened = as_file(file);
  const std::optional<Fault> fault = opened.disk->spend_operation();
  if (fault && *fault != Fault::FullDisk) {  // making a file shorter needs no room
    return SQLITE_IOERR_TRUNCATE;
  }
  const Write write{0, "", static_cast<std::uint64_t>(size)};
  apply(opened.image->cached, write);
  opened.image->unsynced.push_back(write);
  return SQLITE_OK;
}

int FaultyDisk::sync(sqlite3_file* file, int /*flags*/) {
  File& opened = as_file(file);
  FaultyDisk& disk = *opened.disk;
  Image& image = *opened.image;
  if (const auto fault = disk.spend_operation()) {
    if (*fault != Fault::PowerLoss && disk.rng_.below(2) == 0) {
      disk.mangle(image);  // Linux drops what it could not write; programs go on seeing it
      image.unsynced.clear();
    }
    return SQLITE_IOERR_FSYNC;
  }
  image.durable = image.cached;
  image.unsynced.clear();
  image.has_durable_name = true;
  disk.put_down(image);
  return SQLITE_OK;
}

const sqlite3_io_methods& FaultyDisk::methods() {
  // Version 1: no shared memory and no mapping; the store locks exclusively, so WAL works without.
  static const sqlite3_io_methods table = {
      1,
      &FaultyDisk::close,
      &FaultyDisk::read,
      &FaultyDisk::write,
      &FaultyDisk::truncate,
      &FaultyDisk::sync,
      [](sqlite3_file* file, sqlite3_int64* size) {
        *size = static_cast<sqlite3_int64>(as_file(file).image->cached.size());
        return SQLITE_OK;
      },
      [](sqlite3_file*, int) { return SQLITE_OK; },  // locks: there is one process
      [](sqlite3_file*, int) { return SQLITE_OK; },
      [](sqlite3_file*, int* reserved) {
        *reserved = 0;
        return SQLITE_OK;
      },
      [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
      [](sqlite3_file*) { return 4096; },
      [](sqlite3_file*) {
        return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
      },  // as SQLite takes a disk to be
      nullptr,
      nullptr,
      nullptr,
      nullptr,
      nullptr,
      nullptr};
  return table;
}

}  // namespace tidegate::crash
