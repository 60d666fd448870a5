#include <fcntl.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <chrono>

#include "dalil/files/handle.hpp"
#include "dalil/media/parser_client.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::media;

#ifdef DALIL_TEST_PARSER
TEST_CASE("every file of the corpora is answered, the hostile ones included") {
  const auto corpora = testing::shared_dir("corpora");
  if (!corpora) return;
  ParserClient client({DALIL_TEST_PARSER, std::chrono::milliseconds(20'000), 2'000});
  for (const auto& entry : boost::filesystem::recursive_directory_iterator(*corpora)) {
    if (!boost::filesystem::is_regular_file(entry.path())) continue;
    CAPTURE(entry.path().string());
    const files::Fd file(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    Bytes head(4096);
    const ssize_t size = pread(file.get(), head.data(), head.size(), 0);
    head.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    client.submit(file.get(), sniff(head));
    const MediaFacts facts = client.collect();
    CHECK(facts.problem.find("crashed") == std::string::npos);
    CHECK(facts.problem.find("took longer") == std::string::npos);
    CHECK(facts.problem.find("makes no sense") == std::string::npos);
  }
}
#endif
