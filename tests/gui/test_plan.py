"""Plan: what Train would start with, as the mapping of run.json."""

from dataclasses import replace
from typing import Any

import pytest

from aeviz.gui.plan import Plan
from tests.gui.offers import ROWS


@pytest.fixture
def plan(qapp: Any) -> Plan:
    return Plan(ROWS)


def changes(plan: Plan) -> list[int]:
    counted: list[int] = []
    plan.changed.connect(lambda: counted.append(1))
    return counted


def test_a_new_plan_says_only_names_seed_and_device(plan: Plan) -> None:
    assert plan.settings() == {
        "data": {"name": "digits"},
        "model": {"name": "vae"},
        "train": {},
        "seed": 0,
        "device": "auto",
    }


def test_only_what_differs_from_the_defaults_is_kept(plan: Plan) -> None:
    plan.set_values("train", {"epochs": 30, "lr": 0.01, "unknown": 1})
    assert plan.settings()["train"] == {"lr": 0.01}


def test_a_model_changes_the_defaults_of_the_training(plan: Plan) -> None:
    plan.set_model("linear")
    assert plan.defaults("train")["lr"] == 0.01
    plan.set_values("train", {"lr": 0.01})
    assert plan.settings()["train"] == {}
    plan.set_values("train", {"lr": 0.001})
    assert plan.settings()["train"] == {"lr": 0.001}


def test_another_model_keeps_the_options_that_both_have(plan: Plan) -> None:
    plan.set_values("model", {"latent_dim": 3, "beta": 4.0})
    plan.set_model("linear")
    assert plan.settings()["model"] == {"name": "linear", "latent_dim": 3}


def test_a_preset_sets_everything_it_names_and_is_forgotten_by_a_change(plan: Plan) -> None:
    plan.set_preset("lecture")
    assert plan.settings()["data"] == {"name": "mnist"}
    assert plan.settings()["model"] == {"name": "vae", "beta": 4.0, "widths": (512, 256)}
    assert plan.preset == "lecture"
    plan.set_values("train", {"epochs": 5})
    assert plan.preset == ""


def test_the_settings_of_a_run_are_taken_over_as_far_as_they_are_known(plan: Plan) -> None:
    plan.set_settings(
        {
            "data": {"name": "moons", "noise": 0.2},
            "model": {"name": "plugin-model", "beta": "wild", "latent_dim": 4},
            "train": {"epochs": 30, "schedule": "zigzag", "validation": 0.0},
            "seed": 9,
        }
    )
    assert plan.settings() == {
        "data": {"name": "moons", "noise": 0.2},
        "model": {"name": "vae", "latent_dim": 4},
        "train": {"validation": 0.0},
        "seed": 9,
        "device": "auto",
    }


def test_equal_values_announce_nothing(plan: Plan) -> None:
    counted = changes(plan)
    plan.set_data("digits")
    plan.set_model("vae")
    plan.set_values("train", {"epochs": 30})
    plan.set_seed(0)
    plan.set_device("auto")
    plan.set_preset("")
    assert counted == []
    plan.set_seed(1)
    assert counted == [1]


def test_a_model_that_cannot_take_the_data_says_why(plan: Plan) -> None:
    flow = ROWS.model("flow")
    assert plan.unsuited(flow) == "Flow takes tables; Handwritten digits has none."
    assert plan.out_of_reach(flow) == plan.unsuited(flow)
    plan.set_data("moons")
    assert plan.unsuited(flow) == ""


def test_a_model_brings_a_data_set_where_it_cannot_take_the_chosen_one(qapp: object) -> None:
    flow = replace(ROWS.model("flow"), settings={"data": {"name": "moons"}})
    plan = Plan(replace(ROWS, models=(*ROWS.models[1:], flow)))
    assert plan.out_of_reach(flow) == ""
    plan.set_model("flow")
    assert (plan.data.name, plan.model.name) == ("moons", "flow")
    plan.set_model("vae")
    assert plan.data.name == "moons", "what suits stays"
