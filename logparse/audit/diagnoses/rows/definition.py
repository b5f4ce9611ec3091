"""The text of a solver's or a net's definition: what protobuf cannot read, what a build does not know, what the
solver refuses."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import MEDIUM, Diagnosis
from logparse.audit.diagnoses.rows.forks import fork_of_field, fork_of_type, meant_field, meant_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

_FILE: Final = r"ReadProtoFromTextFile.*Failed to parse (?P<what>Net|Solver)Parameter file: (?P<path>.*)"
_AT: Final = r"Error parsing text-format caffe\.\w+: (?P<line>\d+):(?P<column>\d+): "
_F: Final = "F upgrade_proto.cpp] Check failed: ReadProtoFromTextFile(param_file, param) Failed to parse NetParameter file: n.prototxt"
_PROTO: Final = (
    "[libprotobuf ERROR google/protobuf/text_format.cc:337] Error parsing text-format caffe.NetParameter: 7:3: "
)
_NO_FIELD: Final = r'Message type "caffe\.(?P<message>\w+)" has no field named "(?P<field>\w+)"'
_UNKNOWN: Final = r"Unknown layer type: (?P<type>\S+)(?: \(known types: (?P<known>.*))?"
_FACTORY: Final = "F layer_factory.hpp] Check failed: registry.count(type) == 1 (0 vs. 1) Unknown layer type: "


def _fork_of_field(scene: Scene) -> str:
    return fork_of_field(scene.more["field"])


def _field(scene: Scene) -> Mapping[str, str]:
    field = scene.more["field"]
    meant = meant_field(field)
    return {"fork": fork_of_field(field), "perhaps": f"; spelt most alike is {meant!r}" if meant else ""}


def _known(scene: Scene) -> tuple[str, ...]:
    listed: str | None = scene.match["known"]
    return tuple(re.findall(r"\w+", listed or ""))


def _type(scene: Scene) -> Mapping[str, str]:
    name = scene.match["type"]
    meant = meant_type(name, _known(scene))
    known = len(_known(scene))
    return {
        "fork": fork_of_type(name),
        "perhaps": f"; spelt most alike is {meant!r}" if meant else "",
        "listed": f" It lists {formats.count(known)} types that it has." if known else "",
        "where": f" of {scene.layer_text}" if scene.layer_name else "",
    }


def _is_type(scene: Scene, *, of_fork: bool) -> bool:
    name = scene.match["type"]
    alike = meant_type(name, _known(scene)).lower() == name.lower()
    return name != "Python" and (bool(fork_of_type(name)) and not alike) is of_fork


def _at(what: str, form: str, meaning: str, remedy: str, *samples: str) -> Diagnosis:
    """A fault of the text at a line and column, by protobuf's own words."""
    return Diagnosis(
        "D1",
        what,
        _FILE,
        "{path} cannot be read: line {line}, column {column}: " + meaning,
        "protobuf names the place where it gave up; the fault stands there or just before.",
        remedy,
        tuple(f"{_PROTO}{sample}\n{_F}" for sample in samples),
        before=_AT + form,
    )


OF_DEFINITION: Final = (
    Diagnosis(
        "D1",
        "field_of_a_fork",
        _FILE,
        "{path} is written for another fork: {field!r} (line {line}) is a field of {fork}",
        "This build's caffe.{message} has no such field.",
        "build and run the fork that the model needs.",
        (f'{_PROTO}Message type "caffe.LayerParameter" has no field named "annotated_data_param".\n{_F}',),
        before=_AT + _NO_FIELD,
        when=lambda scene: bool(_fork_of_field(scene)),
        words=_field,
    ),
    Diagnosis(
        "D1",
        "unknown_field",
        _FILE,
        "{path}: caffe.{message} has no field {field!r} (line {line}, column {column}){perhaps}",
        "It is misspelt, stands in the wrong message, or the file is written for another fork or a later Caffe.",
        "mend the field; or build the fork that the file is for.",
        (f'{_PROTO}Message type "caffe.ConvolutionParameter" has no field named "kernel_sise".\n{_F}',),
        before=_AT + _NO_FIELD,
        when=lambda scene: not _fork_of_field(scene),
        words=_field,
    ),
    _at(
        "text_ends_early",
        r"Expected identifier, got:\s*$",
        "the text ends there, within a message",
        "a closing brace is missing, or the file is cut.",
        "Expected identifier, got: ",
    ),
    _at(
        "stray_character",
        r"Expected identifier, got:\s*(?P<got>\S.*)",
        "a field's name was expected, and {got!r} stands there",
        "look for a brace too many or too few, a stray character, or a byte order mark at the file's start.",
        "Expected identifier, got: }",
    ),
    _at(
        "expected_token",
        r'Expected (?P<wanted>"[^"]+")(?:, found|, got|\.)(?P<got>.*)',
        "{wanted} was expected",
        "look for a missing colon, quote or brace.",
        'Expected "{", found "name".',
    ),
    _at(
        "wrong_kind_of_value",
        r"Expected (?P<wanted>integer|string|double|float|[a-z ]*boolean)(?:, got: | value|,)?(?P<got>.*)",
        "a value of the kind {wanted} was expected",
        "text needs quotes, numbers must not have any.",
        "Expected integer, got: 0.5",
        "Expected string.",
    ),
    _at(
        "unknown_enumeration",
        r'Unknown enumeration value of "(?P<value>[^"]*)" for field "(?P<field>\w+)"',
        "{field!r} has no value {value!r} in this build",
        "a layer's type is a quoted string in `layer {{ }}` and a name in capitals in the old `layers {{ }}`; a type that "
        "this build has not belongs to another fork or a later Caffe.",
        'Unknown enumeration value of "MULTIBOX_LOSS" for field "type".',
    ),
    _at(
        "field_given_twice",
        r'(?:Non-repeated field "(?P<field>\w+)" is specified multiple times|.*already specified)',
        "a field stands twice that may stand once",
        "delete one of the two.",
        'Non-repeated field "base_lr" is specified multiple times.',
    ),
    Diagnosis(
        "D1",
        "unreadable_definition",
        _FILE,
        "{path} cannot be read as a {what}Parameter",
        "protobuf found a fault in its text; its own words, with line and column, stand before the error where the "
        "log has them.",
        "look at that place; see that it is the right kind of file: a solver is no net.",
        (_F,),
        otherwise=True,
    ),
    Diagnosis(
        "D2",
        "layer_of_a_fork",
        _UNKNOWN,
        "This build does not know the layer type {type!r}{where}: it belongs to {fork}",
        "The definition is written for another build.{listed}",
        "build and run that one.",
        (_FACTORY + "AnnotatedData (known types: AbsVal, Accuracy)",),
        when=lambda scene: _is_type(scene, of_fork=True),
        words=_type,
    ),
    Diagnosis(
        "D2",
        "unknown_layer_type",
        _UNKNOWN,
        "This build does not know the layer type {type!r}{where}{perhaps}",
        "It is misspelt, or a layer of a fork or of one's own that this build was compiled without.{listed}",
        "mend the type; or build with the layer's source.",
        (_FACTORY + "ReLUU (known types: AbsVal, Accuracy, ReLU)", _FACTORY + "relu (known types: ReLU)"),
        when=lambda scene: _is_type(scene, of_fork=False),
        words=_type,
    ),
    Diagnosis(
        "P1",
        "no_python_layers",
        _UNKNOWN,
        "This build has no Python layers",
        "It was compiled without WITH_PYTHON_LAYER, or another libcaffe is loaded than the one that was rebuilt.",
        "WITH_PYTHON_LAYER := 1, `make clean`, build; ldd shows which library is loaded.",
        (_FACTORY + "Python (known types: AbsVal, Accuracy)",),
        when=lambda scene: scene.match["type"] == "Python",
    ),
    Diagnosis(
        "D2",
        "unknown_old_layer_type",
        r"Unknown (?:layer name: |LayerParameter layer type: |V1LayerParameter layer type: )(?P<type>.*)",
        "This build cannot bring the old definition up to date: it does not know the layer type {type!r}",
        "The file is of the old form, and the type is none that was in Caffe then.",
        'write it in today\'s form, `layer {{ type: "…" }}`, with a type that this build has.',
        ("F upgrade_proto.cpp] Unknown layer name: mbox",),
    ),
    Diagnosis(
        "D3",
        "unknown_bottom",
        r"Unknown (?:bottom )?blob (?:input )?(?:'(?P<quoted>[^']+)'|(?P<bare>\S+)) (?:\(at index \d+\) )?"
        r"(?:\(layer '(?P<reader>[^']*)', bottom index \d+\)|to layer (?P<to>.*))",
        "No layer before {reader!r} makes its bottom {blob!r}{of_net}{perhaps}",
        "A bottom must be a top of an earlier layer in the same phase.{dropped}",
        "look at its spelling and at the order of the layers; a layer that makes it must be there in this phase too.",
        (
            "F insert_splits.cpp] Unknown bottom blob 'label' (layer 'loss', bottom index 1)",
            (
                'I net.cpp] Initializing net from parameters: \nlayer { name: "p" type: "Pooling" top: "pool2" }\n'
                "F insert_splits.cpp] Unknown bottom blob 'pool3' (layer 'ip1', bottom index 0)"
            ),
            "F insert_splits.cpp] Unknown blob input label to layer loss",
        ),
        words=lambda scene: {
            "dropped": _dropped(scene),
            "reader": scene.match["reader"] or scene.match["to"].strip(),
            "blob": scene.match["quoted"] or scene.match["bare"],
            "perhaps": _alike(scene),
        },
    ),
    Diagnosis(
        "D4",
        "top_made_twice",
        r"(?:Top blob '(?P<blob>[^']*)'|Duplicate blobs) produced by multiple sources",
        "Two layers make the same top{named}",
        "Only a layer that works in place may have a top of another layer's name.",
        "give one of them another top; two data layers for two phases need `include {{ phase: … }}` in both.",
        (
            "F net.cpp] Top blob 'data' produced by multiple sources.",
            "F net.cpp] Duplicate blobs produced by multiple sources.",
        ),
        words=lambda scene: {"named": f" {scene.match['blob']!r}" if scene.match["blob"] else ""},
    ),
    Diagnosis(
        "D14",
        "old_and_new_syntax",
        r"Refusing to upgrade inconsistent NetParameter input",
        "The definition mixes `layer` and `layers`",
        "The two are the new and the old form of the same field, and a file must keep to one.",
        'write all of them as `layer {{ type: "…" }}`; the tool upgrade_net_proto_text does it for a file of one form.',
        (
            "F upgrade_proto.cpp] Refusing to upgrade inconsistent NetParameter input; the definition includes both 'layer' and 'layers' fields.",
        ),
    ),
    Diagnosis(
        "D16",
        "solver_refused",
        r"test_iter must be specified for each test network|test_interval\(\) > 0|must specify a train net"
        r"|SolverParameter must (?:specify|not contain|contain)|more than one train net|stepsize\(\) > 0",
        "The solver's definition lacks something: {said}",
        "The check names the field. That of `stepsize` comes only at the first update, after a whole forward pass.",
        "set the field: `test_iter` once for each test net, `test_interval` with any test net, `net` or `train_net`, "
        '`stepsize` with `lr_policy: "step"`.',
        (
            "F solver.cpp] Check failed: num_test_net_instances == param_.test_iter_size() (1 vs. 0) test_iter must be specified for each test network.",
            "F solver.cpp] Check failed: param_.test_interval() > 0 (0 vs. 0) ",
            "F sgd_solver.cpp] Check failed: this->param_.stepsize() > 0 (0 vs. 0) ",
        ),
        words=lambda scene: {"said": scene.event.text.removeprefix("Check failed: ").strip().removesuffix(".")},
    ),
    Diagnosis(
        "D16",
        "solver_value_refused",
        r"Check failed: (?:this->)?param_\.(?P<field>\w+)\(\) (?P<relation>[<>]=?) (?P<bound>\S+ )?\((?P<is>\S+) vs\. (?P<limit>\S+)\)",
        "The solver refuses `{field}`: it is {is} and must be {relation} {limit}",
        "The check stands where the value is first used, which can be after a whole forward pass.",
        "set `{field}` so that it holds for this `lr_policy` and solver.",
        (
            "F sgd_solver.cpp] Check failed: this->param_.gamma() >= 0 (-0.05 vs. 0) ",
            "F sgd_solver.cpp] Check failed: this->param_.power() >= 0 (-1 vs. 0) ",
        ),
        otherwise=True,
    ),
    Diagnosis(
        "D16",
        "snapshot_and_weights",
        r"Give a snapshot to resume training or weights to finetune but not both",
        "Both --snapshot and --weights were given",
        "A snapshot brings its weights with it.",
        "--snapshot to go on, --weights to begin anew from weights.",
        (
            "F caffe.cpp] Check failed: !FLAGS_snapshot.size() || !FLAGS_weights.size() Give a snapshot to resume training or weights to finetune but not both.",
        ),
    ),
    Diagnosis(
        "D16",
        "flag_missing",
        r"Need (?:a )?(?P<what>solver definition|model definition|model weights) to (?P<verb>\w+)",
        "The command was not given its {what}",
        "`caffe {verb}` cannot run without it.",
        "--solver FILE, --model FILE or --weights FILE.",
        ("F caffe.cpp] Check failed: FLAGS_solver.size() > 0 (0 vs. 0) Need a solver definition to train.",),
    ),
    Diagnosis(
        "D16",
        "unknown_policy",
        r"Unknown (?P<what>learning rate policy|solver type): (?P<value>[^(]*)",
        "This build knows no {what} {value!r}",
        "It is misspelt, or one of another fork.",
        "one of Caffe's: fixed, step, exp, inv, multistep, poly, sigmoid; SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, "
        "Adam.",
        ("F sgd_solver.cpp] Unknown learning rate policy: stepp", "F solver_factory.hpp] Unknown solver type: Sgd"),
    ),
    Diagnosis(
        "D18",
        "filler_range",
        r"Check failed: a <= b",
        "A filler's `min` ({a}) is above its `max` ({b}), at {layer}",
        "The uniform filler draws between the two.",
        "exchange `min` and `max`, or set `std` above 0.",
        (
            (
                "F math_functions.cpp] Check failed: a <= b (1 vs. 0) \n    @ 0x7f1 caffe::caffe_rng_uniform<>()\n"
                "    @ 0x7f2 caffe::UniformFiller<>::Fill()"
            ),
        ),
        near=("F other.cpp] Check failed: a <= b (1 vs. 0) ",),
        when=lambda scene: scene.traced("Filler") and not scene.traced("SampleBBox"),
        confidence=MEDIUM,
    ),
)


def _alike(scene: Scene) -> str:
    """The top that is spelt most like the bottom that nothing makes, among those of the net's definition."""
    net = scene.net_in_set_up
    layers = [] if net is None or net.dump is None else net.dump.children("layer") + net.dump.children("layers")
    tops = [top for one in layers for top in one.texts("top")]
    found = get_close_matches(scene.match["quoted"] or scene.match["bare"], tops, 1)
    return f"; spelt most alike is {found[0]!r}" if found else ""


def _dropped(scene: Scene) -> str:
    net = scene.net_in_set_up
    names = net.dropped if net is not None else ()
    if not names:
        return ""
    return f" Left out in this phase by their rules: {formats.enumerated(formats.first_of(map(repr, names)))}."
