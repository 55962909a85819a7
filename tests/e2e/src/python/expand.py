"""Makes plain CloudFormation of the SAM template: `expand.py TEMPLATE CODE`, the result on standard output.

CODE is a JSON file: for each architecture, for each function by its logical id, the file name of its zip.
SAM's own translator does the work, the one that the SAM CLI has for `sam validate`. Its result differs from what
SAM deploys in where the code is (a bucket and a prefix, two parameters), and in a tag that says that SAM made it.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

Template = dict[str, Any]
FUNCTION = "AWS::Serverless::Function"
PARAMETERS: Template = {
    "CodeBucket": {
        "Type": "String",
        "Description": (
            "S3 bucket, in the region of this stack, that has the zips of the gate's functions, as they are in the "
            "release's folder functions/."
        ),
        "AllowedPattern": r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "ConstraintDescription": "must be the name of an S3 bucket",
    },
    "CodePrefix": {
        "Type": "String",
        "Description": "What the keys of these zips begin with, ending in /. Empty means nothing.",
        "Default": "countersign/",
        "AllowedPattern": r"^([A-Za-z0-9!_.*'()/-]{1,200}/)?$",
        "ConstraintDescription": "must be empty or end in /",
    },
}
MADE_BY = {"Key": "lambda:createdBy", "Value": "SAM"}


class Unfit(Exception):
    """The template has something that cannot be made plain here."""


def expand(template: Template, code: dict[str, dict[str, str]]) -> Template:
    """The template without a transform, in which the functions' code is found by `code`."""
    source = copy.deepcopy(template)
    functions = {name for name, it in source["Resources"].items() if it["Type"] == FUNCTION}
    for architecture, files in code.items():
        if set(files) != functions:
            raise Unfit(f"{architecture}: the template has the functions {sorted(functions)}, not {sorted(files)}")
    for name in functions:
        resource = source["Resources"][name]
        # It says how SAM builds the function.
        resource.pop("Metadata", None)
        resource["Properties"]["CodeUri"] = {
            "Bucket": {"Ref": "CodeBucket"},
            "Key": key({architecture: files[name] for architecture, files in code.items()}),
        }
    # Whatever it finds a value for, such as a default, the translator may put in the place of the reference.
    parameters = source.pop("Parameters")
    plain = Translator({}, Parser()).translate(source, {})
    plain.pop("Transform", None)
    check(template, plain, functions)
    for name in functions:
        properties = plain["Resources"][name]["Properties"]
        tags = [tag for tag in properties.pop("Tags", []) if tag != MADE_BY]
        if tags:
            properties["Tags"] = tags
    # What is not there cannot be chosen.
    parameters["Architecture"]["AllowedValues"] = sorted(code, reverse=True)
    plain["Parameters"] = {**PARAMETERS, **parameters}
    groups = plain["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    groups.insert(0, {"Label": {"default": "Code of the gate"}, "Parameters": list(PARAMETERS)})
    if len(code) > 1:
        plain["Conditions"] = {**plain["Conditions"], "RunsOnArm": {"Fn::Equals": [{"Ref": "Architecture"}, "arm64"]}}
    order = [
        "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Conditions", "Resources",
        "Outputs",
    ]  # fmt: skip
    surplus = set(plain) - set(order)
    if surplus:
        raise Unfit(f"sections that are not known here: {sorted(surplus)}")
    return {section: plain[section] for section in order if section in plain}


def key(files: dict[str, str]) -> Template:
    """Where a function's zip is. A mapping would be the usual way, but its keys take no underscore: x86_64."""
    if len(files) == 1:
        (file,) = files.values()
        return {"Fn::Sub": "${CodePrefix}" + file}
    if set(files) != {"x86_64", "arm64"}:
        raise Unfit(f"architectures that are not known here: {sorted(files)}")
    return {"Fn::Sub": ["${CodePrefix}${File}", {"File": {"Fn::If": ["RunsOnArm", files["arm64"], files["x86_64"]]}}]}


def check(template: Template, plain: Template, functions: set[str]) -> None:
    """Nothing but the functions may be changed, nothing of SAM be left, and each reference still be one."""
    left = sorted(name for name, it in plain["Resources"].items() if it["Type"].startswith("AWS::Serverless"))
    if left:
        raise Unfit(f"still SAM's: {left}")
    changed = [
        name
        for name, resource in template["Resources"].items()
        if name not in functions and plain["Resources"].get(name) != resource
    ]
    if changed:
        raise Unfit(f"changed by the translator: {changed}")
    for section in ("Rules", "Conditions", "Outputs"):
        if plain.get(section) != template.get(section):
            raise Unfit(f"changed by the translator: {section}")
    shared = {"Globals": template.get("Globals"), **{name: template["Resources"][name] for name in functions}}
    made = {name: it for name, it in plain["Resources"].items() if name in functions or name not in template["Resources"]}
    lost = references(shared) - references(made)
    if lost:
        raise Unfit(f"the translator put values in the place of references to {sorted(lost)}")


def references(node: Any) -> set[str]:
    """What is referred to by Ref."""
    if isinstance(node, list):
        return {name for each in node for name in references(each)}
    if not isinstance(node, dict):
        return set()
    found = {node["Ref"]} if set(node) == {"Ref"} else set()
    return found | {name for each in node.values() for name in references(each)}


def main() -> None:
    """Reads the two files and prints the template."""
    template, code = (Path(name) for name in sys.argv[1:])
    read = yaml_parse(template.read_text())
    print(json.dumps(expand(read, json.loads(code.read_text())), indent=1))


if __name__ == "__main__":
    main()
