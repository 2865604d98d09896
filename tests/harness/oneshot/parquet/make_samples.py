"""Writes the parquet files that tests read, by pyarrow: samples/ beside this file, one table in many
forms with its rows as pyarrow reads them back (rows.json), and ../hub/, the items of ../exports in the
folders and under the names in which the hub keeps them, by its own library.

    $(scripts/python_environment.sh) tests/harness/oneshot/parquet/make_samples.py
"""
import base64
import json
import shutil
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
EXPORTS = HERE.parent / "exports"
HUB = HERE.parent / "hub"

# (data set of exports, file there): where it lies on the hub; of one in several parts all are named.
PLACES = {
    "hellaswag/validation": ["hellaswag/data/validation-00000-of-00001.parquet"],
    "lambada/test": ["lambada/plain_text/test-00000-of-00001.parquet"],
    "storycloze/test": ["story_cloze/test.parquet"],
    "naturalqs/validation": ["nq_open/nq_open/validation-00000-of-00001.parquet"],
    "triviaqa/validation": ["trivia_qa/rc.wikipedia.nocontext/validation-00000-of-00001.parquet"],
    "webqs/test": ["web_questions/data/test-00000-of-00001.parquet"],
    "winograd/test": ["winograd_wsc/wsc273/test/0000.parquet"],
    "winogrande/validation": ["winogrande/winogrande_xl/validation-00000-of-00001.parquet"],
    "piqa/validation": ["piqa/plain_text/validation/0000.parquet"],
    "arc_challenge/test": ["ai2_arc/ARC-Challenge/test-00000-of-00001.parquet"],
    "arc_easy/test": ["ai2_arc/ARC-Easy/test-00000-of-00001.parquet"],
    "openbookqa/test": ["openbookqa/main/test-00000-of-00001.parquet"],
    "quac/validation": ["quac/plain_text/validation/0000.parquet"],
    "race_high/test": ["race/high/test-00000-of-00001.parquet"],
    "race_middle/test": ["race/middle/test-00000-of-00001.parquet"],
    "squadv2/validation": ["squad_v2/squad_v2/validation-00000-of-00001.parquet"],
    "coqa/validation": ["coqa/data/validation-00000-of-00001.parquet"],
    "drop/validation": [f"drop/data/validation-0000{i}-of-00002.parquet" for i in range(2)],
    "boolq/validation": ["super_glue/boolq/validation-00000-of-00001.parquet"],
    "cb/validation": ["super_glue/cb/validation-00000-of-00001.parquet"],
    "copa/validation": ["super_glue/copa/validation-00000-of-00001.parquet"],
    "rte/validation": ["super_glue/rte/validation-00000-of-00001.parquet"],
    "wic/validation": ["super_glue/wic/validation-00000-of-00001.parquet"],
    "wsc/validation": ["super_glue/wsc.fixed/validation-00000-of-00001.parquet"],
    "multirc/validation": ["super_glue/multirc/validation-00000-of-00001.parquet"],
    "record/validation": ["super_glue/record/validation-00000-of-00001.parquet"],
    "anli/test_r1": ["anli/plain_text/test_r1-00000-of-00001.parquet"],
    "anli/test_r2": ["anli/plain_text/test_r2-00000-of-00001.parquet"],
    "anli/test_r3": ["anli/plain_text/test_r3-00000-of-00001.parquet"],
}


def table():
    text, whole = pa.string(), pa.int32()
    answer = pa.struct([("text", text), ("start", whole)])
    schema = pa.schema([
        pa.field("id", pa.int64(), nullable=False),
        ("flag", pa.bool_()), ("tiny", pa.int8()), ("byte", pa.uint8()), ("small", pa.int32()),
        ("word", pa.uint32()), ("large", pa.int64()), ("huge", pa.uint64()),
        ("short_real", pa.float32()), ("real", pa.float64()), ("text", text),
        ("passage", pa.large_string()), ("nothing", pa.null()), ("words", pa.list_(text)),
        ("answers", pa.struct([("text", pa.list_(text)), ("answer_start", pa.list_(whole))])),
        ("turns", pa.list_(pa.struct([("question", text), ("answers", pa.list_(answer))]))),
        ("grid", pa.list_(pa.list_(whole))),
    ])
    rows = []
    for i in range(24):
        rows.append({
            "id": i, "flag": None if i % 5 == 4 else i % 3 == 0, "tiny": i * 11 - 128, "byte": 255 - i,
            "small": None if i % 4 == 1 else -(2**31) + i, "word": 2**32 - 1 - i % 2,
            "large": -(2**63) + i, "huge": 2**64 - 1 - i, "short_real": i / 7, "real": None if i == 2 else -i / 3,
            "text": ["", "one", "dreißig", "日本 語\n\"x\"", None, "😀"][i % 6],
            "passage": f"Passage {i // 8}. " + "A river runs. " * 3, "nothing": None,
            "words": [None, [], ["a"], ["b", None, "c"], ["a", "a"]][i % 5],
            "answers": None if i == 6 else {"text": [f"t{k}" for k in range(i % 4)],
                                            "answer_start": [k * i for k in range(i % 4)]},
            "turns": None if i == 3 else [
                {"question": f"q{k}", "answers": None if k == 2 else [
                    {"text": f"a{j}", "start": None if j == 1 else j} for j in range((i + k) % 3)]}
                if (i + k) % 7 else None for k in range(i % 4)],
            "grid": [None, [], [[]], [[1, 2], [], None, [i]], [[None], [3]]][i % 5],
        })
    return pa.Table.from_pylist(rows, schema)


FORMS = {
    "plain-1-none": dict(use_dictionary=False, compression="none"),
    "plain-1-snappy": dict(use_dictionary=False, compression="snappy"),
    "plain-2-gzip": dict(use_dictionary=False, compression="gzip", data_page_version="2.0"),
    "plain-2-zstd": dict(use_dictionary=False, compression="zstd", data_page_version="2.0"),
    "dictionary-1-gzip": dict(compression="gzip", version="1.0"),
    "dictionary-1-zstd": dict(compression="zstd", store_schema=True),
    "dictionary-2-none": dict(compression="none", data_page_version="2.0"),
    "dictionary-2-snappy": dict(compression="snappy", data_page_version="2.0"),
    "pages-1-snappy": dict(compression="snappy", row_group_size=10, data_page_size=1, write_batch_size=3,
                           dictionary_pagesize_limit=24, write_page_checksum=True,
                           use_compliant_nested_type=False),
    "pages-2-zstd": dict(compression="zstd", row_group_size=10, data_page_size=1, write_batch_size=3,
                         data_page_version="2.0", write_page_checksum=True, write_page_index=True),
}


def write_forms():
    whole = table()
    for name, options in FORMS.items():
        path = SAMPLES / f"{name}.parquet"
        options = {"store_schema": False, "write_statistics": False} | options
        pq.write_table(whole, path, **options)
        assert pq.read_table(path).to_pylist() == whole.to_pylist(), name
    rows = whole.to_pylist()
    (SAMPLES / "rows.json").write_text(
        "[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]\n")


def write_others():
    """One column or two each: what is read of maps and of many rows, and what is refused."""
    small = {"store_schema": False, "write_statistics": False, "compression": "none"}

    def write(name, columns, schema=None, **options):
        made = pa.table(columns, schema=schema) if schema else pa.table(columns)
        pq.write_table(made, SAMPLES / f"{name}.parquet", **(small | options))

    write("map", {"m": [[("a", 1), ("b", None)], [], None]},
          pa.schema([("m", pa.map_(pa.string(), pa.int64()))]))
    count = 3000
    write("many", {
        "i": list(range(count)),
        "name": [f"row {i % 7}" for i in range(count)],
        "even": [i % 2 == 0 for i in range(count)],
        "parts": [[i // 100] * (i % 4) for i in range(count)],
    }, compression="zstd", row_group_size=1100, data_page_size=512, write_batch_size=100)
    write("checksum", {"text": ["under a checksum", "x"]}, use_dictionary=False,
          write_page_checksum=True)
    write("delta", {"n": [1, 2]}, use_dictionary=False, column_encoding={"n": "DELTA_BINARY_PACKED"})
    write("delta_text", {"t": ["a", "ab"]}, use_dictionary=False,
          column_encoding={"t": "DELTA_BYTE_ARRAY"})
    write("split", {"r": [1.5, 2.5]}, use_dictionary=False,
          column_encoding={"r": "BYTE_STREAM_SPLIT"})
    write("brotli", {"n": [1, 2]}, compression="brotli")
    write("time", {"s": ["a"], "t": pa.array([0], pa.timestamp("us"))})
    write("decimal", {"d": pa.array([1], pa.decimal128(9, 2))})
    write("fixed", {"b": pa.array([b"abcd"], pa.binary(4))})
    write("bytes", {"b": pa.array([b"\xff\xfe"], pa.binary())})
    # To be damaged bit by bit: few rows of everything.
    answers = pa.struct([("text", pa.list_(pa.string())), ("start", pa.list_(pa.int32()))])
    schema = pa.schema([("id", pa.int64()), ("good", pa.bool_()), ("answers", answers)])
    rows = {"id": [1, None, 3], "good": [True, False, None],
            "answers": [{"text": ["a", "b"], "start": [3, 4]}, {"text": [], "start": []}, None]}
    write("small-1", rows, schema, compression="snappy")
    write("small-2", rows, schema, compression="zstd", data_page_version="2.0")
    write("empty", {"n": pa.array([], pa.int64())})


class PlainKms(pe.KmsClient):
    def __init__(self, _):
        super().__init__()

    def wrap_key(self, key, _):
        return base64.b64encode(key)

    def unwrap_key(self, key, _):
        return base64.b64decode(key)


def write_encrypted():
    factory = pe.CryptoFactory(PlainKms)
    for name, plain in {"encrypted": False, "encrypted_columns": True}.items():
        settings = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["n"]},
                                              plaintext_footer=plain)
        made = pa.table({"n": [1, 2]})
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), settings)
        with pq.ParquetWriter(SAMPLES / f"{name}.parquet", made.schema, store_schema=False,
                              encryption_properties=properties) as writer:
            writer.write_table(made)


def write_hub():
    for name, places in PLACES.items():
        records = [json.loads(line) for line in (EXPORTS / f"{name}.jsonl").read_text().splitlines()]
        for record in records:  # parquet has no struct without fields
            for field in [field for field, value in record.items() if value == {}]:
                del record[field]
        every = datasets.Dataset.from_list(records)
        for i, place in enumerate(places):
            (HUB / place).parent.mkdir(parents=True, exist_ok=True)
            every.shard(len(places), i, contiguous=True).to_parquet(str(HUB / place))


if __name__ == "__main__":
    datasets.disable_progress_bars()
    for folder in (SAMPLES, HUB):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    write_forms()
    write_others()
    write_encrypted()
    write_hub()
