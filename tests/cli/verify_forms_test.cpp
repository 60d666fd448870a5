#include "verify_forms.hpp"

#include <catch2/catch.hpp>

using namespace dalil;
using namespace dalil::cli;

TEST_CASE("lengths of time are numbers with units, and nothing else") {
  CHECK(parse_duration("90s")->count() == 90);
  CHECK(parse_duration("30m")->count() == 1800);
  CHECK(parse_duration("2h")->count() == 7200);
  CHECK(parse_duration("1h30m")->count() == 5400);
  CHECK(parse_duration("1d")->count() == 86'400);
  for (const char* text :
       {"", "h", "2", "2 h", "-2h", "2h3", "0s", "0h0m", "1.5h", "2y", "9999999999h", "400d"})
    CHECK(!parse_duration(text));
}

TEST_CASE("a sample is a percentage or a number of chunks") {
  CHECK(parse_sample("1%")->percent == 1);
  CHECK(parse_sample("0.25%")->percent == 0.25);
  CHECK(parse_sample("100%")->percent == 100);
  CHECK(parse_sample("3000")->chunks == 3000);
  for (const char* text : {"", "%", "0", "0%", "-1%", "101%", "nan%", "inf%", "3k", "3 ", "1e400%", "-5"})
    CHECK(!parse_sample(text));
}

TEST_CASE("a limit is never printed smaller than it is") {
  CHECK(percent_text_up(0.00993600) == "0.994 %");
  CHECK(percent_text_up(0.0099360) == "0.994 %");
  CHECK(percent_text_up(0.1) == "10.0 %");
  CHECK(percent_text_up(0.10001) == "10.1 %");
  CHECK(percent_text_up(0.000099853) == "0.00999 %");
  CHECK(percent_text_up(0.99999) == "100.0 %");
  CHECK(percent_text_up(1) == "100 %");
  for (double share = 1e-9; share < 1; share *= 1.37)
    CHECK(std::stod(percent_text_up(share)) >= share * 100 * (1 - 1e-12));
}

TEST_CASE("the statement of a sample says what was drawn of what, and of a census the numbers themselves") {
  jobs::SampleReport sample;
  sample.population = 1'234'567;
  sample.drawn = 300;
  CHECK(statement_of(sample).empty());
  sample.bad_below = jobs::bad_share_below(300, 0, 0.95);
  CHECK(statement_of(sample) == "with 95 % confidence fewer than 0.994 % of the 1,234,567 chunks are bad");
  sample.confidence = 0.999;
  CHECK(statement_of(sample).starts_with("with 99.9 % confidence"));
  sample.bad_below = 1;
  CHECK(statement_of(sample) == "so many are bad that the sample sets no limit");
  sample.census = true;
  sample.bad = 2;
  CHECK(statement_of(sample) == "every chunk was read: 2 of 1,234,567 chunks bad");
}

TEST_CASE("errors have the names that manuals know") {
  CHECK(errno_name(5) == "EIO");
  CHECK(errno_name(99'999) == "errno 99999");
}
