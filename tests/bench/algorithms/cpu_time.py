# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark measure: CPU seconds, so that a busy machine moves both sides."""
import time


def cpu(work):
    """The answer of `work`, and its CPU seconds."""
    start = time.process_time()
    answer = work()
    return answer, time.process_time() - start
