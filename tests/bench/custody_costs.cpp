// What custody costs at scale: an archive of many entries is made, then opened by its key file, edited, and
// its checkpoint signed, many times each. Prints medians.
//
//   dalil_custody_costs DIRECTORY [ENTRIES]      default: ten million (some GB in DIRECTORY, which must not
//   exist)

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/crypto/hash.hpp"

namespace {

using namespace dalil;

double seconds(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// Median of so many rounds, in milliseconds.
double median_ms(int rounds, const std::function<void()>& act) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) times.push_back(seconds(act) * 1000);
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<std::size_t>(rounds / 2)];
}

archive::Archive open_by(const std::string& path, const std::vector<crypto::age::Identity>& identities) {
  const auto slots = ledger::read_slots(path);
  const crypto::age::Opened opened = crypto::age::decrypt(slots.front().second, identities);
  ledger::Keyring ring = ledger::Keyring::decode(opened.plaintext.view());
  // As the program does: with the memory of what was seen last, outside of the archive.
  auto memory = std::make_shared<ledger::FileMemory>(
      path + ".seen", ledger::origin_of(ring.archive_id()),
      [](const std::string& warning) { std::fprintf(stderr, "%s\n", warning.c_str()); });
  return archive::Archive::open(path, std::move(ring), system_clock(), std::move(memory));
}

/// An item, an incident, and entries that say nothing: the shortest that the ledger takes.
void fill(archive::Archive& archive, std::uint64_t entries) {
  archive::Editor editor = archive.edit();
  archive::Volume volume;
  volume.label = "disk";
  archive::Copy copy;
  copy.volume = editor.add_volume(volume);
  copy.name = "a";
  copy.digest = crypto::sha256({});
  copy.tags.resize(1);
  editor.add_copy(copy);
  archive::Incident incident;
  incident.id = "I-1";
  editor.put_incident(incident, "");
  constexpr std::uint64_t kEachCommit = 50'000;
  const Bytes nothing{0x2a, 0x00};  // message CopiesGone without any
  while (editor.writer().size() < entries) {
    editor.writer().append({ledger::SealClass::inventory, nothing});
    if (editor.writer().size() % kEachCommit == 0) editor.commit();
  }
  editor.commit();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: dalil_custody_costs DIRECTORY [ENTRIES]\n"), 2;
  const std::string path = argv[1];
  const std::uint64_t entries = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  std::vector<crypto::age::Identity> identities;
  identities.push_back(crypto::age::Identity::generate());
  const ledger::Keyring ring = ledger::Keyring::generate("Bench");
  archive::Archive::create(
      path, ring,
      {{"archivist-1.age", crypto::age::encrypt_to(ring.encode().view(), {identities[0].recipient()})}});
  {
    archive::Archive archive = open_by(path, identities);
    const double took = seconds([&] { fill(archive, entries); });
    std::printf("appending %llu entries: %.1f s\n", static_cast<unsigned long long>(entries), took);
  }
  std::printf("opening by key file: %.2f ms\n",
              median_ms(51, [&] { (void)open_by(path, identities).view().volumes(); }));
  archive::Archive archive = open_by(path, identities);
  int round = 0;
  std::printf("one link, signed and durable: %.2f ms\n", median_ms(201, [&] {
                archive::Editor editor = archive.edit();
                ++round;
                editor.add_link(0, 0, archive::LinkType::depicts, round, round + 1, "");
                editor.commit();
              }));
  archive::View view = archive.view();
  const std::uint64_t size = view.reader().size();
  const double checkpoint_ms = median_ms(201, [&] {
    const Digest root = merkle::root_at(size, view.reader().nodes());
    (void)merkle::sign_checkpoint({"bench", size, root}, ring.signing_key()).encode();
  });
  std::printf("one checkpoint (root and signature): %.3f ms; one a second is %.3f%% of a scan\n",
              checkpoint_ms, checkpoint_ms / 10);
  return 0;
}
