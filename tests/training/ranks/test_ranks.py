import logging
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from sau.core.errors import ArgumentError, UserError
from sau.device.ranks import ALONE, Ranks, find_ranks, process_group, refuse_disagreement
from tests.training.ranks.pair import Pair

SECOND_OF_THREE = {"RANK": "1", "WORLD_SIZE": "3", "LOCAL_RANK": "1"}


def test_environment_says_which_process_this_is() -> None:
    assert find_ranks(3, SECOND_OF_THREE) == Ranks(1, 3, 1)
    assert not find_ranks(3, SECOND_OF_THREE).is_first
    assert find_ranks(1, {}) == Ranks()
    assert find_ranks(1, {"WORLD_SIZE": "4"}) == Ranks()
    assert Ranks().is_first


@pytest.mark.parametrize(("processes", "environment"), [(4, SECOND_OF_THREE), (1, SECOND_OF_THREE)])
def test_number_of_processes_unlike_the_launchers_is_refused(
    processes: int, environment: dict[str, str]
) -> None:
    with pytest.raises(ArgumentError, match=rf"^processes: {processes}, but 3 of them run"):
        find_ranks(processes, environment)


def test_processes_without_torchrun_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`torchrun --standalone --nproc-per-node 2` in place"):
        find_ranks(2, {})


def device_of(ranks: Ranks, name: str, *key: str) -> torch.device:
    with ranks.own_device(name, *key) as device:
        return device


def test_cuda_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="^device: cuda, but this machine has no CUDA GPU"):
        device_of(Ranks(1, 2, 1), "cuda")
    with pytest.raises(UserError, match="^training.device: cuda, but this machine has no CUDA GPU"):
        device_of(ALONE, "cuda", "training.device")
    assert device_of(Ranks(1, 2, 1), "cpu") == device_of(ALONE, "cpu") == torch.device("cpu")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two GPUs in name, with locks of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda n: SimpleNamespace(uuid=n))
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)


FIRST, SECOND = torch.device("cuda", 0), torch.device("cuda", 1)


def test_process_by_itself_takes_a_free_gpu_or_shares_one(two_gpus: None) -> None:
    taken = [ALONE.own_device("cuda") for _ in range(3)]
    with taken[0] as one, taken[1] as two, taken[2] as three:
        assert [one, two, three] == [FIRST, SECOND, FIRST]
        assert not torch.backends.cudnn.allow_tf32
        assert torch.backends.cudnn.deterministic
    assert torch.backends.cudnn.allow_tf32, "as before"
    assert not torch.backends.cudnn.deterministic, "as before"


def test_processes_share_no_gpu(two_gpus: None) -> None:
    """Whatever their numbers; another job may have the first GPU."""
    with ALONE.own_device("cuda"), Ranks(0, 2, 0).own_device("cuda") as own:
        assert own == SECOND
        with pytest.raises(UserError, match="other processes have all 2 GPUs.*--resources gpu=2"):
            device_of(Ranks(1, 2, 1), "cuda")
    with Ranks(1, 2, 1).own_device("cuda") as one, Ranks(0, 2, 0).own_device("cuda") as other:
        assert [one, other] == [FIRST, SECOND]


def test_single_process_forms_no_group() -> None:
    with process_group(Ranks(), torch.device("cpu")):
        assert not torch.distributed.is_initialized()
    refuse_disagreement(Ranks(), 3, 1)
    assert Ranks().any(True)
    assert not Ranks().any(False)


def backend_and_level(ranks: Ranks) -> tuple[str, int]:
    refuse_disagreement(ranks, 3, 1)
    return torch.distributed.get_backend(), logging.getLogger("sau").level


def test_group_is_of_gloo_on_cpus_and_the_first_process_speaks(pair: Pair) -> None:
    first, second = pair.in_group(backend_and_level)
    assert first[0] == second[0] == "gloo"
    assert first[1] < logging.ERROR == second[1]


def disagreement(ranks: Ranks) -> str:
    with pytest.raises(UserError) as error:
        refuse_disagreement(ranks, 4, ranks.rank)
    return str(error.value)


def test_checkpoint_that_differs_in_one_process_is_refused(pair: Pair) -> None:
    for message in pair.in_group(disagreement):
        assert "[[4, 0], [4, 1]]" in message


def answers(ranks: Ranks) -> list[bool]:
    return [ranks.any(ranks.rank == asked) for asked in (0, 1, 2)]


def test_agreement_of_any_needs_one_process(pair: Pair) -> None:
    assert pair.in_group(answers) == [[True, True, False]] * 2
