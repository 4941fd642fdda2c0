"""An observer of runs: says on standard error which stages took longest. It sees and never changes."""

import sys

from kandisco import hookimpl
from kandisco.specs import Observer


class Template(Observer):
    def __init__(self):
        self.seconds = {}

    def stage_finished(self, stage, record):
        self.seconds[stage] = self.seconds.get(stage, 0.0) + record.seconds

    def run_finished(self, result):
        for stage in sorted(self.seconds, key=self.seconds.get, reverse=True)[:3]:
            print(f"{stage}: {self.seconds[stage]:.2f} s", file=sys.stderr)


@hookimpl
def kandisco_observers(run):
    return [Template()]  # a fresh one for each run
