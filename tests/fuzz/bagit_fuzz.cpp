// Whatever the tag files of a bag hold: no path leads out of the bag, a name that is encoded is decoded
// again, and nothing crashes.
#include <cstdlib>

#include "dalil/base/bytes.hpp"
#include "dalil/formats/bagit.hpp"

using namespace dalil;
using namespace dalil::formats::bagit;

namespace {

void judge_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.back() == '/' || path == ".." || path.starts_with("../") ||
      path.ends_with("/..") || path.find("/../") != path.npos)
    std::abort();
  if (decode_path(encode_path(path)) != path) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = as_chars({data + 1, size - 1});
  Findings findings;
  (void)read_declaration(bytes, findings);
  const Declaration declaration{
      .major = data[0] & 1U, .minor = 97, .encoding = static_cast<Encoding>(data[0] % 3)};
  const auto text = decode_tag_file(bytes, declaration.encoding);
  if (!text) return 0;
  for (const ManifestOf of : {ManifestOf::payload, ManifestOf::tag_files})
    for (const ManifestLine& line :
         read_manifest(*text, "manifest", of, crypto::HashKind::md5, declaration, findings)) {
      judge_path(line.path);
      if (line.digest.size() != crypto::digest_size(crypto::HashKind::md5)) std::abort();
    }
  for (const FetchLine& line : read_fetch(*text, declaration, findings)) judge_path(line.path);
  for (const Tag& tag : read_tags(*text, "bag-info.txt", findings))
    if (tag.label.empty()) std::abort();
  if (decode_path(encode_path(bytes)) != std::string(bytes)) std::abort();
  return 0;
}
