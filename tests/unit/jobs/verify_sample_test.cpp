// A sample says no more than it proves.
#include "verify_sample.hpp"

#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "dalil/jobs/verify.hpp"
#include "jobs/jobs_fixture.hpp"

using namespace dalil;
using namespace dalil::jobs;
using namespace dalil::testing;
using archive::Verdict;

namespace {

constexpr std::size_t kMiB = 1 << 20;

std::vector<std::uint64_t> all_draws(std::uint64_t population, std::uint64_t draws, std::uint64_t seed,
                                     std::uint64_t step = 1'000'000) {
  ChunkSampler sampler(population, draws, seed);
  std::vector<std::uint64_t> drawn;
  for (std::uint64_t at = 0; at < population; at += step)
    for (const std::uint64_t place : sampler.take(std::min(step, population - at)))
      drawn.push_back(at + place);
  return drawn;
}

/// How often the statement on `bad` is wrong, over many drives' samples.
double error_rate(const std::vector<bool>& bad, std::uint64_t draws, double confidence, unsigned rounds) {
  const auto are_bad = std::count(bad.begin(), bad.end(), true);
  const double share = static_cast<double>(are_bad) / static_cast<double>(bad.size());
  std::map<std::uint64_t, double> limits;
  unsigned wrong = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    std::uint64_t found = 0;
    for (const std::uint64_t at : all_draws(bad.size(), draws, round * 7919 + 3)) found += bad[at] ? 1 : 0;
    const auto [limit, fresh] = limits.try_emplace(found, 0);
    if (fresh) limit->second = bad_share_below(draws, found, confidence);
    if (share >= limit->second) ++wrong;
  }
  return wrong / static_cast<double>(rounds);
}

enum class Damage { scattered, one_block, every_tenth, front };

std::vector<bool> drive(std::size_t chunks, std::size_t bad, Damage damage, unsigned seed) {
  std::vector<bool> drive(chunks);
  std::mt19937 random(seed);
  const std::size_t start = random() % chunks;
  for (std::size_t i = 0; i < bad; ++i) {
    std::size_t at = i;
    if (damage == Damage::one_block) at = (start + i) % chunks;
    if (damage == Damage::every_tenth) at = i * 10 % chunks + i * 10 / chunks;
    if (damage == Damage::scattered) do
        at = random() % chunks;
      while (drive[at]);
    drive[at] = true;
  }
  return drive;
}

struct Sampled : TreeFixture {
  Sampled() {
    for (unsigned i = 0; i < 30; ++i)
      write("d" + std::to_string(i % 4) + "/" + std::to_string(i), pattern(i % 6 * kMiB + 100, i));
    scan();
  }
  jobs::VerifyReport sample(std::uint64_t chunks, std::uint64_t seed) const {
    return verify([&](VerifyOptions& options) {
      options.mode = VerifyMode::sample;
      options.sample.chunks = chunks;
      options.sample.seed = seed;
    });
  }
};

}  // namespace

TEST_CASE("a sample's draws come in order, one a stratum, the same for the same seed in whatever portions") {
  for (const auto& [population, draws] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {1, 1}, {10, 3}, {10, 9}, {1000, 37}, {123'457, 1000}, {5'000'000'000, 40}}) {
    const auto drawn = all_draws(population, draws, 42, population / 7 + 1);
    REQUIRE(drawn.size() == draws);
    CHECK(std::ranges::is_sorted(drawn));
    for (std::uint64_t i = 0; i < draws; ++i) {
      CHECK(drawn[i] >= i * population / draws);
      CHECK(drawn[i] <= (i + 1) * population / draws);
      CHECK(drawn[i] < population);
    }
    CHECK(drawn == all_draws(population, draws, 42, population / 3 + 1));
    if (population > 100) CHECK(drawn != all_draws(population, draws, 43, population / 3 + 1));
  }
  // Persistent: a seed in an old report finds the same chunks for ever.
  CHECK(all_draws(1000, 5, 1) == std::vector<std::uint64_t>{26, 227, 490, 604, 870});
}

TEST_CASE("a sample of as many as there are is every chunk once") {
  std::vector<std::uint64_t> all(50);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  CHECK(all_draws(50, 50, 9) == all);
  CHECK(all_draws(50, 5000, 9) == all);
}

TEST_CASE("every chunk has the same chance, also where strata end within it") {
  constexpr std::uint64_t kPopulation = 10, kDraws = 7, kRounds = 40'000;
  std::vector<double> times(kPopulation);
  for (std::uint64_t seed = 0; seed < kRounds; ++seed)
    for (const std::uint64_t at : all_draws(kPopulation, kDraws, seed)) ++times[at];
  for (const double number : times)
    CHECK(std::abs(number / kRounds - 0.7) < 0.012);  // more than four standard deviations
}

TEST_CASE("the limit is the exact one for none, and Clopper and Pearson's for some") {
  CHECK(bad_share_below(300, 0, 0.95) == Approx(1 - std::pow(0.05, 1.0 / 300)).epsilon(1e-12));
  CHECK(bad_share_below(1, 0, 0.95) == Approx(0.95));
  // One-sided limits as tables of the binomial distribution have them
  CHECK(bad_share_below(20, 1, 0.95) == Approx(0.2161).margin(0.00005));
  CHECK(bad_share_below(10, 2, 0.95) == Approx(0.5069).margin(0.00005));
  CHECK(bad_share_below(100, 5, 0.95) == Approx(0.1023).margin(0.00005));
  CHECK(bad_share_below(100, 0, 0.99) == Approx(0.0450).margin(0.00005));
  CHECK(bad_share_below(10, 10, 0.95) == 1);
  for (std::uint64_t bad = 1; bad <= 50; ++bad)
    CHECK(bad_share_below(50, bad, 0.95) >= bad_share_below(50, bad - 1, 0.95));
  CHECK_THROWS(bad_share_below(0, 0, 0.95));
  CHECK_THROWS(bad_share_below(5, 6, 0.95));
}

TEST_CASE("over many simulated drives the statement is wrong no more often than it says") {
  // Four standard deviations of what 5 % would give in so many rounds
  constexpr unsigned kRounds = 4000;
  const double most = 0.05 + 4 * std::sqrt(0.05 * 0.95 / kRounds);
  double worst = 0;
  for (const Damage damage : {Damage::scattered, Damage::one_block, Damage::every_tenth, Damage::front})
    for (const std::uint64_t draws : {10U, 59U, 150U})
      for (const std::uint64_t found : {0U, 1U, 4U}) {
        // Just as many bad ones as the statement on `found` denies: the hardest case.
        constexpr std::size_t kChunks = 3000;
        const auto bad = static_cast<std::size_t>(std::ceil(bad_share_below(draws, found, 0.95) * kChunks));
        const double rate = error_rate(drive(kChunks, bad, damage, 5), draws, 0.95, kRounds);
        CHECK(rate <= most);
        worst = std::max(worst, rate);
      }
  CHECK(worst > 0.03);  // it says as much as it can
}

TEST_CASE("at another confidence the statement is wrong as rarely as that") {
  constexpr unsigned kRounds = 4000;
  const auto bad = static_cast<std::size_t>(std::ceil(bad_share_below(100, 1, 0.99) * 2000));
  CHECK(error_rate(drive(2000, bad, Damage::scattered, 1), 100, 0.99, kRounds) <=
        0.01 + 4 * std::sqrt(0.01 * 0.99 / kRounds));
}

TEST_CASE("a sample of a sound volume is no pass, reads little, and changes no verdict") {
  const Sampled f;
  const VerifyReport report = f.sample(20, 7);
  CHECK(report.result() == "SAMPLED");
  REQUIRE(report.sample);
  CHECK(report.sample->population == 105);
  CHECK(report.sample->drawn == 20);
  CHECK(report.sample->bad == 0);
  CHECK(*report.sample->bad_below == Approx(1 - std::pow(0.05, 1.0 / 20)));
  CHECK(report.bytes_checked <= 20 * kMiB);
  CHECK(report.bytes_checked > 0);
  for (const auto& [name, row] : f.live()) CHECK(row.verdict == Verdict::not_checked);
  archive::Archive archive = f.open();
  const archive::RunSummary run = archive.view().runs(1).at(0);
  CHECK(run.mode == "sample");
  CHECK(run.result == "SAMPLED");
  CHECK(run.count("seed") == 7);
  CHECK(run.count("chunks_drawn") == 20);
  CHECK(!archive.view().volume(f.disk).last_verification);
}

TEST_CASE("damage in a drawn chunk is found and located, and the same seed finds it again") {
  const Sampled f;
  f.damage("d1/29", 2 * kMiB + 7);
  std::set<std::uint64_t> finders;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const VerifyReport report = f.sample(52, seed);
    if (report.result() != "FAIL") continue;
    finders.insert(seed);
    REQUIRE(report.exceptions.size() == 1);
    CHECK(report.exceptions[0].path == "d1/29");
    CHECK(report.exceptions[0].verdict == Verdict::corrupt);
    CHECK(report.exceptions[0].ranges ==
          std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2 * kMiB, kMiB}});
    CHECK(report.sample->bad >= 1);
    CHECK(f.sample(52, seed).sample->bad == report.sample->bad);
  }
  CHECK(!finders.empty());
  CHECK(finders.size() < 12);
  CHECK(f.live().at("d1/29").verdict == Verdict::corrupt);
  CHECK(f.sound());
}

TEST_CASE("what is missing or of another size is told by every sample, and its chunks count as bad") {
  const Sampled f;
  std::filesystem::remove(f.at("d1/29"));
  f.resize("d0/4", 17);
  const VerifyReport report = f.sample(105, 1);
  CHECK(report.result() == "FAIL");
  CHECK(report.sample->census);
  CHECK(report.sample->bad == 6 + 5);
  CHECK(report.sample->drawn == 105);
}

TEST_CASE("a census of a moved file counts it as good: it was read whole") {
  const Sampled f;
  std::filesystem::rename(f.at("d1/29"), f.at("d2/elsewhere"));
  const VerifyReport report = f.sample(105, 1);
  CHECK(report.result() == "SAMPLED");
  CHECK(report.sample->bad == 0);
}
