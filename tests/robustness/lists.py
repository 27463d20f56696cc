"""Lists F, D, S and X of what has to be borne: which tests try each item.

Tests whose names begin with the number of an item, such as `test_f06_…`, belong to it without being
named here.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = "tests/robustness/test_own_formats.py"
FOREIGN = "tests/robustness/test_foreign_formats.py"
DATA, RUNS, GUI = "tests/data", "tests/runs", "tests/gui"


@dataclass(frozen=True)
class Item:
    """An item of a list.

    Attributes:
        says: What is tried.
        tests: Tests that are not named by its number: file::function.
        reason: Why it, or a part of it, is not tried here.
    """

    says: str
    tests: tuple[str, ...] = ()
    reason: str = ""


def _in(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{file}::test_{name}" for name in names)


ITEMS: dict[str, Item] = {
    "F01": Item("An empty file of every kind"),
    "F02": Item("A file cut at every 64th byte and before its last one"),
    "F03": Item(
        "Flipped bits and other damage, own formats",
        (
            *_in(OWN, "no_damage_to_a_run_folder_is_believed"),
            *_in(OWN, "no_damage_of_very_many_is_believed"),
            *_in(f"{RUNS}/test_run.py", "a_flipped_bit_is_never_read_silently"),
        ),
    ),
    "F04": Item(
        "Flipped bits and other damage, foreign formats",
        _in(
            FOREIGN,
            "damage_is_refused_by_name_or_is_still_a_data_set",
            "much_damage_is_refused_by_name_or_is_still_a_data_set",
        ),
    ),
    "F05": Item(
        "A wrong ending, a web page, a pointer of Git LFS",
        _in(
            f"{DATA}/test_own.py",
            "what_is_no_data_is_refused_with_what_it_looks_like",
            "the_format_is_told_by_the_content_not_by_the_name",
        ),
    ),
    "F06": Item("Code in a pickle, in NPY, in a file of torch"),
    "F07": Item("TorchScript, torch.export, whole modules, old files of torch"),
    "F08": Item("A forged sparse tensor in a file of torch"),
    "F09": Item("A tensor that is larger than what is stored of it"),
    "F10": Item("An archive that swells a thousandfold"),
    "F11": Item("NPY with impossible shapes and strange types"),
    "F12": Item("Lists that contain each other, in a file of torch"),
    "F13": Item(
        "Hostile safetensors",
        _in(
            f"{RUNS}/test_arrays.py",
            "every_cut_of_weights_is_refused",
            "weights_of_a_type_that_numpy_lacks_are_refused",
        ),
    ),
    "F14": Item(
        "HDF5 that leads to other files, round in circles, or declares terabytes",
        (
            *_in(
                f"{DATA}/test_hdf5.py",
                "what_leads_out_of_a_file_or_is_dishonest_is_refused_by_name",
                "another_file_of_this_computer_shows_nowhere",
            ),
            *_in(f"{DATA}/test_anndata.py", "an_external_matrix_is_not_followed"),
        ),
    ),
    "F15": Item(
        "Pictures: huge, truncated, palettes, inks, 16 bits, animations, EPS, SVG",
        _in(
            f"{DATA}/test_image_folder.py",
            "every_kind_is_decoded",
            "what_is_no_picture_has_a_reason",
            "palettes_and_inks_become_colours",
            "sixteen_bits_are_scaled_to_the_white_of_the_camera",
            "of_an_animation_the_first_frame_counts",
            "a_crash_costs_the_file_not_the_load",
            "a_hanging_decoder_is_ended_and_the_others_go_on",
        ),
    ),
    "F16": Item(
        "CSV: headers, ragged rows, decimal commas, encodings, endless lines, many columns",
        _in(
            f"{DATA}/test_tables.py",
            "what_is_wrong_is_named_with_line_and_column",
            "every_delimiter_is_found",
            "packing_encoding_and_line_ends_do_not_matter",
            "a_number_that_could_be_two_is_asked_about",
            "an_endless_line_is_refused",
            "a_hundred_thousand_columns_are_read",
            "double_names_are_told_apart_and_said",
            "a_mutated_table_is_read_or_refused_and_never_breaks_its_reader",
        ),
    ),
    "F17": Item(
        "JSON: deep, long numbers, NaN, double keys, wrong types, unknown keys",
        (
            *_in(
                f"{RUNS}/test_reading.py",
                "what_is_not_strictly_json_is_refused",
                "what_is_not_utf_8_is_refused",
            ),
            *_in(f"{RUNS}/test_run.py", "a_field_of_the_wrong_kind_is_named"),
            *_in(
                f"{RUNS}/test_writer.py",
                "keys_of_a_later_version_stay_when_the_run_is_written_again",
            ),
        ),
    ),
    "F18": Item("Archives with names that lead elsewhere, or stand twice"),
    "F19": Item(
        "ONNX that keeps its weights in another file",
        _in("tests/compute/test_own_model.py", "an_onnx_file_reads_no_other_file"),
    ),
    "F20": Item(
        "A file that shrinks while it is read",
        (),
        "Arrays above 256 MB are mapped: their rows are read past the mapping, but one that "
        "shrinks in the very moment of a look through it ends the process.",
    ),
    "F21": Item(
        "Pipes, devices, sockets, folders, links to nowhere and in circles",
        (
            *_in(f"{DATA}/test_own.py", "pipes_and_absent_files_are_refused_at_once"),
            *_in(
                f"{RUNS}/test_reading.py",
                "a_fifo_is_refused_and_not_waited_for",
                "a_folder_in_the_place_of_a_file_is_refused",
            ),
            *_in(f"{DATA}/test_image_folder.py", "pipes_and_loops_are_no_pictures"),
        ),
    ),
    "F22": Item("A file that may not be read"),
    "F23": Item(
        "A file with a hole of twenty gigabytes",
        (
            *_in(f"{RUNS}/test_run.py", "no_huge_file_is_read"),
            *_in(
                f"{DATA}/test_tables.py",
                "a_sparse_file_of_twenty_gigabytes_is_refused_at_once",
            ),
        ),
    ),
    "F24": Item(
        "A run of a newer version",
        (
            *_in(f"{RUNS}/test_run.py", "a_newer_format_is_refused_with_both_versions"),
            *_in(f"{RUNS}/test_notes.py", "newer_notes_are_left_as_they_are"),
            *_in("tests/compute/test_training_resume.py", "a_newer_checkpoint_is_refused"),
        ),
        "There is one format of runs so far: nothing has to be brought up to date.",
    ),
    "F25": Item(
        "A checkpoint of another model",
        _in(
            "tests/compute/test_training_resume.py",
            "a_checkpoint_of_another_model_is_refused",
            "a_checkpoint_without_a_part_is_refused",
            "a_state_that_diverged_is_no_checkpoint",
        ),
    ),
    "F26": Item(
        "A checkpoint from another device",
        _in("tests/compute/test_training_resume.py", "the_files_are_safetensors_and_json"),
        "This machine has no accelerator; the files hold plain arrays, which know no device.",
    ),
    "D01": Item(
        "NaN and infinity in a cell, a column, everywhere",
        _in(
            f"{DATA}/test_tables.py",
            "missing_values_stop_with_counts_and_the_way_out",
            "missing_values_are_dropped_or_filled_on_request",
            "a_value_too_large_is_no_sample",
        ),
    ),
    "D02": Item(
        "Constant, nearly constant and double features",
        _in(
            f"{DATA}/test_tables.py",
            "constant_and_double_things_are_counted_and_dropped_on_request",
            "every_scaling_is_undone",
        ),
    ),
    "D03": Item("One sample, none, fewer than a batch"),
    "D04": Item(
        "200,000 features, ten million rows",
        _in(
            "tests/compute/test_samples.py",
            "more_samples_than_may_be_shown_are_chosen_at_random_in_order",
            "memory_mapped_samples_are_read_batch_by_batch",
        ),
        "Ten million rows are told of, not trained on: that takes hours here.",
    ),
    "D05": Item(
        "Labels: missing, too many, too long, of every alphabet",
        (
            *_in(f"{GUI}/test_plotting.py", "what_crashes_pyqtgraph_never_reaches_it"),
            *_in(
                f"{GUI}/test_legend.py",
                "labels_beyond_all_colours_still_have_one",
                "samples_without_a_label_are_a_grey_group_at_the_end",
            ),
        ),
    ),
    "D06": Item("1e308, denormals, large whole numbers, dates, complex numbers"),
    "D07": Item(
        "Labels and rows that do not belong together",
        _in(f"{DATA}/test_table_folders.py", "both_files_need_as_many_rows"),
    ),
    "D08": Item(
        "One, two, three and 512 latent dimensions",
        _in(f"{GUI}/test_planes.py", "one_and_two_dimensions_are_never_projected"),
    ),
    "D09": Item(
        "Labels that mean something elsewhere",
        (
            *_in("tests/cli/test_export.py", "words_of_strangers_are_only_words"),
            *_in(f"{GUI}/test_log_panel.py", "failures_and_notices_are_logged_as_plain_text"),
        ),
    ),
    "D10": Item(
        "Pictures that are not square, of odd widths, of two or five channels, of fractions",
        (
            *_in(f"{DATA}/test_numpy_arrays.py", "what_is_no_data_set_is_refused"),
            *_in(f"{GUI}/test_inspectors_parts.py", "a_picture_has_the_very_pixels_of_the_array"),
        ),
    ),
    "S01": Item(
        "Kills during checkpointing",
        (
            *_in(f"{RUNS}/test_kill.py", "killed_writers_lose_at_most_the_epoch_in_progress"),
            *_in("tests/compute/test_training_kill.py", "killed_trainings_go_on_to_the_same_bits"),
            *_in(f"{RUNS}/test_writer.py", "what_a_killed_writer_left_is_swept"),
        ),
    ),
    "S02": Item("Kills during every other kind of save"),
    "S03": Item(
        "The power fails",
        _in(f"{RUNS}/test_power.py", "what_was_promised_is_there_when_the_power_fails"),
    ),
    "S04": Item(
        "A disk that is full after so many bytes",
        _in(
            f"{RUNS}/test_atomic.py",
            "a_full_disk_leaves_the_old_file_at_every_size",
            "a_full_disk_is_one_sentence_with_path_need_and_free",
        ),
    ),
    "S05": Item(
        "Writers that take half a file for a whole one",
        (
            *_in(f"{RUNS}/test_atomic.py", "a_disk_that_gives_back_other_bytes_is_noticed"),
            *_in(f"{GUI}/test_kept_settings.py", "a_full_disk_leaves_the_old_file"),
        ),
    ),
    "S06": Item(
        "The first, second, third … call to the system fails",
        _in(
            f"{RUNS}/test_faults.py",
            "going_on_leaves_old_or_new_whichever_call_fails",
            "a_new_run_is_there_or_not_whichever_call_fails",
        ),
    ),
    "S07": Item("Bringing a file to the disk fails once"),
    "S08": Item(
        "Folders that may not be written, go, or become something else",
        _in(
            f"{RUNS}/test_writer.py",
            "a_folder_that_becomes_a_link_during_the_run_is_not_written_through",
        ),
    ),
    "S09": Item("No folder for temporary files"),
    "S10": Item(
        "Names: long, deep, with line ends, dashes, dots, undecodable bytes",
        _in(f"{RUNS}/test_atomic.py", "a_name_as_long_as_the_system_allows_can_be_written"),
    ),
    "S11": Item(
        "Two programs on one run",
        (
            *_in(
                f"{RUNS}/test_lock.py",
                "a_second_writer_is_refused_by_host_and_process",
                "a_dead_holders_lock_is_taken_over",
                "another_computers_lock_is_not_taken_over",
                "of_many_that_take_a_dead_holders_lock_one_gets_it",
            ),
            *_in(
                f"{RUNS}/test_writer.py",
                "a_second_writer_is_refused_and_the_first_not_disturbed",
            ),
        ),
    ),
    "S12": Item(
        "A run or a result that is there already",
        (
            *_in("tests/cli/test_train.py", "a_used_folder_is_refused"),
            *_in(
                f"{RUNS}/test_writer.py",
                "a_folder_with_something_in_it_is_refused_and_left_alone",
            ),
        ),
        "The window asks; on the command line -o names the file that is replaced, as a whole.",
    ),
    "S13": Item("Saves at the same time"),
    "S14": Item("A clock that jumps"),
    "S15": Item(
        "A crash between the new checkpoint and the old one",
        _in(f"{RUNS}/test_writer.py", "a_checkpoint_replaces_the_one_before_as_a_whole"),
    ),
    "S16": Item(
        "An epoch without a loss is never the best",
        _in(f"{RUNS}/test_metrics.py", "the_best_epoch_has_the_smallest_loss"),
    ),
    "S17": Item(
        "Very many epochs",
        _in(
            f"{RUNS}/test_writer.py",
            "thinning_takes_every_second_of_the_older_half_until_it_fits",
        ),
    ),
    "S18": Item(
        "A disk that does not answer",
        _in("tests/test_architecture.py", "the_import_contracts_hold"),
        "No file system that stops answering can be made here; the window's own thread reads no "
        "file of a run or of data, which the contract of imports holds.",
    ),
    "X01": Item(
        "Nothing is run, fetched, imported or written because a file says so",
        (
            *_in(FOREIGN, "damage_is_refused_by_name_or_is_still_a_data_set"),
            *_in(f"{DATA}/test_apart.py", "a_reader_writes_nowhere_else"),
        ),
    ),
    "X02": Item(
        "Dangerous words in the source",
        _in("tests/test_architecture.py", "a_dangerous_word_stands_nowhere"),
    ),
    "X03": Item(
        "Formulas in exported tables",
        (
            *_in(f"{DATA}/test_tables.py", "words_that_were_kept_from_being_formulas_come_back"),
            *_in("tests/export/test_sheets.py", "no_text_of_a_table_is_a_formula"),
        ),
    ),
    "X04": Item(
        "Links laid where files will be written",
        _in(
            f"{RUNS}/test_atomic.py",
            "a_link_laid_at_the_temporary_name_is_not_followed",
            "a_symbolic_link_is_replaced_and_its_target_left_alone",
        ),
    ),
    "X05": Item("What a run says of its maker; the rights of files"),
    "X06": Item("Versions of libraries with known holes"),
    "X07": Item(
        "A reader that passes a limit",
        _in(
            f"{DATA}/test_apart.py",
            "whatever_goes_wrong_is_one_sentence_with_the_file",
        ),
    ),
}
"""Every item by its number."""


@cache
def functions(file: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def nodes_of(number: str) -> list[str]:
    """All tests of an item: file::function."""
    found = list(ITEMS[number].tests)
    for path in sorted((ROOT / "tests" / "robustness").glob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        for name in sorted(functions(file)):
            numbers = re.match(r"test((?:_[fdsx]\d\d)+)_", name)
            if numbers and number.lower() in numbers[1].split("_"):
                found.append(f"{file}::{name}")
    return found
