"""Reader of the CloudFormation template: short tags become the functions they stand for, comments go."""

import json
from pathlib import Path
from typing import Any

import yaml

from oratio.errors import InvalidInput, TooLarge

MAX_CHARS = 1_000_000
"""CloudFormation's limit of one template."""


def template_path() -> Path:
    """Return the template of an installed wheel, or of this checkout.

    Raises:
        InvalidInput: It is in neither.
    """
    here = Path(__file__).resolve()
    for path in (here.with_name("template.yaml"), here.parents[4] / "deployments" / "aws" / "template.yaml"):
        if path.is_file():
            return path
    raise InvalidInput("this installation has no CloudFormation template", hint="install Oratio again")


class _Loader(yaml.SafeLoader):
    """YAML loader for `!Ref`, `!GetAtt`, `!Sub`, ..."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def read_template(path: Path) -> dict[str, Any]:
    """Return the template as one tree of plain values."""
    tree = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader with CloudFormation's tags
    assert isinstance(tree, dict)
    return tree


def template_body(tree: dict[str, Any]) -> str:
    """Return the template for CloudFormation's API, without what only its console and its linter read.

    Raises:
        TooLarge: It is longer than CloudFormation takes.
    """
    resources = {name: _without_metadata(entry) for name, entry in tree["Resources"].items()}
    said = {
        part: {name: _undescribed(entry) for name, entry in tree[part].items()} for part in ("Parameters", "Outputs")
    }
    body = json.dumps({**_without_metadata(tree), **said, "Resources": resources}, separators=(",", ":"))
    if len(body) > MAX_CHARS:
        raise TooLarge(f"the template has {len(body)} characters, and CloudFormation takes {MAX_CHARS}")
    return body


def _without_metadata(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "Metadata"}


def _undescribed(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "Description"}
