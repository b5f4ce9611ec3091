"""A net's set-up: net.cpp, layer_factory.hpp, recurrent_layer.cpp, the data layers' sizes."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern
from logparse.reading.messages.patterns.plans import NO_WIRE

_record = partial(make_pattern, "record")

SETUP_LINES: Final = (
    _record(
        "net_parameters",
        r"Initializing net from parameters:\s*+(?P<glued>.*)",
        "Initializing net from parameters: ",
    ),
    _record(
        "creating_layer",
        r"Creating Layer (?P<layer>.*)",
        "Creating Layer conv1",
        "Creating Layer silent/odd name,with spaces -> and <- arrows",
        "Creating Layer ",
    ),
    # NVCaffe 0.16 prints it after the layer's constructor, with the layer's index.
    _record("created_layer", r"Created Layer (?P<layer>.*) \((?P<index>\d++)\)", "Created Layer relu1_1 (3)"),
    _record(
        "factory_layer",
        r"Creating layer (?!')(?!/ name=)(?P<layer>.*)",
        "Creating layer conv1",
        mirrors="layer_factory.hpp",
    ),
    _record(
        "factory_layer_typed",
        r"Creating layer (?:'(?P<quoted>.*)' of type '(?P<quoted_type>[^']*+)'|/ name=(?P<slashed>.*) / type=(?P<slashed_type>\S*+))",
        "Creating layer 'conv1' of type 'Convolution'",
        "Creating layer / name=data / type=HDF5Data",
        mirrors="layer_factory.hpp",
    ),
    _record(
        "net_input",
        r"Input (?P<index>\d++) -> (?P<blob>.*)",
        "Input 0 -> data",
    ),
    # The look ahead answers for the lines of all others: they are many, and this may begin with any word.
    _record(
        "backward_flag",
        r"(?=.*backward computation\.\Z)(?P<layer>.*?) ?(?P<flag>(?:needs|does not need) backward computation)\.",
        "loss needs backward computation.",
        "mnist does not need backward computation.",
        " does not need backward computation.",
        "odd -> name needs backward computation.",
        anywhere=True,
    ),
    # Layer and blob names may hold arrows too: the reader splits at the layer's known name.
    _record(
        "wire",
        r"(?!Input \d++ -> |Creating [Ll]ayer |Setting up |.* backward computation\.\Z)"
        + NO_WIRE
        + r"(?P<wire>.* (?:<-|->) .*)",
        "conv1 <- data",
        "conv1 -> conv1",
        "relu1 -> ip1 (in-place)",
        "loss2 -> (automatic)",
        "odd -> name <- odd blob -> name",
        " <- data",
        only_from="net.cpp",
        anywhere=True,
    ),
    _record("setting_up", r"Setting up (?P<layer>.*)", "Setting up conv1", "Setting up "),
    _record(
        "top_shape",
        r"Top shape: ?(?P<dims>(?:-?\d++ )*+)\((?P<count>-?\d++)\)(?P<glued>.*)",
        "Top shape: 64 20 24 24 (737280)",
        "Top shape: 64 (64)",
        "Top shape: (1)",
        "Top shape: 64 500 (32000)all that follows was glued on by a web page",
    ),
    # 2013: channels, height, width, without the batch and without a count.
    _record("top_shape_2013", r"Top shape: (?P<dims>\d++(?: \d++)*+) ?", "Top shape: 96 55 55"),
    _record(
        "top_shape_phase",
        r"(?P<phase>TRAIN|TEST) Top shape for layer (?P<index>\d++) '(?P<layer>.*)' (?P<dims>(?:-?\d++ )*+)\((?P<count>-?\d++)\)",
        "TRAIN Top shape for layer 0 'cifar' 34 3 32 32 (104448)",
        "TEST Top shape for layer 12 'loss' (1)",
    ),
    _record(
        "loss_weight", r"\s*+with loss weight (?P<weight>VALUE)", "    with loss weight 1", "    with loss weight 0.3"
    ),
    _record(
        "memory",
        r"Memory  ?required for [dD]ata:? ?(?P<bytes>\d++)(?P<glued>.*)",
        "Memory required for data: 200960",
        "Memory required for Data 23790808",
        "Memory  required for Data 7225356",
        "Memory required for Data0",
        "Memory required for data: 3887360, said the caption that was glued on",
    ),
    _record(
        "sharing_parameters",
        r"Sharing parameters '(?P<param>.*)' owned by layer '(?P<owner>.*)', param index (?P<index>\d++)",
        "Sharing parameters 'conv1_w' owned by layer 'conv1', param index 0",
    ),
    _record(
        "net_output",
        r"This network produces output (?P<blob>.*)",
        "This network produces output loss",
        "This network produces output loss: classfication-error",
    ),
    _record("net_done", r"Network initialization done\.", "Network initialization done."),
    _record(
        "filtered_layer",
        r"The NetState (?:phase|level|did not contain|contained).* rule in layer (?P<layer>.*)",
        "The NetState phase (0) differed from the phase (1) specified by a rule in layer mnist",
        "The NetState did not contain stage 'test-on-test' specified by a rule in layer data",
        "The NetState contained a not_stage 'x' specified by a rule in layer data",
    ),
    _record("dropped_layer", r"Dropped [lL]ayer: (?P<layer>.*)", "Dropped layer: conv0/relu"),
    _record(
        "recurrent_start",
        r"Initializing recurrent layer: assuming input batch contains (?P<steps>\d++) timesteps of (?P<streams>\d++) independent streams\.",
        "Initializing recurrent layer: assuming input batch contains 10 timesteps of 4 independent streams.",
        mirrors="recurrent_layer.cpp",
    ),
    _record(
        "recurrent_parameter",
        r"Adding parameter (?P<index>\d++): (?P<param>.*)",
        "Adding parameter 0: W_xc",
        mirrors="recurrent_layer.cpp",
    ),
    _record(
        "data_size",
        r"RANK[oO]utput data size: (?P<dims>\d++(?:, ?\d++)*+)",
        "output data size: 64,1,28,28",
        "[n0.d0.r0] Output data size: 34, 3, 32, 32",
        mirrors="data_layer.cpp",
    ),
)
