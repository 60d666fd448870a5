#include "locked_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bitset>
#include <mutex>
#include <new>
#include <vector>

#include "dalil/crypto/secret.hpp"

namespace dalil::crypto {
namespace {

constexpr std::size_t kSlotSize = 64;  ///< also the distance that keeps two owners off one cache line
constexpr std::size_t kSlotsPerArena = 256;
constexpr std::size_t kArenaSize = kSlotSize * kSlotsPerArena;

std::size_t whole_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (size > SIZE_MAX - page) throw std::bad_alloc();
  return (size + page - 1) / page * page;
}

std::uint8_t* map_locked(std::size_t size) {
  const std::size_t mapped = whole_pages(size);
  void* const at = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  // Best effort: without these the bytes are still wiped when freed.
  static_cast<void>(mlock(at, mapped));
  static_cast<void>(madvise(at, mapped, MADV_DONTDUMP));
  // Wiped in the child rather than unmapped, so that destructors which run there do no harm.
  static_cast<void>(madvise(at, mapped, MADV_WIPEONFORK));
  return static_cast<std::uint8_t*>(at);
}

void unmap_locked(std::uint8_t* at, std::size_t size) {
  munmap(at, whole_pages(size));
}

/// Pages cut into slots of 64 bytes, which hold every key there is. Pages are kept for the next one.
class SlotPool {
 public:
  std::uint8_t* allocate() {
    const std::lock_guard lock(mutex_);
    for (Arena& arena : arenas_) {
      if (!arena.used.all()) return take(arena);
    }
    arenas_.push_back({map_locked(kArenaSize), {}});
    return take(arenas_.back());
  }

  void free(const std::uint8_t* slot) {
    const std::lock_guard lock(mutex_);
    for (Arena& arena : arenas_) {
      if (slot < arena.begin || slot >= arena.begin + kArenaSize) continue;
      arena.used.reset(static_cast<std::size_t>(slot - arena.begin) / kSlotSize);
      return;
    }
  }

 private:
  struct Arena {
    std::uint8_t* begin;
    std::bitset<kSlotsPerArena> used;
  };

  static std::uint8_t* take(Arena& arena) {
    std::size_t slot = 0;
    while (arena.used.test(slot)) ++slot;
    arena.used.set(slot);
    return arena.begin + slot * kSlotSize;
  }

  std::mutex mutex_;
  std::vector<Arena> arenas_;
};

/// Never destroyed: a Secret with static lifetime may be freed after everything else.
SlotPool& pool() {
  static SlotPool* const instance = new SlotPool;
  return *instance;
}

}  // namespace

std::uint8_t* allocate_locked(std::size_t size) {
  return size <= kSlotSize ? pool().allocate() : map_locked(size);
}

void free_locked(std::uint8_t* data, std::size_t size) {
  wipe({data, size});
  if (size <= kSlotSize) {
    pool().free(data);
  } else {
    unmap_locked(data, size);
  }
}

}  // namespace dalil::crypto
