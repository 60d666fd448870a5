#include "dalil/jobs/queue.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "dalil/base/error.hpp"
#include "dalil/jobs/crew.hpp"

using namespace dalil;
using namespace dalil::jobs;

TEST_CASE("values come out in the order in which they went in") {
  Queue<int> queue(10);
  for (int i = 0; i < 5; ++i) CHECK(queue.push(i));
  for (int i = 0; i < 5; ++i) CHECK(queue.pop() == i);
  CHECK(!queue.try_pop());
}

TEST_CASE("a closed queue takes nothing and gives out what it has") {
  Queue<int> queue(10);
  queue.push(1);
  queue.push(2);
  queue.close();
  CHECK(!queue.push(3));
  CHECK(queue.pop() == 1);
  CHECK(queue.try_pop() == 2);
  CHECK(!queue.pop());
}

TEST_CASE("many threads lose nothing and get nothing twice") {
  constexpr int kProducers = 4, kConsumers = 3, kEach = 5000;
  Queue<std::unique_ptr<int>> queue(7);
  std::vector<std::atomic<int>> seen(kProducers * kEach);
  std::atomic<int> producing{kProducers};
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p)
    threads.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) queue.push(std::make_unique<int>(p * kEach + i));
      if (--producing == 0) queue.close();
    });
  for (int c = 0; c < kConsumers; ++c)
    threads.emplace_back([&] {
      while (const auto value = queue.pop()) ++seen[static_cast<std::size_t>(**value)];
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& count : seen) REQUIRE(count == 1);
}

TEST_CASE("closing wakes those who wait for room and those who wait for a value") {
  Queue<int> full(1), empty(1);
  full.push(1);
  bool pushed = true;
  std::optional<int> popped = 1;
  std::thread producer([&] { pushed = full.push(2); });
  std::thread consumer([&] { popped = empty.pop(); });
  full.close();
  empty.close();
  producer.join();
  consumer.join();
  CHECK(!pushed);
  CHECK(!popped);
}

TEST_CASE("the first failure of a crew closes the queues and comes out once") {
  Queue<int> queue(1);
  int failures = 0;
  Crew crew([&] {
    ++failures;
    queue.close();
  });
  crew.start([&] {
    while (queue.pop()) {
    }
    throw Error(ErrorCode::io, "first");
  });
  crew.guard([&] { throw Error(ErrorCode::corrupt, "here"); });
  CHECK(crew.failed());
  CHECK_THROWS_WITH(crew.join(), "here");
  CHECK(failures >= 1);  // closing twice is closing once
}
