import pytest
import torch

from sau.device.repeatable import repeatable


def test_repeatable_restores_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # As it is in a new process; benchmarks, whose tests may have run in this one, leave it off.
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    before = torch.get_num_threads()
    with pytest.raises(KeyError), repeatable(1):
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
        raise KeyError
    assert torch.get_num_threads() == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.allow_tf32
