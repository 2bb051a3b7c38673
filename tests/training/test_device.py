import pytest
import torch

from sau.training.device import repeatable


def test_repeatable_restores_what_it_found() -> None:
    before = torch.get_num_threads()
    assert torch.backends.cudnn.allow_tf32
    with pytest.raises(KeyError), repeatable(1):
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
        raise KeyError
    assert torch.get_num_threads() == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.allow_tf32
