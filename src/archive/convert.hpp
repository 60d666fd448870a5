#pragma once

#include "dalil/archive/model.hpp"
#include "dalil/archive/source.hpp"
#include "records.pb.h"

/// Between the words of the domain and the messages that ledger entries hold.
namespace dalil::archive {

records::Incident to_record(const Incident& incident);
Incident from_record(const records::Incident& record);
/// Of a row of the incidents: tells whether the token that led to it was right.
std::string incident_id(ByteView record);

records::VolumeStated to_record(const Volume& volume);
records::DriveStated to_record(const Drive& drive);
Drive from_record(const records::DriveStated& record);

/// Error(corrupt) if it asks for more places than copies.
Policy from_record(const records::PolicyStated& record);

/// Without the derived fields.
Volume from_record(const records::VolumeStated& record);
std::string volume_label(ByteView record);

/// At most a thousand of its pieces.
records::Repaired to_record(const Repair& repair);
Repair from_record(const records::Repaired& record);

void fill_record(records::CopySeen& record, const Copy& copy);
Copy from_record(const records::CopySeen& record);
/// Absent where the content lies on the volume as it is.
std::optional<StoredForm> stored_form(const records::CopySeen& record);

/// Error(corrupt) for a consent scope that this version does not know.
Source from_record(const records::SourceStated& record);
/// Of a row of the sources.
Source source_from(ByteView record);
SourceIdentity from_record(const records::SourceIdentity& record);

/// Without the exceptions, of which there may be many.
records::Run to_record(const RunSummary& run);
records::VerificationBegun to_record(const VerificationPass& pass);
VerificationPass from_record(const records::VerificationBegun& record, Seq seq);
void add_exception(records::Run& record, const RunSummary::Exception& exception);
/// With those exceptions that are in this record.
RunSummary from_record(const records::Run& record);

/// Error(corrupt) if the content is not a record; Error(unsupported) if it is of a kind that this version
/// lacks.
records::Record parse_record(ByteView content, ledger::Seq seq);
Bytes serialize(const records::Record& record);
/// The same for records that hold people's words. Error(invalid) if they are no UTF-8: Protocol Buffers write
/// any bytes as text and refuse to read them, so such an entry would be lost.
Bytes serialize_text(const records::Record& record);

}  // namespace dalil::archive
