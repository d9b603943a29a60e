"""One thread that spins in a cgroup until it has used so much CPU time; run as a script.

It says `ready`, reads the moment to start, goes into its cgroup, waits for that moment, spins, and
says when it was done, in seconds of the machine's monotonic clock. It ignores Ctrl-C: whoever
started it ends it.
"""

import os
import signal
import sys
import time


def main() -> None:
    """Arguments: the file cgroup.procs, CPU numbers, core-seconds of work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    procs, cpus, work = sys.argv[1], sys.argv[2], float(sys.argv[3])
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    print("ready", flush=True)
    start = float(sys.stdin.readline())
    with open(procs, "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    time.sleep(max(0.0, start - time.monotonic()))
    until = time.thread_time() + work
    while time.thread_time() < until:
        pass
    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
