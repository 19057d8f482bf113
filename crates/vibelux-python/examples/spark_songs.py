"""Songs to vectors on Spark: a file with a path a line to Parquet files.

    spark-submit spark_songs.py paths.txt out/       # then: vibelux import parquet out/
"""

import sys

import pandas
from pyspark.sql import SparkSession

COLUMNS = (
    "path string, vector array<float>, model string, duration_seconds double, loudness_lufs float, sound string, "
    "error string, failure string, size_bytes long, modified_nanoseconds long, title string, artist string, "
    "album string, genre string, year int, lossless boolean, bitrate_kbps long"
)


def embed(batches):
    import vibelux

    embedder = vibelux.Embedder(jobs=1)
    for batch in batches:
        table = embedder.table(list(batch["value"]))
        # Objects, so that what is missing stays nothing and whole numbers stay whole.
        yield pandas.DataFrame({**table, "vector": list(table["vector"])}, dtype=object)


spark = SparkSession.builder.appName("vibelux").getOrCreate()
paths = spark.read.text(sys.argv[1]).repartition(2 * spark.sparkContext.defaultParallelism)
paths.mapInPandas(embed, COLUMNS).write.mode("overwrite").parquet(sys.argv[2])
