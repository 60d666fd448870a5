#include "dalil/archive/similar.hpp"

#include "../media/looks_helpers.hpp"
#include "archive_fixture.hpp"

using namespace dalil;
using namespace dalil::archive;
using namespace dalil::testing;

namespace {

/// An archive whose items have looks that the test gives them.
struct Gallery : ArchiveFixture {
  std::optional<Archive> archive = open();
  Row volume = ledger::kNoRow;

  Row add(const std::string& name, const media::Fingerprints& looks, media::MediaFacts facts = {}) {
    Editor editor = archive->edit();
    if (volume == ledger::kNoRow) volume = editor.add_volume(volume_named("disk"));
    const Row item = editor.add_copy(copy_of(volume, "", name, name)).item;
    if (facts.kind == media::MediaKind::other) facts.kind = media::MediaKind::photo;
    editor.add_facts(item, facts);
    editor.add_fingerprints(item, looks);
    editor.commit();
    return item;
  }
  std::vector<Likeness> find(const media::Fingerprints& question) {
    View view = archive->view();
    return Looks::load(*archive, 2).find(view, question, {});
  }
};

media::Fingerprints looks_of(const media::Luma& luma, bool question = false) {
  media::Fingerprints looks = media::fingerprints_of(luma, question);
  looks.width = luma.width;
  looks.height = luma.height;
  return looks;
}

/// A clip that shows one picture a second.
media::Fingerprints clip_of(std::uint32_t first_seed, std::uint32_t seconds, std::uint32_t begins_ms = 0) {
  media::Fingerprints looks;
  for (std::uint32_t i = 0; i < seconds; ++i) {
    const media::Luma luma = picture(240, 180, first_seed + i);
    const auto found = media::pdq(luma, all_of(luma));
    looks.prints.push_back({media::Part::frame, found.quality, begins_ms + i * 1000, found.hash});
  }
  return looks;
}

}  // namespace

TEST_CASE("a picture is found in another size, and no other picture is", "[similar]") {
  Gallery gallery;
  for (unsigned seed = 1; seed < 30; ++seed)
    gallery.add(std::to_string(seed), looks_of(picture(320, 240, seed)));
  const auto found = gallery.find(looks_of(picture(640, 480, 7), true));
  REQUIRE(found.size() == 1);
  CHECK(found[0].item == 6);
  CHECK(found[0].distance <= 8);
  CHECK(found[0].changes == std::vector{Change::resized});
  CHECK(gallery.find(looks_of(picture(320, 240, 500), true)).empty());
  CHECK(is_sound(*gallery.archive));
}

TEST_CASE("of several guesses each item is found once, as the nearest has it", "[similar]") {
  Gallery gallery;
  const Row item = gallery.add("it", looks_of(picture(320, 240, 7)));
  const Row other = gallery.add("other", looks_of(picture(320, 240, 8)));
  const media::Fingerprints right = looks_of(picture(320, 240, 7), true),
                            cropped = looks_of(part_of(picture(320, 240, 7), {16, 12, 288, 216}), true),
                            both = looks_of(picture(640, 480, 8), true);
  View view = gallery.archive->view();
  const Looks looks = Looks::load(*gallery.archive, 1);
  const auto found = looks.find_any(view, std::array{cropped, right, media::Fingerprints{}, both}, {});
  REQUIRE(found.size() == 2);
  CHECK(found[0].item == item);
  CHECK(found[0].distance == 0);
  CHECK(found[1].item == other);
  CHECK(looks.find_any(view, std::array{media::Fingerprints{}}, {}).empty());
}

TEST_CASE("cropped, bordered and mirrored versions say what they are", "[similar]") {
  Gallery gallery;
  const media::Luma luma = picture(400, 300, 3);
  for (unsigned seed = 10; seed < 20; ++seed)
    gallery.add(std::to_string(seed), looks_of(picture(400, 300, seed)));
  const Row item = gallery.add("it", looks_of(luma));
  const auto change_of = [&](const media::Luma& asked) {
    const auto found = gallery.find(looks_of(asked, true));
    REQUIRE(found.size() == 1);
    CHECK(found[0].item == item);
    return found[0].changes;
  };
  CHECK(change_of(part_of(luma, {20, 15, 360, 270})) == std::vector{Change::wider});
  CHECK(change_of(framed(luma, 0, 60, 0)) == std::vector{Change::bordered});
  media::Luma mirrored = luma;
  for (std::uint32_t y = 0; y < luma.height; ++y)
    std::reverse(mirrored.values.begin() + std::ptrdiff_t{y} * luma.width,
                 mirrored.values.begin() + (std::ptrdiff_t{y} + 1) * luma.width);
  CHECK(change_of(mirrored) == std::vector{Change::posed});
}

TEST_CASE("a part of a clip is found with its seconds", "[similar]") {
  Gallery gallery;
  media::MediaFacts facts;
  facts.kind = media::MediaKind::video;
  facts.duration_ms = 40'000;
  const Row item = gallery.add("clip", clip_of(100, 40), facts);
  gallery.add("other", clip_of(900, 40), facts);
  const auto found = gallery.find(clip_of(110, 8, 200));
  REQUIRE(found.size() == 1);
  CHECK(found[0].item == item);
  CHECK(found[0].frames == 8);
  REQUIRE(found[0].stretches.size() == 1);
  CHECK(found[0].stretches[0].from_ms == 10'000);
  CHECK(found[0].stretches[0].to_ms == 17'000);
  CHECK(found[0].changes == std::vector{Change::part_of_clip});
}

TEST_CASE("one frame asked for as a picture is found at its second", "[similar]") {
  Gallery gallery;
  const Row item = gallery.add("clip", clip_of(100, 40));
  const auto found = gallery.find(looks_of(picture(240, 180, 123), true));
  REQUIRE(found.size() == 1);
  CHECK(found[0].item == item);
  CHECK(found[0].changes == std::vector{Change::still});
  CHECK(found[0].stretches.at(0).from_ms == 23'000);
}

TEST_CASE("fingerprints that are stated anew take the place of the earlier ones", "[similar]") {
  Gallery gallery;
  const Row item = gallery.add("a", looks_of(picture(320, 240, 1)));
  {
    Editor editor = gallery.archive->edit();
    editor.add_fingerprints(item, looks_of(picture(320, 240, 2)));
    editor.commit();
  }
  CHECK(gallery.find(looks_of(picture(320, 240, 1))).empty());
  CHECK(gallery.find(looks_of(picture(320, 240, 2))).size() == 1);
  CHECK(is_sound(*gallery.archive));
}

TEST_CASE("what is made for questions is not stored", "[similar]") {
  Gallery gallery;
  const Row item = gallery.add("a", looks_of(picture(320, 240, 1), true));
  View view = gallery.archive->view();
  const auto stored = fingerprints_of(view, item);
  REQUIRE(stored);
  for (const media::Fingerprint& print : stored->prints) CHECK(media::is_stored(print.part));
  CHECK(Looks::load(*gallery.archive, 1).size() == stored->prints.size());
}

TEST_CASE("versions are grouped, the most faithful first", "[similar]") {
  Gallery gallery;
  media::MediaFacts camera;
  camera.make = "Canon";
  camera.model = "EOS";
  const Row small = gallery.add("small", looks_of(picture(200, 150, 1)));
  gallery.add("alone", looks_of(picture(400, 300, 2)));
  const Row large = gallery.add("large", looks_of(picture(800, 600, 1)));
  const Row first = gallery.add("first", looks_of(picture(640, 480, 1)), camera);
  View view = gallery.archive->view();
  const auto groups = duplicates(view, Looks::load(*gallery.archive, 2), {});
  REQUIRE(groups.size() == 1);
  std::vector<Row> order;
  for (const Version& version : groups[0]) order.push_back(version.item);
  CHECK(order == std::vector{first, large, small});
  CHECK(groups[0][0].reasons.front() == "names its camera and shows no sign of editing");
  CHECK(groups[0][1].reasons.front() == "most pixels");
}

TEST_CASE("an archive without fingerprints is searched without a match; auditors are refused", "[similar]") {
  Gallery gallery;
  CHECK(gallery.find(looks_of(picture(320, 240, 1))).empty());
  gallery.add("a", looks_of(picture(320, 240, 1)));
  gallery.archive.reset();
  const ledger::Keyring auditor = gallery.admit(ledger::Role::auditor, "Sami");
  const Archive archive = gallery.open(auditor);
  CHECK(code_of([&] { Looks::load(archive, 2); }) == ErrorCode::wrong_key);
  View view = archive.view();
  CHECK(code_of([&] { coverage(view); }) == ErrorCode::wrong_key);
}

TEST_CASE("a rebuild derives the same fingerprints, and knows how many pictures lack them", "[similar]") {
  Gallery gallery;
  gallery.add("a", looks_of(picture(320, 240, 1)));
  gallery.add("b", looks_of(picture(320, 240, 2)));
  {
    Editor editor = gallery.archive->edit();
    media::MediaFacts facts;
    facts.kind = media::MediaKind::photo;
    editor.add_facts(editor.add_copy(copy_of(gallery.volume, "", "c", "c")).item, facts);
    editor.commit();
  }
  gallery.archive.reset();
  rebuild(gallery.path, gallery.ring.clone(), gallery.clock);
  gallery.archive.emplace(gallery.open());
  CHECK(is_sound(*gallery.archive));
  CHECK(gallery.find(looks_of(picture(320, 240, 2))).size() == 1);
  View view = gallery.archive->view();
  CHECK(coverage(view).pictures == 3);
  CHECK(coverage(view).looked_at == 2);
}
