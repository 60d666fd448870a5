#include "../media/looks_helpers.hpp"
#include "../media/sound_helpers.hpp"
#include "archive_fixture.hpp"
#include "dalil/archive/similar.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

/// An archive whose items sound as the test says.
struct Records : ArchiveFixture {
  std::optional<Archive> archive = open();
  Row volume = ledger::kNoRow;

  Row add(const std::string& name, const media::Fingerprints& looks, std::uint32_t duration_ms = 0) {
    Editor editor = archive->edit();
    if (volume == ledger::kNoRow) volume = editor.add_volume(volume_named("disk"));
    const Row item = editor.add_copy(copy_of(volume, "", name, name)).item;
    media::MediaFacts facts;
    facts.kind = looks.prints.empty() ? media::MediaKind::audio : media::MediaKind::video;
    facts.duration_ms = duration_ms;
    editor.add_facts(item, facts);
    editor.add_fingerprints(item, looks);
    editor.commit();
    return item;
  }
  std::vector<Likeness> find(const media::Fingerprints& question, SimilarOptions options = {}) {
    View view = archive->view();
    return Looks::load(*archive, 2).find(view, question, options);
  }
};

media::Fingerprints sounding(const std::vector<media::SoundWord>& words, std::uint32_t begins_ms = 0) {
  media::Fingerprints out;
  out.sound = sound_from(words, begins_ms);
  return out;
}

/// Frames of a clip that shows one picture a second.
void show(media::Fingerprints& looks, std::uint32_t first_seed, std::uint32_t seconds) {
  for (std::uint32_t i = 0; i < seconds; ++i) {
    const media::Luma luma = picture(240, 180, first_seed + i);
    const auto found = media::pdq(luma, {0, 0, luma.width, luma.height});
    looks.prints.push_back({media::Part::frame, found.quality, i * 1000, found.hash});
  }
}

std::vector<media::SoundWord> part(const std::vector<media::SoundWord>& words, std::size_t first,
                                   std::size_t count) {
  return {words.begin() + static_cast<std::ptrdiff_t>(first),
          words.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

}  // namespace

TEST_CASE("a part of a recording finds the whole, with the seconds of both, and no other", "[similar]") {
  Records records;
  for (unsigned seed = 100; seed < 130; ++seed)
    records.add("other" + std::to_string(seed), sounding(words_of(seed, 240)));
  const auto words = words_of(1, 480);
  const Row item = records.add("it", sounding(words, 500), 62'000);
  const auto found = records.find(sounding(noisy(part(words, 165, 120), 2, 9), 40));
  REQUIRE(found.size() == 1);
  CHECK(found[0].item == item);
  CHECK(!found[0].by_pictures());
  CHECK(found[0].changes == std::vector{Change::part_of_clip, Change::sound});
  REQUIRE(found[0].sound);
  CHECK(found[0].sound->windows >= 13);
  REQUIRE(found[0].sound->stretches.size() == 1);
  const Stretch& at = found[0].sound->stretches[0];
  // The question begins 165 words, 20,429 ms, behind the item's beginning, which is 460 ms later in its file.
  CHECK(std::abs(std::int64_t{at.from_ms} - at.question_from_ms - 20'429 - 460) <= 2);
  CHECK(at.question_from_ms < 1500);
  CHECK(at.question_to_ms > 13'000);
  CHECK(records.find(sounding(words_of(2, 240))).empty());
  CHECK(is_sound(*records.archive));
}

TEST_CASE("an item says whether its pictures or its sound were found again, or both", "[similar]") {
  Records records;
  media::Fingerprints clip = sounding(words_of(1, 240)), dubbed = sounding(words_of(2, 240)),
                      covered = sounding(words_of(1, 240));
  show(clip, 100, 20);
  show(dubbed, 100, 20);
  show(covered, 500, 20);
  const Row same = records.add("same", clip), other_sound = records.add("dubbed", dubbed),
            other_picture = records.add("covered", covered);
  const auto found = records.find(clip);
  REQUIRE(found.size() == 3);
  const auto one = [&](Row item) { return *std::ranges::find(found, item, &Likeness::item); };
  CHECK(one(same).by_pictures());
  CHECK(one(same).sound);
  CHECK(one(same).frames == 20);
  CHECK(one(other_sound).by_pictures());
  CHECK(!one(other_sound).sound);
  CHECK(!one(other_picture).by_pictures());
  CHECK(one(other_picture).sound);
  CHECK(found.back().item == other_picture);
  const auto seen = records.find(clip, {.sound = false});
  REQUIRE(seen.size() == 2);
  CHECK(!seen[0].sound);
  View view = records.archive->view();
  const auto groups = duplicates(view, Looks::load(*records.archive, 1), {});
  REQUIRE(groups.size() == 1);  // what only sounds alike is no version
  CHECK(groups[0].size() == 2);
}

TEST_CASE("windows of sound are taken for no pictures, and hashes for no sounds", "[similar]") {
  Records records;
  const auto words = words_of(5, 80);
  media::Fingerprints picture;
  for (const auto& window : sound_from(words).windows)
    picture.prints.push_back({media::Part::whole, 100, 0, media::hash_of(window.words)});
  records.add("sound", sounding(words));
  CHECK(records.find(picture).empty());
  records.add("picture", picture);
  const auto found = records.find(sounding(words));
  REQUIRE(found.size() == 1);
  CHECK(found[0].part == media::Part::sound);
}

TEST_CASE("sound that is stated anew takes the place of the earlier one, and a rebuild derives the same",
          "[similar]") {
  Records records;
  const Row item = records.add("a", sounding(words_of(1, 240)));
  records.add("b", sounding(words_of(3, 240)));
  {
    Editor editor = records.archive->edit();
    editor.add_fingerprints(item, sounding(words_of(2, 240), 70));
    editor.commit();
  }
  CHECK(records.find(sounding(words_of(1, 240))).empty());
  CHECK(records.find(sounding(words_of(2, 240))).size() == 1);
  records.archive.reset();
  rebuild(records.path, records.ring.clone(), records.clock);
  records.archive.emplace(records.open());
  CHECK(is_sound(*records.archive));
  CHECK(records.find(sounding(words_of(2, 240))).size() == 1);
  View view = records.archive->view();
  const auto stored = fingerprints_of(view, item);
  REQUIRE(stored);
  CHECK(stored->sound == sound_from(words_of(2, 240), 70));
  CHECK(coverage(view).pictures == 2);
  CHECK(coverage(view).looked_at == 2);
}

TEST_CASE("fingerprints without sound are stated as they were before there was any", "[similar]") {
  Records records;
  media::Fingerprints silent;
  show(silent, 1, 3);
  const Row item = records.add("silent", silent);
  View view = records.archive->view();
  CHECK(fingerprints_of(view, item) == silent);
  CHECK(Looks::load(*records.archive, 1).size() == 3);
}
