#include "ffmpeg.hpp"

namespace dalil::parser {

extern "C" [[gnu::visibility("default")]] const Ffmpeg kDalilFfmpeg = {
    initialise_av,       read_av,   is_decodable,  decode_picture, decode_heif, look_at_frames,
    look_at_first_frame, listen_to, contact_sheet, first_frame,
};

}  // namespace dalil::parser
