#include "derive.hpp"
#include "records.pb.h"
#include "schema.hpp"

namespace dalil::archive {

using namespace schema;

void Deriver::apply(Seq seq, const records::VocabularyStated& stated) {
  const Row row = writer_->add_row(kVocabularies);
  writer_->set(kVocabularyName, row, as_bytes(stated.name()));
  writer_->set(kVocabularySeq, row, u64_value(seq));
}

}  // namespace dalil::archive
