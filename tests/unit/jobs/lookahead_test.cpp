#include "lookahead.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace dalil;
using namespace dalil::jobs;

namespace {

using Numbers = std::vector<int>;

/// Opens nothing: each task is a file of so many bytes.
std::vector<Content> sized(const Numbers& tasks) {
  std::vector<Content> contents(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    contents[i].stat.size_bytes = static_cast<std::uint64_t>(tasks[i]);
  return contents;
}

}  // namespace

TEST_CASE("batches come in order, and some are open ahead") {
  Queue<Numbers> queue(100);
  for (int i = 0; i < 10; ++i) queue.push({i, i});
  queue.close();
  Lookahead<int> ahead(queue, {.files = 6, .bytes = 1 << 20});
  int opened = 0;
  const auto open = [&](const Numbers& tasks) {
    ++opened;
    return sized(tasks);
  };
  for (int i = 0; i < 10; ++i) {
    const auto batch = ahead.next(open, true);
    REQUIRE(batch);
    CHECK(batch->tasks == Numbers{i, i});
    CHECK(batch->contents.size() == 2);
    CHECK(opened == std::min(10, i + 1 + 3));  // this one, and six files more
  }
  CHECK(!ahead.next(open, true));
}

TEST_CASE("large files are not opened far ahead") {
  Queue<Numbers> queue(100);
  for (int i = 0; i < 5; ++i) queue.push({1000});
  Lookahead<int> ahead(queue, {.files = 64, .bytes = 500});
  int opened = 0;
  const auto open = [&](const Numbers& tasks) {
    ++opened;
    return sized(tasks);
  };
  REQUIRE(ahead.next(open, true));
  CHECK(opened == 2);
  REQUIRE(ahead.next(open, true));
  CHECK(opened == 3);
}

TEST_CASE("who does not want to wait gets nothing from an empty queue") {
  Queue<Numbers> queue(1);
  Lookahead<int> ahead(queue, {});
  CHECK(!ahead.next(sized, false));
  queue.push({1});
  CHECK(ahead.next(sized, false));
}

TEST_CASE("readers that share what is ahead lose nothing and get nothing twice") {
  constexpr int kBatches = 3000;
  Queue<Numbers> queue(8);
  Lookahead<int> ahead(queue, {.files = 5, .bytes = 1 << 20});
  std::vector<std::atomic<int>> seen(kBatches);
  std::vector<std::thread> readers;
  for (int r = 0; r < 4; ++r)
    readers.emplace_back([&, r] {
      while (true) {
        auto batch = ahead.next(sized, r % 2 == 0);
        if (!batch) batch = ahead.next(sized, true);
        if (!batch) return;
        for (const int number : batch->tasks) ++seen[static_cast<std::size_t>(number)];
      }
    });
  for (int i = 0; i < kBatches; ++i) queue.push({i});
  queue.close();
  for (std::thread& reader : readers) reader.join();
  for (const auto& count : seen) REQUIRE(count == 1);
}
