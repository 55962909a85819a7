"""Facts that a test has this AWS do otherwise: none is missing that `doctor` judges. That `doctor` finds each is shown end to end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import LocalAws

from countersign_local_aws import otherwise

ROOT = Path(__file__).parents[3]
# What the gate makes of all others, and a profile's validity, of which none is wrong.
_NOT_DONE_OTHERWISE = {"gate-verdict", "gate-prepared", "validity"}


def test_every_fact_that_doctor_judges_can_be_done_otherwise() -> None:
    format_facts = (ROOT / "shared/package/src/format/facts.rs").read_text()
    graded = re.findall(r'FormatFact::new\(\s*"([a-z0-9-]+)",\s*Grade::(\w+)', format_facts)
    judged = {name for name, grade in graded if grade != "Open"}
    judged |= set(re.findall(r'id: "([a-z0-9-]+)"', (ROOT / "shared/gate/src/probe/facts.rs").read_text()))
    assert len(judged) > 40
    assert otherwise.FACTS == judged - _NOT_DONE_OTHERWISE


def test_misspelt_fact_is_refused(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"otherwise": "armour,one-signer"})
    assert otherwise.FACTS >= {"armour", "one-signer"}
    with pytest.raises(LookupError):
        otherwise.does("armor")
    with pytest.raises(ValueError, match="armor"):
        otherwise.check("armor,one-signer")
