#include "dalil/formats/sealed_index.hpp"

#include <nlohmann/json.hpp>

#include "dalil/base/text.hpp"

namespace dalil::formats {

std::string format_line(const SealedIndexLine& line) {
  nlohmann::ordered_json object = {{"object", line.object}};
  if (is_utf8(line.path)) {
    object["path"] = line.path;
  } else {
    object["path"] = escape_for_display(line.path);
    object["path_b64"] = to_base64(as_bytes(line.path));
  }
  object["sha256"] = line.digest.hex();
  object["size"] = line.size_bytes;
  if (line.modified) object["modified"] = line.modified->rfc3339_ms();
  return object.dump() + "\n";
}

}  // namespace dalil::formats
