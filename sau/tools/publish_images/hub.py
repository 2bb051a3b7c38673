"""A data set's folder to Hugging Face's Hub, by its own client and a token of the environment."""

import importlib.util
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.core.printable import one_line
from sau.tools.publish_images.shards import FOLDER, SPLIT

log = logging.getLogger(__name__)

TOKEN = "HF_TOKEN"  # noqa: S105 - what the variable is called

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class Hub:
    """The repository of a data set on the Hub, with a token that no message repeats.

    Args:
        repository: `user/name`, or `organisation/name`.

    Raises:
        UserError: another form of name, no token in the environment, no client, or no answer.
    """

    def __init__(self, repository: str) -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise UserError(f"--push: {repository!r}; expected a repository such as user/name")
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token:
            raise UserError(
                f"--push: no token in the environment variable {TOKEN}; make one that may write at "
                "huggingface.co/settings/tokens"
            )
        if importlib.util.find_spec("huggingface_hub") is None:
            raise UserError(
                "--push: huggingface_hub is not installed: pip install 'sau-longtail[pipeline]'"
            )
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        self._repository = repository
        self._api: Any = HfApi(token=self._token)
        with self._told("the token is not taken, or the Hub cannot be reached"):
            self._api.whoami()

    def push(self, folder: Path, *, private: bool) -> str:
        """Upload a folder, in place of what the repository has of such shards.

        Args:
            folder: of the data set.
            private: whether a repository that is made for it is seen by its owner alone.

        Returns: the address of the commit.

        Raises:
            UserError: the Hub refuses it or cannot be reached.
        """
        kind = {"repo_id": self._repository, "repo_type": "dataset"}
        again = f"{folder} is whole: push it again with --replace, or by `hf upload`"
        with self._told(f"it was not uploaded; {again}"):
            self._api.create_repo(**kind, private=private or None, exist_ok=True)
            # Shards of a larger set would stay beside the new ones, and be read with them.
            commit = self._api.upload_folder(
                **kind,
                folder_path=folder,
                commit_message="Images by sau publish images",
                delete_patterns=[f"{FOLDER}/{SPLIT}-*"],
            )
        return str(commit.commit_url)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Tell what the client raises in one line, without the token."""
        from httpx2 import HTTPError

        try:
            yield
        except (HTTPError, OSError, ValueError, RuntimeError) as error:
            reason = one_line(f"{type(error).__name__}: {error}".replace(self._token, "***"))
            raise UserError(f"--push: {self._repository}: {what} ({reason})") from None
