// From records to items, a function a data set (or several that are published alike). Each takes
// the publisher's own fields and those of the hub's exports; which fields an item gets is in
// docs/scoring.md, "Public task data". InputError naming the record's place and the field.
#pragma once
#include <span>

#include "harness/oneshot/datasets/data_item.h"

namespace isoloss {

// choice_readers.cpp: one of several texts is right.
void read_hellaswag(std::span<const DataRecord> records, ItemList& items);
void read_storycloze(std::span<const DataRecord> records, ItemList& items);
void read_piqa(std::span<const DataRecord> records, ItemList& items);
void read_lettered_choices(std::span<const DataRecord> records,
                           ItemList& items);  // ARC, OpenBookQA
void read_copa(std::span<const DataRecord> records, ItemList& items);

// pronoun_readers.cpp: what a gap or a pronoun stands for.
void read_winogrande(std::span<const DataRecord> records, ItemList& items);
void read_winograd(std::span<const DataRecord> records, ItemList& items);
void read_wsc(std::span<const DataRecord> records, ItemList& items);

// judgement_readers.cpp: a statement is true, or one follows from another.
void read_boolq(std::span<const DataRecord> records, ItemList& items);
void read_cb(std::span<const DataRecord> records, ItemList& items);
void read_rte(std::span<const DataRecord> records, ItemList& items);
void read_wic(std::span<const DataRecord> records, ItemList& items);
void read_anli(std::span<const DataRecord> records, ItemList& items);

// passage_readers.cpp: choices about a passage.
void read_race(std::span<const DataRecord> records, ItemList& items);
void read_multirc(std::span<const DataRecord> records, ItemList& items);
void read_record(std::span<const DataRecord> records, ItemList& items);

// answer_readers.cpp: an answer is written, without a passage.
void read_lambada(std::span<const DataRecord> records, ItemList& items);
void read_triviaqa(std::span<const DataRecord> records, ItemList& items);
void read_naturalqs(std::span<const DataRecord> records, ItemList& items);
void read_webqs(std::span<const DataRecord> records, ItemList& items);

// span_readers.cpp and conversation_readers.cpp: an answer is written about a passage.
void read_drop(std::span<const DataRecord> records, ItemList& items);
void read_squadv2(std::span<const DataRecord> records, ItemList& items);
void read_coqa(std::span<const DataRecord> records, ItemList& items);
void read_quac(std::span<const DataRecord> records, ItemList& items);

}  // namespace isoloss
