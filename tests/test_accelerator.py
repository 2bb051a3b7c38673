import json
from pathlib import Path

from tests.accelerator import needs_accelerator
from tests.apart import run_apart

pytestmark = needs_accelerator


def test_strict_device_refuses_and_records_what_a_gpu_would(tmp_path: Path) -> None:
    run_apart("tests.accelerator_examples", str(tmp_path / "found.json"))
    assert json.loads((tmp_path / "found.json").read_text()) == {
        "a product of both": "RuntimeError",
        "a stack of both": "RuntimeError",
        "NumPy": "TypeError",
        "a product": "",
        "a number of the CPU": "",
        "a value": "_local_scalar_dense",
        "a truth": "_local_scalar_dense",
        "a list": "copy from the device",
        "a mask": "index by a mask",
        "places of the device": "",
        "places of the CPU": "index by places that lie on the CPU",
        "numbers": "copy to the device",
        "places in a list": "copy to the device",
        "a copy into the CPU's memory": "copy from the device",
        "draws": "multinomial",
        "an inverse": "_linalg_check_errors",
        "a copy": "copy from the device",
        "a copy that nobody waits for": "",
        "slope": [2.0, -4.0, 6.0],
    }
