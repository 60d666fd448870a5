#include "printer.hpp"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "dalil/base/text.hpp"
#include "exit_code.hpp"
#include "incident_forms.hpp"
#include "json_forms.hpp"
#include "progress_line.hpp"
#include "table.hpp"
#include "testing.hpp"

using namespace dalil;
using namespace dalil::cli;

namespace {

/// What a printer writes to a file in place of standard output.
std::string printed(OutputOptions options, const std::function<void(Printer&)>& use) {
  const testing::TempDir dir;
  const int fd = open((dir / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  {
    Printer printer(options, fd, fd);
    use(printer);
    printer.flush();
  }
  std::string text(1 << 16, '\0');
  const auto size = pread(fd, text.data(), text.size(), 0);
  close(fd);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// What a printer writes to a terminal of so many columns.
std::string on_terminal(unsigned short columns, const std::function<void(Printer&)>& use) {
  int terminal = -1, program = -1;
  winsize size{};
  size.ws_col = columns;
  REQUIRE(openpty(&terminal, &program, nullptr, nullptr, &size) == 0);
  OutputOptions options;
  options.color = ColorWhen::never;
  {
    Printer printer(options, program, program);
    use(printer);
    printer.flush();
  }
  close(program);  // what was written stays to be read; then the terminal answers with EIO
  std::string text, piece(1 << 12, '\0');
  for (ssize_t size_read = 0; (size_read = read(terminal, piece.data(), piece.size())) > 0;)
    text.append(piece, 0, static_cast<std::size_t>(size_read));
  close(terminal);
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  return text;
}

OutputOptions json_output() {
  OutputOptions options;
  options.json = true;
  return options;
}

}  // namespace

TEST_CASE("text prints lines and no objects, JSON objects and no lines") {
  const auto both = [](Printer& printer) {
    printer.line("text");
    printer.object("thing", {{"value", 1}});
  };
  CHECK(printed({}, both) == "text\n");
  CHECK(printed(json_output(), both) == "{\"type\":\"thing\",\"schema\":\"dalil/1\",\"value\":1}\n");
}

TEST_CASE("JSON survives text that is not UTF-8") {
  CHECK_NOTHROW(printed(json_output(), [](Printer& printer) {
    printer.object("thing", {{"value", "\xff"}});
  }));
}

TEST_CASE("a path that is not UTF-8 comes escaped and in base64") {
  Json object = Json::object();
  put_path(object, "path", "plain");
  CHECK(object.dump() == R"({"path":"plain"})");
  put_path(object, "path", "a\xff\n");
  CHECK(object.dump() == R"({"path":"a\\xff\\n","path_b64":"Yf8K"})");
}

TEST_CASE("paths are raw under -0 and escaped otherwise") {
  OutputOptions nul;
  nul.nul_terminated = true;
  const auto print = [](Printer& printer) { printer.path("a\nb\x1b"); };
  CHECK(printed(nul, print) == std::string("a\nb\x1b\0", 5));
  CHECK(printed({}, print) == "a\\nb\\x1b\n");
}

TEST_CASE("output that cannot be written is an error") {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) return;
  Printer printer({}, full, full);
  printer.line("text");
  CHECK_THROWS_AS(printer.flush(), Error);
  close(full);
}

TEST_CASE("an error and its hint are one line each") {
  CHECK(error_text("cannot x 'a\nb'", "do\ny") == "dalil: error: cannot x 'a; b'\ndalil: hint: do; y\n");
  CHECK(error_text("cannot", "") == "dalil: error: cannot\n");
}

TEST_CASE("a table aligns by what is seen, not by bytes") {
  const std::string text = printed({}, [](Printer& printer) {
    Table table({{"name"}, {"n", Align::right}, {"end"}});
    table.add({"دليل", "1", "x"});
    table.add({"دَلِيل", "22", "y"});
    table.add({"證據", "3", ""});
    table.print(printer);
    table.add({"later", "4", "z"});
    table.print(printer);
  });
  CHECK(text ==
        "name   n  end\n"
        "دليل   1  x\n"
        "دَلِيل  22  y\n"
        "證據   3\n"
        "later   4  z\n");
}

TEST_CASE("on a narrow terminal a path is shortened in its middle, or goes below") {
  const auto print = [](unsigned short columns) {
    return on_terminal(columns, [](Printer& printer) {
      const auto shortened = Table::Fit::shortened;
      Table table({{"item"}, {"incident", Align::left, shortened}, {"path", Align::left, shortened}});
      table.add({"41e68675af67", "SNHR-2017-09-14-MAYADEEN", "disk:card-1/DCIM/100APPLE/IMG_0916.JPG"});
      table.add({"b", "", ""});
      table.print(printer);
    });
  };
  CHECK(print(78) ==
        "item          incident                  path\n"
        "41e68675af67  SNHR-2017-09-14-MAYADEEN  disk:card-1/DCIM/100APPLE/IMG_0916.JPG\n"
        "b\n");
  CHECK(print(60) ==
        "item          incident                  path\n"
        "41e68675af67  SNHR-2017-09-14-MAYADEEN  disk:c…/IMG_0916.JPG\n"
        "b\n");
  CHECK(print(40) ==
        "item          incident\n"
        "  path\n"
        "41e68675af67  SNHR-2017-09-14-MAYADEEN\n"
        "  disk:card-1/DCIM/100APPLE/IMG_0916.JPG\n"
        "b\n");
  CHECK(print(35) ==
        "item          incident\n"
        "  path\n"
        "41e68675af67  SNHR-2…09-14-MAYADEEN\n"
        "  disk:card-…/100APPLE/IMG_0916.JPG\n"
        "b\n");
  CHECK(print(0) == print(200));
}

TEST_CASE("a shortened text keeps its beginning and its end, and fits") {
  CHECK(shorten_middle("short", 5) == "short");
  CHECK(shorten_middle("disk:camera/IMG_0001.JPG", 16) == "disk:…G_0001.JPG");
  CHECK(shorten_middle("abcdef", 1) == "…");
  CHECK(shorten_middle("حَلَب/صورة", 5) == "حَ…ورة");
  const std::string mixed = "中文e\xcc\x81😀حَلَب/中文/é.jpg";
  for (std::size_t columns = 1; columns < 30; ++columns) {
    const std::string shortened = shorten_middle(mixed, columns);
    INFO(shortened);
    CHECK(display_width(shortened) <= columns);
    CHECK((shortened == mixed) == (display_width(mixed) <= columns));
  }
}

TEST_CASE("progress has no percentage and no estimate before the walk is over") {
  ProgressMoment moment;
  moment.files_done = 10;
  moment.files_expected = 40;
  moment.bytes_done = 1'000'000;
  moment.bytes_expected = 4'000'000;
  moment.elapsed_s = 2;
  CHECK(progress_text("scan", moment) == "scan  10 of 40+ files  1.0 MB of 4.0 MB  500.0 kB/s");
  moment.walk_finished = true;
  moment.problems = 1;
  CHECK(progress_text("scan", moment) ==
        "scan  10 of 40 files  1.0 MB of 4.0 MB  25%  500.0 kB/s  0:06 left  1 problem");
}

TEST_CASE("each error code has its exit code") {
  CHECK(exit_code_for(ErrorCode::usage) == 2);
  CHECK(exit_code_for(ErrorCode::unsupported) == 2);
  CHECK(exit_code_for(ErrorCode::no_archive) == 10);
  CHECK(exit_code_for(ErrorCode::locked) == 11);
  CHECK(exit_code_for(ErrorCode::wrong_key) == 12);
  CHECK(exit_code_for(ErrorCode::corrupt) == 13);
  CHECK(exit_code_for(ErrorCode::interrupted) == 130);
}

TEST_CASE("differences of two revisions are by field, and silence is empty") {
  archive::Incident before, after;
  before.id = after.id = "A";
  before.killed.value = 5;
  before.place = "x";
  after.killed.value = 6;
  after.weapon = "y";
  const auto changes = differences(before, after);
  REQUIRE(changes.size() == 3);
  const auto change = [&](const std::string& field) {
    for (const auto& one : changes) {
      if (one.field == field) return one.before + ">" + one.after;
    }
    return std::string("none");
  };
  CHECK(change("killed") == "5>6");
  CHECK(change("place") == "x>");
  CHECK(change("weapon") == ">y");
}
