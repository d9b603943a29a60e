"""Serve a list of jobs by SimGrid; run by a Python that has it (Debian: python3-simgrid).

Reads `{"works": [...], "gaps": [...]}` from standard input, and writes CPU seconds and sojourns.
It stands alone: nothing of berthsim is imported, and SimGrid need not be in its environment.
"""

import json
import sys
import time

from simgrid import Actor, Engine, NetZone, this_actor


def main() -> None:
    """Each job is an actor that executes its work on one core of speed 1."""
    jobs = json.load(sys.stdin)
    engine = Engine([sys.argv[0], "--log=root.threshold:error"])
    zone = NetZone.create_full_zone("zone")
    host = zone.create_host("host", 1.0)
    zone.seal()
    ends = [0.0] * len(jobs["works"])

    def job(number: int, work: float, begun: float) -> None:
        this_actor.execute(work)
        ends[number] = Engine.clock - begun

    def arrivals() -> None:
        for number, (gap, work) in enumerate(zip(jobs["gaps"], jobs["works"])):  # noqa: B905
            if gap:
                this_actor.sleep_for(gap)
            Actor.create("job", host, job, number, work, Engine.clock)

    Actor.create("arrivals", host, arrivals)
    begun = time.process_time()
    engine.run()
    json.dump({"cpu_s": time.process_time() - begun, "sojourns": ends}, sys.stdout)


if __name__ == "__main__":
    main()
