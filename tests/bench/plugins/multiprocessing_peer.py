# SPDX-License-Identifier: Apache-2.0
"""What Python's multiprocessing does on the same work: bytes to a child, which adds the doubles up with NumPy and
answers the sum. Prints JSON."""
import json
import multiprocessing
import sys
import time

import numpy


def child(connection):
    while True:
        try:
            values = numpy.frombuffer(connection.recv_bytes(), dtype=numpy.float64)
        except EOFError:
            return
        connection.send(float(values.sum()))


def measure(size, rounds):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    payload = numpy.full(size // 8, 0.5).tobytes()
    times = []
    for index in range(rounds + rounds // 10 + 1):
        start = time.perf_counter()
        ours.send_bytes(payload)
        ours.recv()
        if index > rounds // 10:
            times.append((time.perf_counter() - start) * 1e6)
    ours.close()
    process.join(5)
    times.sort()
    return {"p50_us": times[len(times) // 2], "p90_us": times[int(0.9 * (len(times) - 1))], "best_us": times[0],
            "calls": len(times)}


def main():
    rounds = int(sys.argv[1])
    sizes = [4 << 10, 64 << 10, 1 << 20, 64 << 20]
    print(json.dumps({size: measure(size, rounds if size <= 1 << 20 else max(5, rounds // 50)) for size in sizes}))


main()
