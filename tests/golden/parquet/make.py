"""Writes the Parquet files and expected.csv of this folder (pyarrow and pandas at the versions in README.md)."""
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
FORMULAS = ["Fe2O3", "NaCl", None, "", "Xx2O3", "Ba0.4K0.6Fe2As2", "(NH4)2SO4", "NaN"]
ROWS = 20_000

formula = [FORMULAS[i % len(FORMULAS)] for i in range(ROWS)]
gap = [None if i % 7 == 3 else i / 8 for i in range(ROWS)]
sites = [None if i % 11 == 5 else i - 100 for i in range(ROWS)]
table = pa.table({
    "note": pa.array([f"row {i}" for i in range(ROWS)]),
    "formula": pa.array(formula, pa.string()),
    "material_id": pa.array([f"mp-{i}" for i in range(ROWS)]),
    "gap": pa.array(gap, pa.float64()),
    "gap32": pa.array(gap, pa.float32()),
    "sites": pa.array(sites, pa.int64()),
    "count": pa.array([(2**32 - 1 - i) for i in range(ROWS)], pa.uint32()),
    "is_metal": pa.array([i % 2 == 0 for i in range(ROWS)]),
    "tags": pa.array([[i] for i in range(ROWS)], pa.list_(pa.int32())),
})
for codec in ["none", "snappy", "gzip", "lz4", "zstd"]:
    small = table.slice(0, 1000)
    pq.write_table(small, HERE / f"{codec}.parquet", compression=codec, row_group_size=300, store_schema=False)
pq.write_table(table.select(["formula", "gap", "sites"]), HERE / "long.parquet", compression="zstd", row_group_size=15_000)
pq.write_table(table.slice(0, 1000), HERE / "v2.parquet", compression="zstd", data_page_version="2.0",
               use_dictionary=False, version="2.6", column_encoding={"gap": "BYTE_STREAM_SPLIT", "sites": "DELTA_BINARY_PACKED",
               "formula": "DELTA_BYTE_ARRAY"})
table.slice(0, 1000).to_pandas()[["formula", "material_id", "gap", "sites"]].to_parquet(HERE / "pandas.parquet")
pd.DataFrame({"id": range(3), "formula": ["Fe", "O2", "H2O"]}).to_parquet(HERE / "integer_id.parquet")

frame = pq.read_table(HERE / "none.parquet", columns=["formula", "material_id", "gap", "sites", "count", "is_metal"]).to_pandas()
frame["sites"] = frame["sites"].astype("Int64")
frame.to_csv(HERE / "expected.csv", index=False)
