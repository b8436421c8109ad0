"""Asks Spark: statements as a JSON list on stdin, their rows as a JSON list on stdout.

`ask_spark.py DIR` reads the Parquet files of a lake, on a cluster of a master, two executors and this
driver. It runs with the Python of the engines and needs nothing of ours.
"""

import json
import os
import sys
from pathlib import Path

import pyspark


def main() -> None:
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(Path(pyspark.__file__).parent), "SPARK_LOCAL_IP": "127.0.0.1"}  # fmt: skip
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        # A day stays a text.
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.worker.cleanup.enabled": "true",
    }
    building = SparkSession.builder.master("local-cluster[2,1,1024]").appName("lake")
    for name, value in settings.items():
        building = building.config(name, value)
    spark = building.getOrCreate()
    statements = json.load(sys.stdin)
    files = spark.read.option("basePath", sys.argv[1]).parquet(f"{sys.argv[1]}/eventday=*")
    files.createOrReplaceTempView("events")
    answers = [[list(row) for row in spark.sql(each).collect()] for each in statements]
    # The driver is among those that hold blocks.
    executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
    spark.stop()
    json.dump({"executors": executors, "answers": answers}, sys.stdout, default=_time)


def _time(moment):
    return moment.isoformat()


if __name__ == "__main__":
    main()
