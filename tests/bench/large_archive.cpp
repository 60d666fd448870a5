// Makes a large archive for measurements: items with copies, facts, links and incidents as a group might have
// them after years, without any media file.
//
//   dalil_large_archive ARCHIVE KEY_FILE ITEMS
//
// Both must not exist. About 1.5 GB for each million items.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "dalil/archive/archive.hpp"
#include "dalil/crypto/age.hpp"
#include "dalil/crypto/hash.hpp"

namespace {

using namespace dalil;

constexpr const char* kGovernorates[] = {"Aleppo",           "Idlib",  "Hama",   "Homs",
                                         "Deir Ez-Zour",     "Raqqa",  "Hasaka", "Daraa",
                                         "Damascus suburbs", "Latakia"};
constexpr const char* kPlaces[] = {"خان شيخون", "Douma", "معرة النعمان", "Khan Shaykhun", "حلب الشرقية",
                                   "Saraqib",   "دوما",  "Atarib",       "الرقة",         "Binnish"};
constexpr const char* kParties[] = {"Syrian regime forces", "Russian forces", "ISIS",
                                    "International coalition forces", "Armed opposition factions"};
constexpr const char* kWeapons[] = {"airstrike: fixed-wing warplanes, missiles", "barrel bombs",
                                    "artillery shelling", "cluster munitions", "small arms"};
constexpr const char* kMakes[] = {"Canon", "NIKON CORPORATION", "Apple", "samsung", "HUAWEI", "SONY"};
constexpr const char* kSoftware[] = {
    "", "", "", "Adobe Photoshop CS6 (Windows)", "iOS 10.3.3", "Picasa", "Lavf57.83.100"};
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kFirstMs = 1'300'000'000'000;  // March 2011
constexpr int kDays = 3'650;
constexpr std::uint64_t kItemsAnIncident = 500;
constexpr std::uint64_t kItemsADirectory = 200;
constexpr std::uint64_t kEachCommit = 20'000;

template <std::size_t N>
const char* pick(std::mt19937_64& random, const char* const (&from)[N]) {
  return from[random() % N];
}

class Filler {
 public:
  Filler(archive::Archive& archive, std::uint64_t items) : editor_(archive.edit()), items_(items) {}

  void fill() {
    for (const char* label : {"disk-1", "disk-2", "drive-1", "drive-2"}) {
      archive::Volume volume;
      volume.label = label;
      volume.kind = label[1] == 'r' ? archive::VolumeKind::backup : archive::VolumeKind::working;
      volumes_.push_back(editor_.add_volume(volume));
    }
    for (int i = 0; i < 100; ++i) {
      archive::Source source;
      source.alias = fmt::format("S-{:03}", i);
      source.consent = i % 3 == 0 ? archive::Consent::publish : archive::Consent::courts;
      sources_.push_back(editor_.put_source(source, ""));
    }
    const std::uint64_t incidents = items_ / kItemsAnIncident + 1;
    for (std::uint64_t i = 0; i < incidents; ++i) add_incident(i);
    for (std::uint64_t i = 0; i < items_; ++i) {
      add_item(i);
      if (i % kEachCommit == kEachCommit - 1) commit(i + 1);
    }
    commit(items_);
  }

 private:
  void commit(std::uint64_t made) {
    if (!batch_.empty()) editor_.assign(sources_[random_() % sources_.size()], batch_, "");
    batch_.clear();
    editor_.commit();
    if (made % 1'000'000 == 0) std::fprintf(stderr, "%llu items\n", static_cast<unsigned long long>(made));
  }

  void add_incident(std::uint64_t number) {
    archive::Incident incident;
    incident.id = fmt::format("I-{:06}", number);
    incident.date = UtcTime{kFirstMs + static_cast<std::int64_t>(random_() % kDays) * kDayMs}.date();
    incident.governorate = pick(random_, kGovernorates);
    incident.place = pick(random_, kPlaces);
    incident.perpetrator_group = pick(random_, kParties);
    incident.weapon = pick(random_, kWeapons);
    incident.latitude = 32.5 + static_cast<double>(random_() % 45'000) / 10'000;
    incident.longitude = 35.7 + static_cast<double>(random_() % 65'000) / 10'000;
    incident.killed.value = static_cast<std::int64_t>(random_() % 40);
    incident.description = fmt::format("{} on {} in {}, hospital number {}", incident.weapon, incident.target,
                                       incident.place, random_() % 1000);
    incidents_.push_back(editor_.put_incident(incident, ""));
  }

  void add_item(std::uint64_t number) {
    if (number % kItemsADirectory == 0) {
      day_ms_ = kFirstMs + static_cast<std::int64_t>(random_() % kDays) * kDayMs;
      incident_ = incidents_[random_() % incidents_.size()];
      directory_ = fmt::format("{}/{}/{} {}", UtcTime{day_ms_}.date().substr(0, 4),
                               pick(random_, kGovernorates), UtcTime{day_ms_}.date(), pick(random_, kPlaces));
    }
    archive::Copy copy;
    copy.volume = volumes_[number / kItemsADirectory % 2];
    copy.directory = directory_;
    const std::int64_t taken_ms = day_ms_ + static_cast<std::int64_t>(random_() % kDayMs);
    const bool video = random_() % 7 == 0;
    copy.name = fmt::format("{}_{:08}.{}", video ? "VID" : "IMG", number, video ? "mp4" : "jpg");
    copy.digest = crypto::sha256(as_bytes(fmt::format("{}", number)));
    copy.size_bytes = 50'000 + random_() % 5'000'000;
    copy.mtime_ns = copy.ctime_ns = taken_ms * 1'000'000;
    copy.inode = number + 1;
    copy.tags.resize(crypto::tag_count(copy.size_bytes));
    const archive::Row item = editor_.add_copy(copy).item;
    if (random_() % 3 == 0) {
      copy.volume = volumes_[2 + random_() % 2];
      copy.directory = "data/" + copy.directory;
      editor_.add_copy(copy);
    }
    editor_.add_facts(item, facts(taken_ms, video));
    if (random_() % 2 == 0)
      editor_.add_link(item, random_() % 10 == 0 ? incidents_[random_() % incidents_.size()] : incident_,
                       random_() % 4 == 0 ? archive::LinkType::aftermath : archive::LinkType::depicts, {}, {},
                       "");
    if (random_() % 3 == 0) batch_.push_back(item);
  }

  media::MediaFacts facts(std::int64_t taken_ms, bool video) {
    media::MediaFacts facts;
    facts.kind = video ? media::MediaKind::video : media::MediaKind::photo;
    facts.format = video ? "mp4" : "jpeg";
    facts.width = 1920 + static_cast<std::uint32_t>(random_() % 3) * 640;
    facts.height = 1080 + static_cast<std::uint32_t>(random_() % 3) * 360;
    if (video) facts.duration_ms = static_cast<std::int64_t>(random_() % 300'000);
    if (random_() % 10 < 7) {
      facts.make = pick(random_, kMakes);
      facts.model = fmt::format("M{}", random_() % 40);
      facts.times.push_back(
          {"Exif.Photo.DateTimeOriginal", "", taken_ms,
           random_() % 2 == 0 ? media::ZoneBasis::unknown_zone : media::ZoneBasis::utc_by_format, 0,
           media::TimeOrigin::embedded, 1000});
    }
    facts.software = pick(random_, kSoftware);
    if (random_() % 5 == 0)
      facts.places.push_back({"Exif.GPSInfo.GPSLatitude",
                              "",
                              32.5 + static_cast<double>(random_() % 45'000) / 10'000,
                              35.7 + static_cast<double>(random_() % 65'000) / 10'000,
                              {},
                              {}});
    return facts;
  }

  std::mt19937_64 random_{20170911};
  archive::Editor editor_;
  std::uint64_t items_;
  std::vector<archive::Row> volumes_, sources_, incidents_, batch_;
  std::int64_t day_ms_ = 0;
  archive::Row incident_ = 0;
  std::string directory_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: dalil_large_archive ARCHIVE KEY_FILE ITEMS\n"), 2;
  const auto identity = crypto::age::Identity::generate();
  umask(077);
  const crypto::Secret text = identity.encode();
  std::ofstream(argv[2]) << as_chars(text.view()) << '\n';
  const ledger::Keyring ring = ledger::Keyring::generate("Bench");
  archive::Archive::create(
      argv[1], ring,
      {{"archivist-1.age", crypto::age::encrypt_to(ring.encode().view(), {identity.recipient()})}});
  archive::Archive archive = archive::Archive::open(argv[1], ring.clone());
  Filler(archive, std::strtoull(argv[3], nullptr, 10)).fill();
  return 0;
}
