#pragma once

#include "dalil/media/facts.hpp"
#include "source.hpp"

namespace dalil::media {

// Readers of picture containers: size in pixels, the EXIF structure wherever it lies, and where packets of
// XMP and IPTC are. They read headers only, never pixels. A file that breaks off gives what was there before
// the break, and `problem` says so. None of them throws but for lack of memory.

void read_jpeg(Source& source, MediaFacts& facts, Packets& packets);
void read_png(Source& source, MediaFacts& facts, Packets& packets);
void read_webp(Source& source, MediaFacts& facts, Packets& packets);
void read_gif(Source& source, MediaFacts& facts, Packets& packets);
void read_bmp(Source& source, MediaFacts& facts, Packets& packets);
void read_psd(Source& source, MediaFacts& facts, Packets& packets);
/// TIFF and the raw formats built on it.
void read_tiff_file(Source& source, MediaFacts& facts, Packets& packets);
/// Fujifilm's RAF: a JPEG preview with the EXIF, at an offset that the header names.
void read_raf(Source& source, MediaFacts& facts, Packets& packets);
/// JPEG 2000 and JPEG XL in their box containers.
void read_jp2(Source& source, MediaFacts& facts, Packets& packets);

/// The IPTC block within Photoshop's image resources; empty if there is none.
Extent find_iptc(ByteView resources, std::uint64_t offset_in_source);

}  // namespace dalil::media
