"""A tail that cannot be filled is refused before any job, which would remove its outputs first."""

import pytest

from tests.workflow.project import results_of


@pytest.mark.slow
def test_too_few_prompts_cost_no_result(project):
    before = results_of(project.folder)
    refused = project.run(prompts__per_class=10)
    assert refused.returncode == 2
    (line,) = [line for line in refused.stderr.splitlines() if "sau: error" in line]
    assert "at imbalance factor 10 too few kept synthetic images: eight lacks 14, has 8; " in line
    assert "raise prompts.per_class to 18, or filter.keep_fraction" in line
    assert results_of(project.folder) == before
