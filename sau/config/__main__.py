"""`python -m sau.config` prints the config's JSON schema as YAML, as it is committed."""

import yaml

from sau.config.schema import json_schema

if __name__ == "__main__":
    print("# Made by `make schema` from the typed sections in sau/; a test keeps the two equal.")
    print(yaml.safe_dump(json_schema(), sort_keys=False, width=100, allow_unicode=True), end="")
