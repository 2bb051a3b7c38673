"""What Snakemake makes before there is something to train."""

import dataclasses
import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sau.config import Config
from sau.core.errors import UserError
from scripts.slices.grid import Run, is_balanced


@dataclasses.dataclass(frozen=True)
class EarlyStages:
    """Where Snakemake puts what training reads, below the results folder."""

    results: Path
    shards: int

    def train(self) -> Path:
        """Return the real training images."""
        return self.results / "dataset" / "train.parquet"

    def test(self) -> Path:
        """Return the test images."""
        return self.results / "dataset" / "test.parquet"

    def synthetic(self) -> list[Path]:
        """Return the shards of the synthetic images."""
        return [self.results / "images" / f"shard-{n}.parquet" for n in range(self.shards)]

    def members(self, factor: str, data_seed: int) -> dict[str, Path]:
        """Return the lists of members of one training set: real, validation and synthetic."""
        place = Path(f"imbalance-{factor}") / f"data-seed-{data_seed}"
        return {
            "real": self.results / "subset" / place / "real.parquet",
            "validation": self.results / "subset" / place / "validation.parquet",
            "synthetic": self.results / "complement" / place / "synthetic.parquet",
        }

    @classmethod
    def of(cls, config: Config) -> "EarlyStages":
        """Return the places that a config names."""
        return cls(Path(config.experiment.results), config.image_shards())


def make_early_stages(config: Config, config_file: Path, runs: Sequence[Run], cores: int) -> None:
    """Let Snakemake make what runs read, as far as it is not there.

    Raises:
        UserError: Snakemake failed, which it explains itself.
    """
    stages = EarlyStages.of(config)
    targets = dict.fromkeys([stages.train(), stages.test()])
    for run, seed in itertools.product(runs, config.experiment.data_seeds):
        lists = stages.members(run.imbalance_factor, seed)
        wanted = lists if is_balanced(config, run) else {"real", "validation"}
        targets |= dict.fromkeys(path for name, path in lists.items() if name in wanted)
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
    command += ["--configfile", str(config_file), "--", *map(str, targets)]
    if subprocess.run(command, check=False).returncode != 0:
        raise UserError(f"{config_file}: Snakemake could not make what is to be packed; see above")
