"""The conformance kit: what a plugin must hold to, checked one rule at a time. kandisco's built-ins pass it in our own suite.

Example:
    In the tests of your plugin::

        import kandisco_mine
        from kandisco.testing import parametrize_with_checks

        @parametrize_with_checks(kandisco_mine)
        def test_it_conforms(check):
            check()
"""

from kandisco.testing.bases import check_basis
from kandisco.testing.commands import check_command
from kandisco.testing.datasets import check_dataset
from kandisco.testing.exporters import check_exporter
from kandisco.testing.findings import Finding, Report
from kandisco.testing.functions import check_function
from kandisco.testing.laws import check_law
from kandisco.testing.observers import check_observer
from kandisco.testing.plugin import Check, check_plugin, checks_of, parametrize_with_checks
from kandisco.testing.readers import check_reader
from kandisco.testing.refiners import check_refiner

__all__ = [
    "Check",
    "Finding",
    "Report",
    "check_basis",
    "check_command",
    "check_dataset",
    "check_exporter",
    "check_function",
    "check_law",
    "check_observer",
    "check_plugin",
    "check_reader",
    "check_refiner",
    "checks_of",
    "parametrize_with_checks",
]
