import subprocess
import sys

from sau.core.random_streams import derive_seed, numpy_generator


def test_seed_is_the_same_in_another_process_with_other_hash_seed():
    imported = "from sau.core.random_streams import derive_seed"
    code = f"{imported}; print(derive_seed('training', 0, 'views', 12))"
    outputs = {
        subprocess.check_output([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert outputs == {f"{derive_seed('training', 0, 'views', 12)}\n".encode()}


def test_names_do_not_run_together():
    assert derive_seed("a", "bc") != derive_seed("ab", "c")
    assert derive_seed("1") != derive_seed(1)


def test_seed_fits_torch_and_numpy():
    assert all(0 <= derive_seed(i) < 2**63 for i in range(1000))
    assert numpy_generator("x").integers(10) == numpy_generator("x").integers(10)
