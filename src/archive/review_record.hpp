#pragma once

#include "dalil/archive/review.hpp"
#include "records.pb.h"

namespace dalil::archive {

/// Without what it is of. Error(invalid) for what cannot be: a time that ends before it begins, a place that
/// is nowhere, nothing at all.
records::ReviewStated to_record(const Review& review);
/// Error(corrupt) for what `to_record` would not write.
Review from_record(const records::ReviewStated& record);

}  // namespace dalil::archive
