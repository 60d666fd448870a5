#include "dalil/formats/bagit.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "dalil/base/text.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::formats::bagit;
using namespace dalil::testing;

namespace fs = boost::filesystem;

namespace {

constexpr const char* kDraft = "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n";

/// A bag of one payload file, made whole by `list`.
struct Bag {
  TempDir dir;
  Bag() { put("bagit.txt", declaration_text()); }
  void put(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path(dir / path).parent_path());
    std::ofstream(dir / path, std::ios::binary) << content;
  }
  static std::string line(const std::string& content, const std::string& path) {
    return manifest_line(crypto::sha256(as_bytes(content)).view(), path);
  }
  Report validate() {
    jobs::Progress progress;
    return formats::bagit::validate(dir.path(), {}, progress, {});
  }
};

std::string said(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings) text += finding.path + ": " + finding.text + "\n";
  return text;
}

bool has(const Report& report, Finding::Weight weight, const std::string& part) {
  for (const Finding& finding : report.findings)
    if (finding.weight == weight && (finding.path + " " + finding.text).find(part) != std::string::npos)
      return true;
  return false;
}

constexpr auto kError = Finding::Weight::error, kWarning = Finding::Weight::warning;

}  // namespace

TEST_CASE("every published bag is judged as its folder says") {
  const auto suite = shared_dir("vectors/bagit");
  if (!suite) return;
  std::size_t bags = 0;
  for (const auto& version : fs::directory_iterator(*suite)) {
    if (!fs::is_directory(version)) continue;
    for (const auto& sort : fs::directory_iterator(version))
      for (const auto& bag : fs::directory_iterator(sort)) {
        if (!fs::is_directory(bag)) continue;
        CAPTURE(bag.path().string());
        jobs::Progress progress;
        const Report report = validate(bag.path().string(), {}, progress, {});
        CAPTURE(said(report));
        const std::string name = sort.path().filename().string();
        CHECK(report.result() == (name == "valid" || name == "warning" ? "VALID" : "INVALID"));
        if (name == "warning") CHECK(report.count(kWarning) > 0);
        ++bags;
      }
  }
  CHECK(bags >= 50);
}

TEST_CASE("what is written as a bag is valid, with any name that a file can have") {
  Bag bag;
  const std::string names[] = {
      "data/a b", "data/line\nfeed\rand%25", "data/\xff\xfe", "data/\\x", "data/x/*y", "data/x/ "};
  std::string manifest;
  for (const std::string& name : names) {
    bag.put(name, name + "!");
    manifest += Bag::line(name + "!", name);
  }
  bag.put("manifest-sha256.txt", manifest);
  bag.put("tagmanifest-sha256.txt", Bag::line(manifest, "manifest-sha256.txt"));
  const Report report = bag.validate();
  CAPTURE(said(report));
  CHECK(report.result() == "VALID");
  CHECK(report.findings.empty());
  CHECK(report.checked == std::size(names));
}

TEST_CASE("every flipped byte of payload and lists is noticed, and so is every truncation") {
  Bag bag;
  const std::string content = "evidence", manifest = Bag::line(content, "data/e"),
                    tags = Bag::line(manifest, "manifest-sha256.txt") +
                           Bag::line(declaration_text(), "bagit.txt");
  const auto restore = [&] {
    bag.put("data/e", content);
    bag.put("manifest-sha256.txt", manifest);
    bag.put("bagit.txt", declaration_text());
    bag.put("tagmanifest-sha256.txt", tags);
  };
  restore();
  REQUIRE(bag.validate().result() == "VALID");
  for (const std::string file : {"data/e", "manifest-sha256.txt", "bagit.txt"}) {
    std::ifstream in(bag.dir / file, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CAPTURE(file, i);
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 1);
      bag.put(file, damaged);
      CHECK(bag.validate().result() != "VALID");
      bag.put(file, whole.substr(0, i));
      CHECK(bag.validate().result() != "VALID");
    }
    restore();
  }
}

TEST_CASE("missing, extra, doubled and foreign files make a bag invalid, and links are not followed") {
  Bag bag;
  bag.put("data/a", "a");
  const std::string line = Bag::line("a", "data/a");
  bag.put("manifest-sha256.txt", line + Bag::line("b", "data/b"));
  CHECK(has(bag.validate(), kError, "data/b is missing"));
  bag.put("manifest-sha256.txt", line + line);
  CHECK(has(bag.validate(), kError, "listed twice"));
  bag.put("bagit.txt", kDraft);
  CHECK(bag.validate().result() == "VALID");
  CHECK(has(bag.validate(), kWarning, "listed twice"));
  bag.put("manifest-sha256.txt", line);
  bag.put("data/extra", "x");
  CHECK(has(bag.validate(), kError, "data/extra is in no manifest"));
  fs::remove(bag.dir / "data/extra");
  fs::create_symlink("/etc/passwd", bag.dir / "data/link");
  CHECK(has(bag.validate(), kError, "symbolic link"));
  fs::remove(bag.dir / "data/link");
  for (const char* path : {"/etc/passwd", "../x", "data/../../x", "~/x", "C:\\x", "\\\\host\\x", "bagit.txt",
                           "data/", "data//x"}) {
    CAPTURE(path);
    bag.put("manifest-sha256.txt", line + Bag::line("x", path));
    CHECK(bag.validate().result() == "INVALID");
  }
  bag.put("manifest-sha256.txt", line);
  bag.put("manifest-md5.txt", "");
  bag.put("bagit.txt", declaration_text());
  CHECK(has(bag.validate(), kError, "not listed in manifest-md5.txt"));
}

TEST_CASE("a bag that names nothing is no valid one, and what is to be fetched is not there") {
  Bag bag;
  CHECK(bag.validate().result() == "INVALID");
  bag.put("manifest-sha256.txt", "");
  fs::create_directory(bag.dir / "data");
  CHECK(bag.validate().result() == "INCOMPLETE");
  bag.put("manifest-sha256.txt", Bag::line("a", "data/a"));
  bag.put("fetch.txt", "https://example.org/a - data/a\n");
  const Report report = bag.validate();
  CHECK(report.result() == "INVALID");
  CHECK(report.to_fetch == 1);
  bag.put("data/a", "a");
  CHECK(bag.validate().result() == "VALID");
}

TEST_CASE(
    "names that went through other systems are found under their new spelling, and ambiguity is an error") {
  Bag bag;
  bag.put("bagit.txt", declaration_text());
  bag.put("manifest-sha256.txt", Bag::line("x", "data/N\u00fa\u00f1ez") + Bag::line("y", "data/Photo.JPG"));
  bag.put("data/Nu\u0301n\u0303ez", "x");
  bag.put("data/photo.jpg", "y");
  Report report = bag.validate();
  CAPTURE(said(report));
  CHECK(report.result() == "VALID");
  CHECK(has(report, kWarning, "Unicode form"));
  CHECK(has(report, kWarning, "case of its name"));
  bag.put("data/PHOTO.jpg", "y");
  CHECK(has(bag.validate(), kError, "2 files could be meant"));
  fs::remove(bag.dir / "data/PHOTO.jpg");
  bag.put("data/photo.jpg", "z");
  CHECK(has(bag.validate(), kError, "other content"));
}

TEST_CASE("a percent sign that nobody encoded is read as it stands, with a warning") {
  Bag bag;
  bag.put("manifest-sha256.txt", Bag::line("x", "data/a").substr(0, 66) + "data/a%20b%25c\n");
  bag.put("data/a%20b%25c", "x");
  CHECK(bag.validate().result() == "VALID");
  CHECK(has(bag.validate(), kWarning, "%25"));
  bag.put("manifest-sha256.txt", Bag::line("x", "data/a").substr(0, 66) + "data/b%25c\n");
  fs::rename(bag.dir / "data/a%20b%25c", bag.dir / "data/b%25c");
  CHECK(has(bag.validate(), kWarning, "not percent-encoded"));
}

TEST_CASE("Payload-Oxum that disagrees is an error, and agreement alone validates nothing") {
  Bag bag;
  bag.put("data/a", "a");
  bag.put("manifest-sha256.txt", Bag::line("a", "data/a"));
  bag.put("bag-info.txt", "Payload-Oxum: 1.1\n");
  CHECK(bag.validate().result() == "VALID");
  bag.put("bag-info.txt", "Payload-Oxum: 2.1\n");
  CHECK(bag.validate().result() == "INVALID");
  bag.put("bag-info.txt", "Payload-Oxum: 1.1\n");
  bag.put("data/a", "b");
  CHECK(bag.validate().result() == "INVALID");
}
