"""A tail that cannot be filled is refused before any job, which would remove its outputs first."""

import pytest

from tests.workflow.project import results_of


@pytest.mark.slow
def test_too_few_prompts_cost_no_result(project):
    before = results_of(project.folder)
    refused = project.run(prompts__per_class=10)
    assert refused.returncode == 2
    assert "nine lacks 14, has 8; raise prompts.per_class to 18" in refused.stderr
    assert results_of(project.folder) == before
