#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "csv.hpp"
#include "dalil/formats/register.hpp"
#include "register_fixture.hpp"

using namespace dalil;
using namespace dalil::formats;
using nlohmann::json;

namespace {

std::string spreadsheet_cell(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

/// A register's JSON as a spreadsheet would hold it.
std::string as_csv(const json& incidents, char delimiter, const std::string& line_end) {
  std::vector<std::string> columns;
  for (const auto& [name, value] : incidents.at(0).items()) columns.push_back(name);
  std::string out;
  for (const std::string& name : columns) out += name + delimiter;
  out.back() = '\n';
  out.replace(out.size() - 1, 1, line_end);
  for (const json& incident : incidents) {
    for (const std::string& name : columns) {
      const json& value = incident.at(name);
      std::string cell = value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
      if (cell.starts_with('+')) cell.insert(0, "'");
      out += spreadsheet_cell(cell) + delimiter;
    }
    out.pop_back();
    out += line_end;
  }
  return out;
}

using Table = std::vector<std::vector<std::string>>;

/// RFC 4180 one character at a time; absent where the quoting is wrong.
std::optional<Table> naive_csv(const std::string& text, char delimiter) {
  Table table;
  std::vector<std::string> row;
  std::string cell;
  enum { start, plain, in_quotes, after_quote } state = start;
  bool any = false;
  const auto end_cell = [&] { row.push_back(std::exchange(cell, {})); };
  const auto end_row = [&] {
    if (any) {
      end_cell();
      table.push_back(std::exchange(row, {}));
    }
    any = false;
    state = start;
  };
  for (const char c : text) {
    const bool line_end = c == '\n' || c == '\r';
    if (state == in_quotes) {
      if (c == '"') {
        state = after_quote;
      } else {
        cell += c;
      }
    } else if (state == after_quote && c == '"') {
      cell += c;
      state = in_quotes;
    } else if (line_end) {
      end_row();
    } else if (c == delimiter) {
      any = true;
      end_cell();
      state = start;
    } else if (state == after_quote) {
      return std::nullopt;
    } else if (state == start && c == '"') {
      any = true;
      state = in_quotes;
    } else {
      any = true;
      cell += c;
      state = plain;
    }
  }
  if (state == in_quotes) return std::nullopt;
  end_row();
  return table;
}

std::string problems_of(const std::string& csv) {
  std::string text;
  for (const RegisterProblem& problem : read_register_csv(csv).problems) text += problem.text() + "\n";
  return text;
}

}  // namespace

TEST_CASE("the fixture registers say the same in CSV as in JSON") {
  for (const std::string& name : testing::register_names()) {
    const auto text = testing::fixture_register(name);
    if (!text) return;
    const Register expected = read_register_json(*text);
    for (const char delimiter : {',', ';', '\t'}) {
      for (const std::string line_end : {"\n", "\r\n", "\r"}) {
        const std::string csv = as_csv(json::parse(*text)["incidents"], delimiter, line_end);
        INFO(name << problems_of(csv));
        CHECK(read_register_csv("\xEF\xBB\xBF" + csv).incidents == expected.incidents);
        CHECK(problems_of(csv).empty());
      }
    }
  }
}

TEST_CASE("cells are read for what their column holds") {
  const Register read = read_register_csv(
      "ID;Place;killed;killed_qualifier;weekday_ok;photo_captions;relations;source.report;source.page;own;"
      "utc_offset\r\n"
      "A;\"دير الزور; \"\"المدينة\"\"\r\nسطر\";١٢;at least;TRUE;one | two;part_of B|follows "
      "C;R;3;x;'+03:00\r\n"
      ";;;;;;;;;;\r\n");
  REQUIRE(read.problems.empty());
  REQUIRE(read.incidents.size() == 1);
  const archive::Incident& incident = read.incidents[0];
  CHECK(incident.place == "دير الزور; \"المدينة\"\r\nسطر");
  CHECK(incident.killed == archive::Count{12, "at least"});
  CHECK(incident.weekday_ok == true);
  CHECK(incident.photo_captions == std::vector<std::string>{"one", "two"});
  CHECK(incident.relations == std::vector<archive::Relation>{{"part_of", "B"}, {"follows", "C"}});
  CHECK(incident.source_json == R"({"page":"3","report":"R"})");
  CHECK(incident.extra == decltype(incident.extra){{"own", "\"x\""}});
  CHECK(incident.utc_offset == "+03:00");
  CHECK(read_register_json(incident_to_json(incident)).incidents.at(0) == incident);
}

TEST_CASE("a row with too many or too few cells is named by its line") {
  const Register read = read_register_csv("id,place\nA,\"x\ny\"\nB\nC,z,w\n");
  REQUIRE(read.problems.size() == 2);
  CHECK(read.problems[0].text() == "row 2 (line 4): has 1 cells, but the header has 2");
  CHECK(read.problems[1].text() == "row 3 (line 5): has 3 cells, but the header has 2");
}

TEST_CASE("a wrong cell is named by row, line and column") {
  CHECK(problems_of("id,killed\nA,12\nB,many\n") ==
        "row 2 (line 3), field 'killed': must be a whole number\n");
  CHECK(problems_of("id,place,date\nA,\"x\ny\",2017-02-30\n").starts_with("row 1 (line 3), field 'date'"));
  CHECK(problems_of("id,weekday_ok\nA,perhaps\n").find("true or false") != std::string::npos);
  CHECK(problems_of("id,latitude,longitude\nA,\"35,3\",40\n").find("degrees") != std::string::npos);
  CHECK(problems_of("id,date,date_precision\nA,2017-09-11,month\n").find("known to the day") !=
        std::string::npos);
  CHECK(problems_of("id\nA\nA\n").find("also the id of row 1 (line 2)") != std::string::npos);
  CHECK(problems_of("id,relations\nA,B\n").find("TYPE INCIDENT") != std::string::npos);
  CHECK(problems_of("id,witness\nA,\"{broken\"\n").find("not JSON") != std::string::npos);
}

TEST_CASE("a header without sense is refused") {
  CHECK(problems_of("").find("no header line") != std::string::npos);
  CHECK(problems_of("place,killed\nx,1\n").find("no column 'id'") != std::string::npos);
  CHECK(problems_of("id,killed,Killed\nA,1,2\n").find("'killed' appears twice") != std::string::npos);
  CHECK(problems_of("id,\nA,\n").empty());  // an empty column that a spreadsheet left behind
  CHECK(problems_of("id,\nA,x\n").find("without a name") != std::string::npos);
}

TEST_CASE("quoting that does not close is refused where it was opened") {
  CHECK(problems_of("id,place\nA,x\nB,\"y\nC,z\n") ==
        "line 3: a quotation mark is opened here and never closed\n");
  CHECK(problems_of("id,place\nA,\"x\"y\n").starts_with("line 2: text follows"));
}

TEST_CASE("Excel's line that names the delimiter is obeyed") {
  const Register read = read_register_csv("sep=;\r\nid;place\r\nA;x\r\nB\r\n");
  CHECK(read.incidents.at(0).place == "x");
  CHECK(read.problems.at(0).line == 4);
}

TEST_CASE("the CSV reader agrees with a naive one on random texts") {
  std::mt19937 random(1);
  const std::string alphabet = "a\",;\n\r x";
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (auto size = random() % 12; size > 0; --size) text += alphabet[random() % alphabet.size()];
    CsvReader reader(text, ',');
    Table table;
    while (const auto record = reader.next()) {
      table.emplace_back();
      for (const CsvCell& cell : record->cells) table.back().push_back(cell.text);
    }
    const auto expected = naive_csv(text, ',');
    INFO(json(text).dump());
    REQUIRE(reader.problem().empty() == expected.has_value());
    if (expected) REQUIRE(table == *expected);
  }
}

TEST_CASE("a CSV register damaged anywhere is refused or still survives a round trip") {
  const std::string whole =
      "id;place;killed;source.report;own\r\nA;\"x;\"\"y\"\"\r\nz\";12;R;دليل\r\nB;;;;\r\n";
  std::vector<std::string> damaged;
  for (std::size_t size = 0; size < whole.size(); ++size) damaged.push_back(whole.substr(0, size));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    damaged.push_back(whole);
    damaged.back()[bit / 8] = static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8)));
  }
  for (const std::string& text : damaged) {
    const Register read = read_register_csv(text);
    if (!read.problems.empty()) continue;
    for (const archive::Incident& incident : read.incidents) {
      INFO(text);
      REQUIRE(read_register_json(incident_to_json(incident)).incidents.at(0) == incident);
    }
  }
}
