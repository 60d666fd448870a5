#pragma once

#include "dalil/archive/model.hpp"
#include "records.pb.h"

/// Between the words of the domain and the messages that ledger entries hold.
namespace dalil::archive {

records::Incident to_record(const Incident& incident);
Incident from_record(const records::Incident& record);

records::VolumeStated to_record(const Volume& volume);
/// Without the derived fields.
Volume from_record(const records::VolumeStated& record);

void fill_record(records::CopySeen& record, const Copy& copy);
Copy from_record(const records::CopySeen& record);

records::Run to_record(const RunSummary& run);
RunSummary from_record(const records::Run& record);

/// Error(corrupt) if the content is not a record; Error(unsupported) if it is of a kind that this version
/// lacks.
records::Record parse_record(ByteView content, ledger::Seq seq);
Bytes serialize(const records::Record& record);

/// One line for a person: what the entry says, names escaped.
std::string summarize(const records::Record& record);

}  // namespace dalil::archive
